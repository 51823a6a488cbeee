;; The same type is imported twice, and both imports get the same instance.
(component
  (component $c
    (type $t (instance (type (enum "a")) (export "e" (type (eq 0)))))
    (import "x" (instance (type $t)))
    (import "y" (instance (type $t))))
  (component $p (type $e (enum "a")) (export "e" (type $e)))
  (instance $i (instantiate $p))
  (instance (instantiate $c (with "x" (instance $i)) (with "y" (instance $i))))
  (instance $none)
  (export "wasi:cli/run@0.2.0" (instance $none)))
