;; Appends $head and $duration. The number of bytes in use is checked before. For any
      ;; number, nothing is written behind the end, which is the only condition of
      ;; soundness for this code. A ring that the host did not empty is a fault of the host.
      (local.set $data (call $address))
      (local.set $used (call $load (i64.add (local.get $data) (i64.const USED))))
      (if (i64.ge_u (local.get $used) (i64.const FULL)) (then
        (call $drain)
        (local.set $used (call $load (i64.add (local.get $data) (i64.const USED))))
        (if (i64.ge_u (local.get $used) (i64.const FULL)) (then unreachable))))
      (call $store
        (i64.add (i64.add (local.get $data) (local.get $used)) (i64.const RECORDS))
        (local.get $head))
      (call $store
        (i64.add
          (i64.add (i64.add (local.get $data) (local.get $used)) (i64.const RECORDS))
          (i64.const 8))
        (local.get $duration))
      (call $store
        (i64.add (local.get $data) (i64.const USED))
        (i64.add (local.get $used) (i64.const 16)))