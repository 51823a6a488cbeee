use super::sink::{self, INTRINSICS, NAMESPACE, RING};
use crate::compose::graph::Graph;
use crate::compose::{ComposeError, glue};
use crate::sandbox::{Inspection, contained, printable};

/// Puts the sink in front of a guest: what it records goes there, all else that it
/// imports remains an import of the whole, and of its exports only `main` is left.
///
/// # Errors
///
/// Why this guest cannot be composed, in words.
pub(crate) fn with_sink(inspection: &Inspection, guest: &[u8]) -> Result<Vec<u8>, String> {
    refuse_private(inspection)?;
    // The library asserts much, and there is input that it was not made for.
    contained(|| plug(inspection, guest))?.map_err(|error| error.to_string())
}

/// What the sink imports reaches the host's memory. A guest that imported it too
/// would be given it along with the sink.
fn refuse_private(inspection: &Inspection) -> Result<(), String> {
    let mut imports = inspection.imports.iter();
    match imports.find(|import| import.name().starts_with(NAMESPACE)) {
        None => Ok(()),
        Some(import) => Err(format!(
            "it imports `{}`, which is the host's own",
            printable(import.name())
        )),
    }
}

fn plug(inspection: &Inspection, guest: &[u8]) -> Result<Vec<u8>, ComposeError> {
    let mut graph = Graph::default();
    let sink = graph.instantiate("the sink", &sink::component()?)?;
    for import in [INTRINSICS, RING] {
        graph.import_alone(&sink, import)?;
    }
    let backend = graph.exported(&sink, "backend")?;
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
    for export in inspection.exports.iter().filter(|export| export.is_main()) {
        let main = graph.exported(&instance, export.name())?;
        graph.export(&main)?;
    }
    graph.encode()
}
