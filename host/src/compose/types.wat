;; The shared types, `solti:metrics/types@0.1.0`: parts import them, and a composition
;; contains them, so that it imports nothing of this package.
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
