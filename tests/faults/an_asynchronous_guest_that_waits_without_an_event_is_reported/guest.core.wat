(module
  (import "$root" "[waitable-set-new]" (func $new (result i32)))
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (i32.or (i32.const 2) (i32.shl (call $new) (i32.const 4))))
  (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    unreachable))
