(module
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (loop br 0)
    unreachable))
