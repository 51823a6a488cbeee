(module
  (import "wasi:cli/stderr@0.2.12" "get-stderr" (func $stderr (result i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "round and round\0a")
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (call $write (call $stderr) (i32.const 64) (i32.const 16) (i32.const 0))
    (loop br 0)
    unreachable))
