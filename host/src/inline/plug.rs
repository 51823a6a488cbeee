//! Composition of a guest with the shim.

use super::shim::{self, INTRINSICS, NAMESPACE, RING};
use crate::component::{Inspection, Interface};
use crate::compose::graph::Graph;
use crate::compose::{ComposeError, glue};
use crate::contained::contained;
use crate::text::printable;

/// Reason why a guest cannot be composed with the shim.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotComposed {
    #[error("it imports `{import}`, which is reserved for the host")]
    Reserved { import: String },
    #[error("{reason}")]
    Failed { reason: String },
}

/// Use of a composition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// `main` is the only export. The runner makes the store, so the shim does not check it.
    #[cfg(any(test, feature = "runner"))]
    Runner,
    /// All exports of the guest remain, and the shim checks the store.
    Embedder,
}

impl Use {
    fn exports(self, export: &Interface) -> bool {
        self == Self::Embedder || export.is_main()
    }
}

/// Composes the shim in front of a guest, for the runner. The shim receives the guest's records,
/// and other imports of the guest remain imports of the whole.
///
/// # Errors
///
/// The reason why this guest cannot be composed, in words.
#[cfg(feature = "runner")]
pub(crate) fn with_shim(inspection: &Inspection, guest: &[u8]) -> Result<Vec<u8>, String> {
    composed(inspection, guest, Use::Runner).map_err(|not| not.to_string())
}

/// The same for an embedder's own store.
pub(super) fn with_checked_shim(
    inspection: &Inspection,
    guest: &[u8],
) -> Result<Vec<u8>, NotComposed> {
    composed(inspection, guest, Use::Embedder)
}

fn composed(inspection: &Inspection, guest: &[u8], of_use: Use) -> Result<Vec<u8>, NotComposed> {
    refuse_private(inspection)?;
    // The library contains many assertions, and can panic at unexpected input.
    contained(|| plug(inspection, guest, of_use))
        .and_then(|composed| composed.map_err(|error| error.to_string()))
        .map_err(|reason| NotComposed::Failed { reason })
}

/// Rejects private imports. The imports of the shim reach the host's memory, and a guest with the
/// same imports would be given them along with the shim.
pub(super) fn refuse_private(inspection: &Inspection) -> Result<(), NotComposed> {
    let mut imports = inspection.imports.iter();
    match imports.find(|import| import.name().starts_with(NAMESPACE)) {
        None => Ok(()),
        Some(import) => Err(NotComposed::Reserved {
            import: printable(import.name()),
        }),
    }
}

fn plug(inspection: &Inspection, guest: &[u8], of_use: Use) -> Result<Vec<u8>, ComposeError> {
    let mut graph = Graph::default();
    let shim = graph.instantiate("the shim", shim::component(of_use == Use::Embedder))?;
    for import in [INTRINSICS, RING] {
        graph.import_alone(&shim, import)?;
    }
    let backend = graph.exported(&shim, "backend")?;
    let types = graph.glue(glue::TYPES, &[], "types")?;
    let instance = graph.instantiate("the guest", guest)?;
    for import in &inspection.imports {
        let export = match import.path() {
            "solti:metrics/backend" => &backend,
            "solti:metrics/types" => &types,
            _ => continue,
        };
        let connected = graph.connect(&instance, import.name(), export);
        connected.map_err(|reason| ComposeError::WrongTypes {
            name: instance.part.clone(),
            interface: printable(import.name()),
            reason,
        })?;
    }
    for export in inspection.exports.iter().filter(|it| of_use.exports(it)) {
        let export = graph.exported(&instance, export.name())?;
        graph.export(&export)?;
    }
    graph.encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guest that imports this in addition to the metrics.
    fn guest(import: &str) -> Result<(Inspection, Vec<u8>), Box<dyn std::error::Error>> {
        let bytes = wat::parse_str(format!(
            r#"(component
                (import "solti:metrics/backend@0.1.0" (instance))
                (import "{import}" (instance
                  (export "store-data-address" (func (result u64)))
                  (export "u64-native-load" (func (param "pointer" u64) (result u64)))))
                (core module $m (func (export "run") (result i32) (i32.const 0)))
                (core instance $i (instantiate $m))
                (func $run (result (result)) (canon lift (core func $i "run")))
                (instance $main (export "run" (func $run)))
                (export "wasi:cli/run@0.2.0" (instance $main)))"#
        ))?;
        Ok((Inspection::of("guest", &bytes)?, bytes))
    }

    #[test]
    fn a_guest_that_imports_anything_private_is_refused_before_it_is_composed()
    -> Result<(), Box<dyn std::error::Error>> {
        for import in [
            INTRINSICS,
            RING,
            "solti-metrics-host:shim/intrinsics@0.1.0",
            "solti-metrics-host:shim/ring@2.0.0",
            "solti-metrics-host:elsewhere/anything",
        ] {
            let (inspection, bytes) = guest(import)?;
            let refused = with_checked_shim(&inspection, &bytes);
            assert!(
                matches!(&refused, Err(NotComposed::Reserved { import: it }) if it == import),
                "{import}: {refused:?}"
            );
        }
        Ok(())
    }

    /// A guest that is not rejected would still not be given the shim's imports.
    #[test]
    fn a_guest_cannot_share_the_imports_of_the_shim() -> Result<(), Box<dyn std::error::Error>> {
        for import in [INTRINSICS, RING] {
            let (inspection, bytes) = guest(import)?;
            assert!(
                plug(&inspection, &bytes, Use::Embedder).is_err(),
                "{import}"
            );
        }
        Ok(())
    }

    #[test]
    fn a_composition_adds_only_the_imports_of_the_shim_to_those_of_the_guest()
    -> Result<(), Box<dyn std::error::Error>> {
        let (inspection, bytes) = guest("wasi:fake/thing@0.2.0")?;
        let composed = composed(&inspection, &bytes, Use::Runner)?;
        let composed = Inspection::of("composed", &composed)?;
        let more = composed.instance_data - inspection.instance_data;
        assert!(more > 0 && more <= super::super::INSTANCE_DATA, "{more}");
        let mut imports: Vec<_> = composed.imports.iter().map(|it| it.name()).collect();
        imports.sort_unstable();
        assert_eq!(imports, [INTRINSICS, RING, "wasi:fake/thing@0.2.0"]);
        let exports: Vec<_> = composed.exports.iter().map(|it| it.name()).collect();
        assert_eq!(exports, ["wasi:cli/run@0.2.0"]);
        Ok(())
    }
}
