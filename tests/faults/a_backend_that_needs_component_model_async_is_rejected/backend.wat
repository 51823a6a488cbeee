(component
  (type (stream u8))
  (type $runner (enum "subprocess" "container" "wasm"))
  (import "solti:metrics/types@0.1.0" (instance $types (export "runner-type" (type (eq $runner)))))
  (instance $backend)
  (export "solti:metrics/backend@0.1.0" (instance $backend)))
