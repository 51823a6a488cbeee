(component
  (core module $m
    (table $t 1 funcref)
    (func (export "run") (result i32)
      (i32.eq (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1))))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $r (export "run" (func $run)))
  (export "wasi:cli/run@0.2.12" (instance $r)))
