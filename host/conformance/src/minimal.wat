;; A minimal provider: a component without memory and without an allocator. It accepts every
;; record and stores none.
(component
  (core module $provider
    (func (export "record-task-started") (param i32))
    (func (export "record-task-completed") (param i32 i32 i64))
    (func (export "record-runner-error") (param i32 i32)))
  (core instance $provider (instantiate $provider))
  (type $runner' (enum "subprocess" "container" "wasm"))
  (export $runner "runner-type" (type $runner'))
  (type $outcome' (enum "success" "failure" "canceled" "timeout"))
  (export $outcome "task-outcome" (type $outcome'))
  (type $error' (enum "cgroup-prepare-failed" "backend-config-failed" "spawn-failed"
    "module-load-failed"))
  (export $error "runner-error-kind" (type $error'))
  (func $started (param "runner" $runner)
    (canon lift (core func $provider "record-task-started")))
  (func $completed (param "runner" $runner) (param "outcome" $outcome) (param "duration-ms" u64)
    (canon lift (core func $provider "record-task-completed")))
  (func $failed (param "runner" $runner) (param "error" $error)
    (canon lift (core func $provider "record-runner-error")))
  (instance $backend
    (export "record-task-started" (func $started))
    (export "record-task-completed" (func $completed))
    (export "record-runner-error" (func $failed)))
  (export "solti:metrics/backend@0.1.0" (instance $backend)))
