(module
  (import "wasi:cli/exit@0.3.0" "exit-with-code" (func $exit (param i32)))
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (call $exit (i32.const 7))
    unreachable)
  (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    unreachable))
