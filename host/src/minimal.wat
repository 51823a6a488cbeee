;; The smallest guest: a component without memory and allocator, which records once
;; that a task of the runner type `wasm` (case 2) has started.
(component
  (import "solti:metrics/types@0.1.0" (instance $types
    (type $runner' (enum "subprocess" "container" "wasm"))
    (export "runner-type" (type (eq $runner')))))
  (alias export $types "runner-type" (type $runner))
  (import "solti:metrics/backend@0.1.0" (instance $backend
    (alias outer 1 $runner (type $runner'))
    (export "runner-type" (type $runner (eq $runner')))
    (export "record-task-started" (func (param "runner" $runner)))))
  (core func $started (canon lower (func $backend "record-task-started")))
  (core module $guest
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
    (func (export "run") i32.const 2 call $started))
  (core instance $instance (instantiate $guest
    (with "solti:metrics/backend@0.1.0" (instance
      (export "record-task-started" (func $started))))))
  (func (export "run") (canon lift (core func $instance "run"))))
