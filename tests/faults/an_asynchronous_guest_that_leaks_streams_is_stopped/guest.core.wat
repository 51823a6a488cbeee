(module
  (import "wasi:cli/stdout@0.3.0" "[stream-new-0]write-via-stream" (func $new (result i64)))
  (func $main (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
    (loop
      (drop (call $new))
      br 0)
    unreachable)
  (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run") (param i32 i32 i32) (result i32)
    unreachable))
