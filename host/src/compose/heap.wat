  ;; A memory for the reason of a failed flush. Other components only write reasons into
  ;; it.
  (core module $heap
    (memory (export "memory") 1)
    ;; Address of the next reason: behind two results of 12 bytes and the line that is
    ;; written, or behind a reason that is still needed.
    (global $free (export "free") (mut i32) (i32.const 2048))
    (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (block $fits
        (br_if $fits (i64.le_u
          (i64.add (i64.extend_i32_u (local.get $size)) (i64.extend_i32_u (global.get $free)))
          (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
        (br_if $fits (i32.ne (i32.const -1)
          (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1)))))
        unreachable)
      global.get $free))
  (core instance $heap (instantiate $heap))
