;; Adds records up, and exposes totals through the host. README.md in this folder
;; defines its behavior; other files have it in other languages.
;;
;;   wasm-tools component embed ../../wit --world full-provider --features exposition provider.wat -o provider.core.wasm
;;   wasm-tools component new provider.core.wasm -o provider.wasm
;;   solti-metrics run --backend provider.wasm GUEST
;;
;; The functions of an interface have parameters of core types, and a case of an enum is
;; its number. A function returns a string as an address in memory, which holds the
;; address and the length of the string. A pair of labels also has a number: 4 times the
;; number of the runner, plus the number of the other label.

(module
  (memory (export "memory") 1)

  ;; Labels by their numbers: 16 bytes each, labels of errors 32. A string ends with 0.
  (global $runners i32 (i32.const 0x000))
  (data (i32.const 0x000) "subprocess\00     container\00      wasm")
  (global $outcomes i32 (i32.const 0x040))
  (data (i32.const 0x040) "success\00        failure\00        canceled\00       timeout")
  (global $errors i32 (i32.const 0x080))
  (data (i32.const 0x080) "cgroup_prepare_failed\00          backend_config_failed")
  (data (i32.const 0x0c0) "spawn_failed\00                   module_load_failed")

  ;; The buckets, 16 bytes each: the bound in milliseconds, and the text of the bound.
  (global $bounds i32 (i32.const 0x100))
  (data (i32.const 0x100)
    (i64 10) "0.01\00   " (i64 25) "0.025\00  " (i64 50) "0.05\00   " (i64 100) "0.1\00    "
    (i64 250) "0.25\00   " (i64 500) "0.5\00    " (i64 1_000) "1.0\00    "
    (i64 2_500) "2.5\00    " (i64 5_000) "5.0\00    " (i64 10_000) "10.0\00   "
    (i64 30_000) "30.0\00   " (i64 60_000) "60.0\00   " (i64 300_000) "300.0\00  "
    (i64 1_800_000) "1800.0\00 " (i64 3_600_000) "3600.0\00 " (i64 -1) "+Inf")

  ;; The constant parts of the text.
  (global $started-metric i32 (i32.const 0x200))
  (data (i32.const 0x200)
    "# HELP solti_runner_tasks_started Tasks that started to execute, by runner type.\n"
    "# TYPE solti_runner_tasks_started counter\n")
  (global $completed-metric i32 (i32.const 0x280))
  (data (i32.const 0x280)
    "# HELP solti_runner_tasks_completed Tasks that ended, by runner type and outcome.\n"
    "# TYPE solti_runner_tasks_completed counter\n")
  (global $duration-metric i32 (i32.const 0x310))
  (data (i32.const 0x310)
    "# HELP solti_runner_task_duration_seconds Duration of tasks that ended, in seconds, by runner type and outcome.\n"
    "# TYPE solti_runner_task_duration_seconds histogram\n"
    "# UNIT solti_runner_task_duration_seconds seconds\n")
  (global $errors-metric i32 (i32.const 0x3f0))
  (data (i32.const 0x3f0)
    "# HELP solti_runner_errors Failed steps of setting a task up or tearing it down, by runner type and step.\n"
    "# TYPE solti_runner_errors counter\n")
  (global $started-of i32 (i32.const 0x480))
  (data (i32.const 0x480) "solti_runner_tasks_started_total{runner=\22")
  (global $completed-of i32 (i32.const 0x4c0))
  (data (i32.const 0x4c0) "solti_runner_tasks_completed_total{runner=\22")
  (global $errors-of i32 (i32.const 0x500))
  (data (i32.const 0x500) "solti_runner_errors_total{runner=\22")
  (global $bucket i32 (i32.const 0x540))
  (data (i32.const 0x540) "solti_runner_task_duration_seconds_bucket{le=\22")
  (global $count-of i32 (i32.const 0x580))
  (data (i32.const 0x580) "solti_runner_task_duration_seconds_count{runner=\22")
  (global $sum-of i32 (i32.const 0x5c0))
  (data (i32.const 0x5c0) "solti_runner_task_duration_seconds_sum{runner=\22")
  (global $and-runner i32 (i32.const 0x600))
  (data (i32.const 0x600) "\22,runner=\22")
  (global $and-outcome i32 (i32.const 0x610))
  (data (i32.const 0x610) "\22,outcome=\22")
  (global $and-error i32 (i32.const 0x620))
  (data (i32.const 0x620) "\22,error=\22")
  (global $is i32 (i32.const 0x630))
  (data (i32.const 0x630) "\22} ")
  (global $eof i32 (i32.const 0x640))
  (data (i32.const 0x640) "# EOF\n")

  ;; The counts, 8 bytes each. A histogram has 16 buckets, each without the durations of
  ;; earlier buckets, then the count, then the sum in milliseconds.
  (global $started i32 (i32.const 0x700))
  (global $failed i32 (i32.const 0x720))
  (global $histograms i32 (i32.const 0x800))
  (global $histogram-size i32 (i32.const 144))

  ;; The returned address and length, and the text, which can have about 30 KiB.
  (global $returned i32 (i32.const 0x7f0))
  (global $text i32 (i32.const 0x1000))
  (global $end (mut i32) (i32.const 0))

  (func (export "solti:metrics/backend@0.1.0#record-task-started") (param $runner i32)
    (call $increment (call $nth (global.get $started) (local.get $runner) (i32.const 8))))

  (func (export "solti:metrics/backend@0.1.0#record-task-completed")
    (param $runner i32) (param $outcome i32) (param $ms i64)
    (local $histogram i32) (local $bucket i32) (local $bound i32)
    (local.set $histogram
      (call $histogram (call $pair (local.get $runner) (local.get $outcome))))
    (local.set $bucket (local.get $histogram))
    (local.set $bound (global.get $bounds))
    (block $found
      (loop $next
        (br_if $found (i64.le_u (local.get $ms) (i64.load (local.get $bound))))
        (local.set $bucket (i32.add (local.get $bucket) (i32.const 8)))
        (local.set $bound (i32.add (local.get $bound) (i32.const 16)))
        (br $next)))
    (call $increment (local.get $bucket))
    (call $increment (i32.add (local.get $histogram) (i32.const 128)))
    (i64.store offset=136 (local.get $histogram)
      (i64.add (i64.load offset=136 (local.get $histogram)) (local.get $ms))))

  (func (export "solti:metrics/backend@0.1.0#record-runner-error")
    (param $runner i32) (param $error i32)
    (call $increment
      (call $nth (global.get $failed)
        (call $pair (local.get $runner) (local.get $error)) (i32.const 8))))

  (func (export "solti:metrics/exposition@0.1.0#expose") (result i32)
    (local $at i32)
    (global.set $end (global.get $text))
    (call $put (global.get $started-metric))
    (loop $next
      (call $put (global.get $started-of))
      (call $put (call $nth (global.get $runners) (local.get $at) (i32.const 16)))
      (call $put (global.get $is))
      (call $put-last
        (i64.load (call $nth (global.get $started) (local.get $at) (i32.const 8))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 3))))

    (call $put (global.get $completed-metric))
    (local.set $at (i32.const 0))
    (loop $next
      (call $put-by-outcome (global.get $completed-of) (local.get $at))
      (call $put-last (i64.load offset=128 (call $histogram (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 12))))

    (call $put (global.get $duration-metric))
    (local.set $at (i32.const 0))
    (loop $next
      (call $put-histogram (local.get $at))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 12))))

    (call $put (global.get $errors-metric))
    (local.set $at (i32.const 0))
    (loop $next
      (call $put-labels (global.get $errors-of) (local.get $at) (global.get $and-error)
        (call $nth (global.get $errors) (call $second (local.get $at)) (i32.const 32)))
      (call $put-last
        (i64.load (call $nth (global.get $failed) (local.get $at) (i32.const 8))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 12))))

    (call $put (global.get $eof))
    (i32.store (global.get $returned) (global.get $text))
    (i32.store offset=4 (global.get $returned)
      (i32.sub (global.get $end) (global.get $text)))
    (global.get $returned))

  ;; Writes nothing for an empty histogram.
  (func $put-histogram (param $pair i32)
    (local $histogram i32) (local $bucket i32) (local $within i64) (local $sum i64)
    (local.set $histogram (call $histogram (local.get $pair)))
    (if (i64.eqz (i64.load offset=128 (local.get $histogram))) (then (return)))
    (loop $next
      (call $put (global.get $bucket))
      (call $put
        (i32.add (i32.const 8)
          (call $nth (global.get $bounds) (local.get $bucket) (i32.const 16))))
      (call $put-by-outcome (global.get $and-runner) (local.get $pair))
      (local.set $within
        (i64.add (local.get $within)
          (i64.load (call $nth (local.get $histogram) (local.get $bucket) (i32.const 8)))))
      (call $put-last (local.get $within))
      (local.set $bucket (i32.add (local.get $bucket) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $bucket) (i32.const 16))))

    (call $put-by-outcome (global.get $count-of) (local.get $pair))
    (call $put-last (i64.load offset=128 (local.get $histogram)))

    (call $put-by-outcome (global.get $sum-of) (local.get $pair))
    (local.set $sum (i64.load offset=136 (local.get $histogram)))
    (call $put-number (i64.div_u (local.get $sum) (i64.const 1_000)))
    (call $put-byte (i32.const 0x2e))
    (call $put-digit (i64.div_u (local.get $sum) (i64.const 100)))
    (call $put-digit (i64.div_u (local.get $sum) (i64.const 10)))
    (call $put-digit (local.get $sum))
    (call $put-byte (i32.const 0x0a)))

  (func $put-by-outcome (param $name i32) (param $pair i32)
    (call $put-labels (local.get $name) (local.get $pair) (global.get $and-outcome)
      (call $nth (global.get $outcomes) (call $second (local.get $pair)) (i32.const 16))))

  (func $put-labels (param $name i32) (param $pair i32) (param $and i32) (param $label i32)
    (call $put (local.get $name))
    (call $put
      (call $nth (global.get $runners)
        (i32.shr_u (local.get $pair) (i32.const 2)) (i32.const 16)))
    (call $put (local.get $and))
    (call $put (local.get $label))
    (call $put (global.get $is)))

  (func $put-last (param $number i64)
    (call $put-number (local.get $number))
    (call $put-byte (i32.const 0x0a)))

  (func $put-number (param $number i64)
    (if (i64.ge_u (local.get $number) (i64.const 10))
      (then (call $put-number (i64.div_u (local.get $number) (i64.const 10)))))
    (call $put-digit (local.get $number)))

  ;; Writes the last digit.
  (func $put-digit (param $number i64)
    (call $put-byte
      (i32.add (i32.const 0x30)
        (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10))))))

  (func $put (param $at i32)
    (local $byte i32)
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (local.get $byte)
        (then
          (call $put-byte (local.get $byte))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))))

  (func $put-byte (param $byte i32)
    (i32.store8 (global.get $end) (local.get $byte))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))

  (func $increment (param $at i32)
    (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.const 1))))

  (func $histogram (param $pair i32) (result i32)
    (call $nth (global.get $histograms) (local.get $pair) (global.get $histogram-size)))

  (func $nth (param $first i32) (param $number i32) (param $size i32) (result i32)
    (i32.add (local.get $first) (i32.mul (local.get $number) (local.get $size))))

  (func $pair (param $runner i32) (param $other i32) (result i32)
    (i32.add (i32.shl (local.get $runner) (i32.const 2)) (local.get $other)))

  (func $second (param $pair i32) (result i32)
    (i32.and (local.get $pair) (i32.const 3))))
