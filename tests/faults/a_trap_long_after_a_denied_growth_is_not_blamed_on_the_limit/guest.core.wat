(module
  (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
  (memory 1)
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (drop (memory.grow (i32.const 1000))) ;; denied
    (drop (memory.grow (i32.const 1))) ;; granted
    (call $started (i32.const 256))
    i32.const 0))
