(module
  (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
  (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
  (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64))
  (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)))
