(module
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    i32.const 0))
