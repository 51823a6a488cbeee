(module
  (func $deep (result i32) (i32.add (call $deep) (i32.const 1)))
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (call $deep))
  (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    unreachable))
