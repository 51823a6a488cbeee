(module
  (import "wasi:cli/exit@0.2.12" "exit-with-code" (func $exit (param i32)))
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (call $exit (i32.const 3))
    i32.const 0))
