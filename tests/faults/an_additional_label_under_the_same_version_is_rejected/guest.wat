(component
  (type $runner (enum "subprocess" "container" "wasm" "unikernel"))
  (import "solti:metrics/types@0.1.0" (instance $types
    (export "runner-type" (type (eq $runner)))))
  (alias export $types "runner-type" (type $runner-type))
  (import "solti:metrics/backend@0.1.0" (instance
    (export "runner-type" (type $t (eq $runner-type)))
    (export "record-task-started" (func (param "runner" $t)))))
  (core module $m (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $r (export "run" (func $run)))
  (export "wasi:cli/run@0.2.12" (instance $r)))
