(module
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (loop br 0)
    unreachable)
  (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    unreachable))
