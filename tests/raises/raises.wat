;; Traps, and cannot print a message: README.md in this folder says when.

(module
  (import "solti:metrics/backend@0.1.0" "record-task-started"
    (func $record-task-started (param $runner i32)))
  (global $wasm i32 (i32.const 2))
  (global $records (mut i32) (i32.const 0))

  (func (export "wasi:cli/run@0.2.0#run") (result i32)
    (call $record-task-started (global.get $wasm))
    unreachable)

  (func (export "solti:metrics/backend@0.1.0#record-task-started") (param $runner i32)
    (call $count))

  (func (export "solti:metrics/backend@0.1.0#record-task-completed")
    (param $runner i32) (param $outcome i32) (param $ms i64)
    (call $count))

  (func (export "solti:metrics/backend@0.1.0#record-runner-error")
    (param $runner i32) (param $error i32)
    (call $count))

  (func $count
    (global.set $records (i32.add (global.get $records) (i32.const 1)))
    (if (i32.eq (global.get $records) (i32.const 3)) (then unreachable))))
