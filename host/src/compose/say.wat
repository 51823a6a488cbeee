  ;; Writes the reason of a failed flush to standard error, which every runtime of
  ;; programs has: one line, with at most 1,024 bytes of the reason. If the write fails,
  ;; the exit code still shows the failure.
  (import "wasi:io/error@0.2.0" (instance $io-error
    (export "error" (type (sub resource)))))
  (alias export $io-error "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $error (type $outer-error))
    (export "error" (type $io-error (eq $outer-error)))
    (type $failure (variant (case "last-operation-failed" (own $io-error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.blocking-write-and-flush" (func
      (param "self" (borrow $stream)) (param "contents" (list u8))
      (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stderr@0.2.0" (instance $stderr
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $stream (eq $outer-stream)))
    (export "get-stderr" (func (result (own $stream))))))

  (core func $get-stderr (canon lower (func $stderr "get-stderr")))
  (core func $write (canon lower
    (func $streams "[method]output-stream.blocking-write-and-flush")
    (memory $heap "memory")))
  (core func $close (canon resource.drop $output-stream))

  (core module $say
    (import "" "memory" (memory 1))
    (import "" "get-stderr" (func $get-stderr (result i32)))
    (import "" "write" (func $write (param i32 i32 i32 i32)))
    (import "" "close" (func $close (param i32)))
    ;; Start of the line, below all reasons.
    (data (i32.const 64) "metrics not flushed: ")
    (global $line i32 (i32.const 64))
    (global $begin i32 (i32.const 85))
    (global $most i32 (i32.const 1024))
    (func $byte (param $at i32) (result i32) (i32.load8_u (local.get $at)))
    ;; Control characters: C0, DEL, and the second byte of C1.
    (func $controls (param $byte i32) (param $before i32) (result i32)
      (i32.or
        (i32.or
          (i32.lt_u (local.get $byte) (i32.const 0x20))
          (i32.eq (local.get $byte) (i32.const 0x7f)))
        (i32.and
          (i32.eq (local.get $before) (i32.const 0xc2))
          (i32.lt_u (local.get $byte) (i32.const 0xa0)))))
    ;; Writes the reason at `from`, which is UTF-8.
    (func (export "say") (param $from i32) (param $length i32)
      (local $to i32) (local $end i32) (local $last i32) (local $before i32) (local $stream i32)
      (local.set $to (global.get $begin))
      (local.set $end (i32.add (local.get $from) (local.get $length)))
      (if (i32.gt_u (local.get $length) (global.get $most)) (then
        (local.set $end (i32.add (local.get $from) (global.get $most)))
        ;; Cut the reason between characters.
        (loop $back
          (if (i32.eq (i32.and (call $byte (local.get $end)) (i32.const 0xc0)) (i32.const 0x80))
            (then
              (local.set $end (i32.sub (local.get $end) (i32.const 1)))
              (br $back))))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $last (call $byte (local.get $from)))
        (i32.store8 (local.get $to) (local.get $last))
        (if (call $controls (local.get $last) (local.get $before)) (then
          (i32.store8 (local.get $to) (i32.const 0x20))
          (if (i32.eq (local.get $before) (i32.const 0xc2)) (then
            (i32.store8 (i32.sub (local.get $to) (i32.const 1)) (i32.const 0x20))))))
        (local.set $before (local.get $last))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
      (if (i32.gt_u (local.get $length) (global.get $most)) (then
        (i32.store (local.get $to) (i32.const 0x2e2e2e))
        (local.set $to (i32.add (local.get $to) (i32.const 3)))))
      (i32.store8 (local.get $to) (i32.const 0x0a))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $stream (call $get-stderr))
      (call $write (local.get $stream)
        (global.get $line) (i32.sub (local.get $to) (global.get $line)) (i32.const 32))
      (call $close (local.get $stream))))
  (core instance $say (instantiate $say (with "" (instance
    (export "memory" (memory $heap "memory"))
    (export "get-stderr" (func $get-stderr))
    (export "write" (func $write))
    (export "close" (func $close))))))
