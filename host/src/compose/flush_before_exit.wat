;; Wraps `wasi:cli/exit`, whose name in the guest replaces that of the first import: flushes
;; the other parts before the program ends. If the flush fails, the program fails too, and prints the
;; reason.
(component
  (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
  (import "lifecycle" (instance $lifecycle
    (export "flush" (func (result (result (error string)))))))

  HEAP

  SAY

  (core func $exit (canon lower (func $exit "exit")))
  (core func $flush (canon lower (func $lifecycle "flush")
    (memory $heap "memory") (realloc (func $heap "realloc"))))

  (core module $code
    (import "" "memory" (memory 1))
    (import "" "exit" (func $exit (param i32)))
    (import "" "flush" (func $flush (param i32)))
    (import "" "say" (func $say (param i32 i32)))
    (func (export "exit") (param $failed i32)
      (call $flush (i32.const 0))
      (if (i32.load8_u (i32.const 0)) (then
        (call $say (i32.load offset=4 (i32.const 0)) (i32.load offset=8 (i32.const 0)))))
      (call $exit (i32.or (local.get $failed) (i32.load8_u (i32.const 0))))))
  (core instance $code (instantiate $code (with "" (instance
    (export "memory" (memory $heap "memory"))
    (export "exit" (func $exit))
    (export "flush" (func $flush))
    (export "say" (func $say "say"))))))

  (func $flushing (param "status" (result)) (canon lift (core func $code "exit")))
  (instance $out (export "exit" (func $flushing)))
  (export "exit" (instance $out)))
