(module
  (import "wasi:clocks/monotonic-clock@0.3.0" "[async-lower]wait-for" (func $begin (param i64) (result i32)))
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (loop
      (drop (call $begin (i64.const 1000000000000000)))
      br 0)
    unreachable)
  (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    unreachable))
