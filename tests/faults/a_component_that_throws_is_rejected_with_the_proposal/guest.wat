(component
  (core module $m
    (tag $thrown)
    (func (export "run") (result i32)
      (block (try_table (catch $thrown 0) (throw $thrown)))
      i32.const 0))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $r (export "run" (func $run)))
  (export "wasi:cli/run@0.2.12" (instance $r)))
