;; Counts the words of a text, and records each line as a task. README.md in this
;; folder defines its behavior; other files have it in other languages.
;;
;;   wasm-tools component embed reporter/wit --world system-reporter reporter.wat -o reporter.core.wasm
;;   wasm-tools component new reporter.core.wasm -o reporter.wasm
;;   solti-metrics run --stdin FILE reporter.wasm
;;
;; The functions of an interface have parameters of core types, and a case of an enum is
;; its number. A result that is not a number is written to memory at an address from the
;; caller, and data without a fixed size is written to memory of `cabi_realloc`.

(module
  (import "solti:metrics/backend@0.1.0" "record-task-started"
    (func $record-task-started (param $runner i32)))
  (import "solti:metrics/backend@0.1.0" "record-task-completed"
    (func $record-task-completed (param $runner i32) (param $outcome i32) (param $ms i64)))
  (import "solti:metrics/backend@0.1.0" "record-runner-error"
    (func $record-runner-error (param $runner i32) (param $error i32)))
  (import "wasi:cli/environment@0.2.0" "get-arguments"
    (func $get-arguments (param $result i32)))
  (import "wasi:cli/stdin@0.2.0" "get-stdin" (func $get-stdin (result i32)))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $get-stdout (result i32)))
  (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $get-stderr (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]input-stream.blocking-read"
    (func $read (param $input i32) (param $most i64) (param $result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write (param $output i32) (param $at i32) (param $length i32) (param $result i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))

  (memory (export "memory") 1)
  (data (i32.const 16) "usage: reporter [MAX-WORDS]\n")
  (global $result i32 (i32.const 0))    ;; results of calls, 12 bytes
  (global $usage i32 (i32.const 16))    ;; 28 bytes
  (global $printed i32 (i32.const 48))  ;; the printed line, written from its end: 24 bytes
  (global $free (mut i32) (i32.const 72))

  (global $wasm i32 (i32.const 2))
  (global $success i32 (i32.const 0))
  (global $failure i32 (i32.const 1))
  (global $canceled i32 (i32.const 2))
  (global $backend-config-failed i32 (i32.const 1))

  (func (export "wasi:cli/run@0.2.0#run") (result i32)
    (local $max-words i32) (local $at i32) (local $end i32) (local $line-end i32)
    (local $count i32) (local $outcome i32) (local $started i64)
    (local $lines i32) (local $words i32) (local $failed i32)
    (local.set $max-words (call $max-words))
    (if (i32.lt_s (local.get $max-words) (i32.const 0))
      (then
        (call $record-runner-error (global.get $wasm) (global.get $backend-config-failed))
        (call $write (call $get-stderr) (global.get $usage) (i32.const 28) (global.get $result))
        (return (i32.const 1))))
    (local.set $at (global.get $free))
    (if (i32.eqz (call $read-to-end)) (then (return (i32.const 1))))
    (local.set $end (global.get $free))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (local.set $line-end (call $line-end (local.get $at) (local.get $end)))
          (call $record-task-started (global.get $wasm))
          (local.set $started (call $now))
          (local.set $count (call $count-words (local.get $at) (local.get $line-end)))
          (if (i32.lt_s (local.get $count) (i32.const 0))
            (then
              (local.set $outcome (global.get $failure))
              (local.set $failed (i32.const 1)))
            (else
              (if (i32.gt_s (local.get $count) (local.get $max-words))
                (then (local.set $outcome (global.get $canceled)))
                (else
                  (local.set $outcome (global.get $success))
                  (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
                  (local.set $words (i32.add (local.get $words) (local.get $count)))))))
          (call $record-task-completed (global.get $wasm) (local.get $outcome)
            (i64.div_u (i64.sub (call $now) (local.get $started)) (i64.const 1000000)))
          (local.set $at (i32.add (local.get $line-end) (i32.const 1)))
          (br $next))))
    (call $print (local.get $lines) (local.get $words))
    (local.get $failed))

  ;; Maximum words of a line, or -1 if the arguments are invalid.
  (func $max-words (result i32)
    (local $arguments i32) (local $at i32) (local $end i32) (local $digit i32) (local $number i32)
    (call $get-arguments (global.get $result))
    (local.set $arguments (i32.load (global.get $result)))
    (if (i32.lt_u (i32.load offset=4 (global.get $result)) (i32.const 2))
      (then (return (i32.const 1000))))
    (if (i32.gt_u (i32.load offset=4 (global.get $result)) (i32.const 2))
      (then (return (i32.const -1))))
    ;; The first argument is the name of the program.
    (local.set $at (i32.load offset=8 (local.get $arguments)))
    (local.set $end (i32.add (local.get $at) (i32.load offset=12 (local.get $arguments))))
    (if (i32.gt_u (i32.sub (i32.sub (local.get $end) (local.get $at)) (i32.const 1)) (i32.const 8))
      (then (return (i32.const -1))))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)))
      (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (return (i32.const -1))))
      (local.set $number
        (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $number))

  ;; Reads standard input into free memory, and returns whether the read succeeded. Each
  ;; piece is directly after the previous piece, so the text is contiguous.
  (func $read-to-end (result i32)
    (local $input i32)
    (local.set $input (call $get-stdin))
    (loop $next
      (call $read (local.get $input) (i64.const 65536) (global.get $result))
      (br_if $next (i32.eqz (i32.load8_u (global.get $result)))))
    ;; 1 is `closed`, and 0 `last-operation-failed`.
    (i32.load8_u offset=4 (global.get $result)))

  (func $line-end (param $at i32) (param $end i32) (result i32)
    (block $found
      (loop $next
        (br_if $found (i32.eq (local.get $at) (local.get $end)))
        (br_if $found (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x0a)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))

  ;; The number of words of a line, or -1 if the line is not UTF-8.
  (func $count-words (param $at i32) (param $end i32) (result i32)
    (local $length i32) (local $count i32) (local $in-word i32)
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (local.set $length (call $character (local.get $at) (local.get $end)))
          (if (i32.eqz (local.get $length)) (then (return (i32.const -1))))
          (if (call $is-space (i32.load8_u (local.get $at)))
            (then (local.set $in-word (i32.const 0)))
            (else
              (local.set $count
                (i32.add (local.get $count) (i32.eqz (local.get $in-word))))
              (local.set $in-word (i32.const 1))))
          (local.set $at (i32.add (local.get $at) (local.get $length)))
          (br $next))))
    (local.get $count))

  (func $is-space (param $byte i32) (result i32)
    (i32.or
      (i32.eq (local.get $byte) (i32.const 0x20))
      (i32.lt_u (i32.sub (local.get $byte) (i32.const 0x09)) (i32.const 5))))

  ;; Bytes of the UTF-8 character at this address, or 0 if there is no valid character.
  (func $character (param $at i32) (param $end i32) (result i32)
    (local $byte i32) (local $length i32) (local $left i32) (local $code i32)
    (local.set $byte (i32.load8_u (local.get $at)))
    (if (i32.lt_u (local.get $byte) (i32.const 0x80)) (then (return (i32.const 1))))
    ;; The number of leading ones of the first byte is the number of bytes.
    (local.set $length
      (i32.clz (i32.xor (i32.shl (local.get $byte) (i32.const 24)) (i32.const -1))))
    (if (i32.gt_u (i32.sub (local.get $length) (i32.const 2)) (i32.const 2))
      (then (return (i32.const 0))))
    (if (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $at)))
      (then (return (i32.const 0))))
    (local.set $code
      (i32.and (local.get $byte) (i32.shr_u (i32.const 0x7f) (local.get $length))))
    (local.set $left (i32.sub (local.get $length) (i32.const 1)))
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.ne (i32.and (local.get $byte) (i32.const 0xc0)) (i32.const 0x80))
        (then (return (i32.const 0))))
      (local.set $code
        (i32.or
          (i32.shl (local.get $code) (i32.const 6))
          (i32.and (local.get $byte) (i32.const 0x3f))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    ;; Overlong, beyond Unicode, or a surrogate of UTF-16.
    (if (i32.lt_u (local.get $code)
        (select
          (i32.const 0x80)
          (i32.shl (i32.const 1) (i32.sub (i32.mul (local.get $length) (i32.const 5)) (i32.const 4)))
          (i32.eq (local.get $length) (i32.const 2))))
      (then (return (i32.const 0))))
    (if (i32.gt_u (local.get $code) (i32.const 0x10ffff)) (then (return (i32.const 0))))
    (if (i32.eq (i32.shr_u (local.get $code) (i32.const 11)) (i32.const 0x1b))
      (then (return (i32.const 0))))
    (local.get $length))

  (func $print (param $lines i32) (param $words i32)
    (local $at i32) (local $end i32)
    (local.set $end (i32.add (global.get $printed) (i32.const 24)))
    (local.set $at (call $prepend (local.get $end) (i32.const 0x0a)))
    (local.set $at (call $prepend-number (local.get $at) (local.get $words)))
    (local.set $at (call $prepend (local.get $at) (i32.const 0x20)))
    (local.set $at (call $prepend-number (local.get $at) (local.get $lines)))
    (call $write (call $get-stdout)
      (local.get $at) (i32.sub (local.get $end) (local.get $at)) (global.get $result)))

  (func $prepend-number (param $at i32) (param $number i32) (result i32)
    (loop $next
      (local.set $at
        (call $prepend (local.get $at)
          (i32.add (i32.const 0x30) (i32.rem_u (local.get $number) (i32.const 10)))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (br_if $next (local.get $number)))
    (local.get $at))

  (func $prepend (param $at i32) (param $byte i32) (result i32)
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at) (local.get $byte))
    (local.get $at))

  ;; Allocates memory, and never frees it: the text is needed until the end.
  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $lacking i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.set $lacking
      (i32.sub
        (i32.shr_u (i32.add (global.get $free) (i32.const 0xffff)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $lacking) (i32.const 0))
      (then
        (if (i32.lt_s (memory.grow (local.get $lacking)) (i32.const 0))
          (then unreachable))))
    (local.get $at)))
