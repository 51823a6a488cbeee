;; Wraps a guest's `main`: flushes the other parts when `main` has returned. If the flush
;; fails, the program fails too, and prints the reason. An asynchronous `main` is awaited
;; here, without blocking other calls.
(component
  (import "main" (instance $main (export "run" (func ASYNC (result (result))))))
  (import "lifecycle" (instance $lifecycle
    (export "flush" (func (result (result (error string)))))))

  HEAP

  SAY

  (core func $run (canon lower (func $main "run")))
  (core func $flush (canon lower (func $lifecycle "flush")
    (memory $heap "memory") (realloc (func $heap "realloc"))))

  (core module $code
    (import "" "memory" (memory 1))
    (import "" "run" (func $run (result i32)))
    (import "" "flush" (func $flush (param i32)))
    (import "" "say" (func $say (param i32 i32)))
    (func (export "run") (result i32)
      (local $failed i32)
      (local.set $failed (call $run))
      (call $flush (i32.const 0))
      (if (i32.load8_u (i32.const 0)) (then
        (call $say (i32.load offset=4 (i32.const 0)) (i32.load offset=8 (i32.const 0)))))
      (i32.or (local.get $failed) (i32.load8_u (i32.const 0)))))
  (core instance $code (instantiate $code (with "" (instance
    (export "memory" (memory $heap "memory"))
    (export "run" (func $run))
    (export "flush" (func $flush))
    (export "say" (func $say "say"))))))

  (func $flushing ASYNC (result (result)) (canon lift (core func $code "run")))
  (instance $out (export "run" (func $flushing)))
  (export "run" (instance $out)))
