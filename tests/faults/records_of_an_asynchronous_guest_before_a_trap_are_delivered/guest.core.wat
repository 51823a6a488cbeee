(module
  (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
  (import "solti:metrics/backend@0.1.0" "record-task-completed" (func $completed (param i32 i32 i64)))
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (call $started (i32.const 0))
    i32.const 1)
  (func $later (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    (call $completed (i32.const 0) (i32.const 3) (i64.const 250))
    unreachable))
