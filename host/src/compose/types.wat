;; The vocabulary, `solti:metrics/types@0.1.0`: parts import it, and a composition
;; has it inside, so that it needs nothing of this package from outside.
(component
  (type $runner (enum "subprocess" "container" "wasm"))
  (type $outcome (enum "success" "failure" "canceled" "timeout"))
  (type $error (enum
    "cgroup-prepare-failed" "backend-config-failed" "spawn-failed" "module-load-failed"))
  (instance $types
    (export "runner-type" (type $runner))
    (export "task-outcome" (type $outcome))
    (export "runner-error-kind" (type $error)))
  (export "types" (instance $types)))
