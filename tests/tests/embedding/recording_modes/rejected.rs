//! Only the shim gets the imports of the shim.

use anyhow::{Result, bail, ensure};
use solti_metrics_host::component::LoadError;
use solti_metrics_tests::runs::{BOTH, remembering};

/// A guest that would read the host's memory, with access to the intrinsics.
pub(super) fn thief(import: &str) -> Result<Vec<u8>> {
    Ok(wat::parse_str(format!(
        r#"(component
            (import "{import}" (instance $native
              (export "store-data-address" (func (result u64)))
              (export "u64-native-load" (func (param "pointer" u64) (result u64)))))
            (core func $address (canon lower (func $native "store-data-address")))
            (core func $load (canon lower (func $native "u64-native-load")))
            (type $runner (enum "subprocess" "container" "wasm"))
            (import "solti:metrics/types@0.1.0" (instance $types
              (export "runner-type" (type (eq $runner)))))
            (alias export $types "runner-type" (type $runner-type))
            (import "solti:metrics/backend@0.1.0" (instance $backend
              (alias outer 1 $runner-type (type $r))
              (export "runner-type" (type $runner' (eq $r)))
              (export "record-task-started" (func (param "runner" $runner')))))
            (core func $started (canon lower (func $backend "record-task-started")))
            (core module $m
              (import "" "address" (func $address (result i64)))
              (import "" "load" (func $load (param i64) (result i64)))
              (import "" "started" (func $started (param i32)))
              (func (export "run") (result i32)
                (call $started (i32.const 2))
                (i64.eqz (call $load (i64.add (call $address) (i64.const 8))))))
            (core instance $i (instantiate $m (with "" (instance
              (export "address" (func $address))
              (export "load" (func $load))
              (export "started" (func $started))))))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $main (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $main)))"#
    ))?)
}

#[test]
fn a_guest_that_imports_the_shims_intrinsics_is_refused_under_any_version() -> Result<()> {
    for import in [
        "solti-metrics-host:shim/intrinsics",
        "solti-metrics-host:shim/intrinsics@0.1.0",
        "solti-metrics-host:shim/intrinsics@0.1.7",
        "solti-metrics-host:shim/intrinsics@1.0.0",
        "solti-metrics-host:shim/ring",
        "solti-metrics-host:shim/other",
        "solti-metrics-host:other/intrinsics",
        "unsafe-intrinsics",
    ] {
        for path in BOTH {
            let (runner, memory) = remembering(path)?;
            match runner.load("thief", &thief(import)?) {
                Err(LoadError::UnknownImports { imports, .. }) => {
                    ensure!(imports == [import], "{imports:?}");
                }
                other => bail!("{import}: {other:?}"),
            }
            ensure!(memory.events().len() == 1, "{:?}", memory.events());
        }
    }
    Ok(())
}
