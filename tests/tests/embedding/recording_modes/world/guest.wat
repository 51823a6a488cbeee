;; Makes, raises and closes tickets of the embedder, and records each of these steps.
(module
  (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
  (import "solti:metrics/backend@0.1.0" "record-task-completed"
    (func $completed (param i32 i32 i64)))
  (import "tests:embedder/desk" "[constructor]ticket"
    (func $new (param i32 i32 i32) (result i32)))
  (import "tests:embedder/desk" "[method]ticket.raise" (func $raise (param i32 i32) (result i32)))
  (import "tests:embedder/desk" "[resource-drop]ticket" (func $drop (param i32)))
  (import "tests:embedder/desk" "close" (func $close (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.and (i32.const -8)
      (i32.add (i32.add (global.get $free) (local.get $size)) (i32.const 7)))))

  (func (export "work") (param $text i32) (param $length i32) (param $priority i32) (result i32)
    (local $ticket i32)
    (call $started (i32.const 1))
    (local.set $ticket (call $new (local.get $text) (local.get $length) (local.get $priority)))
    (call $completed (i32.const 1) (i32.const 0)
      (i64.extend_i32_u (call $raise (local.get $ticket) (i32.const 1))))
    (call $close (local.get $ticket)))

  (func (export "tests:embedder/reception#raise") (param $ticket i32) (result i32)
    (local $priority i32)
    (local.set $priority (call $raise (local.get $ticket) (i32.const 10)))
    (call $drop (local.get $ticket))
    (call $completed (i32.const 2) (i32.const 0) (i64.extend_i32_u (local.get $priority)))
    (local.get $priority))

  ;; Returns the first note of the list, which has 12 bytes, as an option of a note.
  (func (export "tests:embedder/reception#first") (param $notes i32) (param $number i32) (result i32)
    (call $started (i32.const 0))
    (i32.store8 (i32.const 16) (i32.ne (local.get $number) (i32.const 0)))
    (if (local.get $number) (then
      (memory.copy (i32.const 20) (local.get $notes) (i32.const 12))))
    (i32.const 16)))
