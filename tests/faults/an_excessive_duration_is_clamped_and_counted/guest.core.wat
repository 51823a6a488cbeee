(module
  (import "solti:metrics/backend@0.1.0" "record-task-completed" (func $completed (param i32 i32 i64)))
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (call $completed (i32.const 2) (i32.const 0) (i64.const -1))
    i32.const 0))
