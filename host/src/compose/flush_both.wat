;; Combines two lifecycles: flushes the first, whose records reach the second, and then
;; the second. The second is flushed even if the first has failed; the reason is that of
;; the first failure.
(component
  (import "first" (instance $first
    (export "flush" (func (result (result (error string)))))))
  (import "second" (instance $second
    (export "flush" (func (result (result (error string)))))))

  HEAP

  (core func $first (canon lower (func $first "flush")
    (memory $heap "memory") (realloc (func $heap "realloc"))))
  (core func $second (canon lower (func $second "flush")
    (memory $heap "memory") (realloc (func $heap "realloc"))))

  (core module $code
    (import "" "memory" (memory 1))
    (import "" "free" (global $free (mut i32)))
    (import "" "first" (func $first (param i32)))
    (import "" "second" (func $second (param i32)))
    (func (export "flush") (result i32)
      (global.set $free (i32.const 2048))
      (call $first (i32.const 0))
      (if (i32.load8_u (i32.const 0)) (then
        (global.set $free (i32.add
          (i32.load offset=4 (i32.const 0)) (i32.load offset=8 (i32.const 0))))))
      (call $second (i32.const 12))
      (select (i32.const 0) (i32.const 12) (i32.load8_u (i32.const 0)))))
  (core instance $code (instantiate $code (with "" (instance
    (export "memory" (memory $heap "memory"))
    (export "free" (global $heap "free"))
    (export "first" (func $first))
    (export "second" (func $second))))))

  (func $flush (result (result (error string)))
    (canon lift (core func $code "flush") (memory $heap "memory")))
  (instance $out (export "flush" (func $flush)))
  (export "lifecycle" (instance $out)))
