;; The shim, which receives a guest's records in the inline recording mode. It writes two
;; words for each record, those of `solti:metrics/batch`, behind the records in the ring.
;; It takes the address of the ring from its store. For a store of an embedder, it traps at its
;; start unless the host confirms the address. The shim of the runner, which makes the stores
;; itself, lacks the lines with CHECK: the check is a host call for each instance.
;;
;; `shim.rs` encodes both, and inserts USED, RECORDS and FULL of `ring.rs`, and APPEND of `append.wat`: a
;; separate function would not be inlined, since wasmtime only inlines between modules.
(component
  (import "INTRINSICS" (instance $native
    (export "store-data-address" (func (result u64)))
    (export "u64-native-load" (func (param "pointer" u64) (result u64)))
    (export "u64-native-store" (func (param "pointer" u64) (param "value" u64)))))
  (import "RING" (instance $ring
    (export "address" (func (result u64))) ;; CHECK
    (export "drain" (func))))

  (core func $address (canon lower (func $native "store-data-address")))
  (core func $load (canon lower (func $native "u64-native-load")))
  (core func $store (canon lower (func $native "u64-native-store")))
  (core func $drain (canon lower (func $ring "drain")))
  (core func $confirmed (canon lower (func $ring "address"))) ;; CHECK

  (core module $code
    (import "" "address" (func $address (result i64)))
    (import "" "load" (func $load (param i64) (result i64)))
    (import "" "store" (func $store (param i64 i64)))
    (import "" "drain" (func $drain))
    (import "" "confirmed" (func $confirmed (result i64))) ;; CHECK

    (func $check (if (i64.ne (call $address) (call $confirmed)) (then unreachable))) ;; CHECK
    (start $check) ;; CHECK

    (func (export "started") (param $runner i32)
      (local $head i64) (local $duration i64) (local $data i64) (local $used i64)
      (local.set $head (i64.extend_i32_u (i32.shl (local.get $runner) (i32.const 8))))
      APPEND)
    (func (export "completed") (param $runner i32) (param $outcome i32) (param $duration i64)
      (local $head i64) (local $data i64) (local $used i64)
      (local.set $head (i64.extend_i32_u (i32.or (i32.const 1) (i32.or
        (i32.shl (local.get $runner) (i32.const 8))
        (i32.shl (local.get $outcome) (i32.const 16))))))
      APPEND)
    (func (export "error") (param $runner i32) (param $error i32)
      (local $head i64) (local $duration i64) (local $data i64) (local $used i64)
      (local.set $head (i64.extend_i32_u (i32.or (i32.const 2) (i32.or
        (i32.shl (local.get $runner) (i32.const 8))
        (i32.shl (local.get $error) (i32.const 16))))))
      APPEND))
  (core instance $code (instantiate $code (with "" (instance
    (export "confirmed" (func $confirmed)) ;; CHECK
    (export "address" (func $address))
    (export "load" (func $load))
    (export "store" (func $store))
    (export "drain" (func $drain))))))

  (type $runner (enum "subprocess" "container" "wasm"))
  (type $outcome (enum "success" "failure" "canceled" "timeout"))
  (type $error (enum
    "cgroup-prepare-failed" "backend-config-failed" "spawn-failed" "module-load-failed"))
  (func $started (param "runner" $runner)
    (canon lift (core func $code "started")))
  (func $completed (param "runner" $runner) (param "outcome" $outcome) (param "duration-ms" u64)
    (canon lift (core func $code "completed")))
  (func $failed (param "runner" $runner) (param "error" $error)
    (canon lift (core func $code "error")))
  (instance $backend
    (export "runner-type" (type $runner))
    (export "task-outcome" (type $outcome))
    (export "runner-error-kind" (type $error))
    (export "record-task-started" (func $started))
    (export "record-task-completed" (func $completed))
    (export "record-runner-error" (func $failed)))
  (export "backend" (instance $backend)))
