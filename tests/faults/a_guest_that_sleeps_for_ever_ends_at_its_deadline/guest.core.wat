(module
  (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration" (func $in (param i64) (result i32)))
  (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (call $block (call $in (i64.const 0x7fffffffffffffff)))
    i32.const 0))
