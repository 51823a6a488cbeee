(module
  (func $"main\nerror: \1b[31mred" (export "wasi:cli/run@0.2.12#run") (result i32)
    unreachable))
