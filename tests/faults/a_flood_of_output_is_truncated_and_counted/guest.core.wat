(module
  (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (local $out i32) (local $left i32)
    (local.set $out (call $stdout))
    (local.set $left (i32.const 16384))
    (loop
      (call $write (local.get $out) (i32.const 1024) (i32.const 4096) (i32.const 0))
      (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    i32.const 0))
