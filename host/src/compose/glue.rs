//! Small components that a composition adds to its parts, encoded from their texts.
//!
//! The encoded files are part of the package, so that a host does not need a parser of texts. A
//! test compares the files with the texts, and `BLESS=1` writes the files.

use wasm_encoder::{
    Component, ComponentImportSection, ComponentSectionId, ComponentTypeRef, RawSection,
};
use wasmparser::{BinaryReader, BinaryReaderError};

/// Component with the shared types, which all parts import.
pub(crate) const TYPES: &[u8] = include_bytes!("types.wasm");

/// Component that combines two lifecycles.
pub(super) const FLUSH_BOTH: &[u8] = include_bytes!("flush_both.wasm");

/// Component with an exit that flushes the other parts first.
const FLUSH_BEFORE_EXIT: &[u8] = include_bytes!("flush_before_exit.wasm");

/// Component with a `main` that flushes the other parts after the guest's `main`.
pub(super) const fn flush_after_run(asynchronous: bool) -> &'static [u8] {
    match asynchronous {
        true => include_bytes!("flush_after_async_run.wasm"),
        false => include_bytes!("flush_after_run.wasm"),
    }
}

/// The component with an exit, for an interface of this name.
pub(super) fn flush_before_exit(exit: &str) -> Result<Vec<u8>, BinaryReaderError> {
    with_first_import(FLUSH_BEFORE_EXIT, exit)
}

/// Renames the first import, which is an instance of the first type.
fn with_first_import(component: &[u8], name: &str) -> Result<Vec<u8>, BinaryReaderError> {
    let (mut renamed, mut is_renamed) = (Component::new(), false);
    let mut reader = BinaryReader::new(component, 0);
    reader.read_bytes(Component::HEADER.len())?;
    while !reader.eof() {
        let id = reader.read_u8()?;
        let data = reader.read_var_u32()?;
        let data = reader.read_bytes(data as usize)?;
        if id == ComponentSectionId::Import as u8 && !is_renamed {
            let mut import = ComponentImportSection::new();
            import.import(name, ComponentTypeRef::Instance(0));
            renamed.section(&import);
            is_renamed = true;
        } else {
            renamed.section(&RawSection { id, data });
        }
    }
    Ok(renamed.finish())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    use super::*;

    /// Inserts the text that several of these components share.
    fn with_shared_text(text: &str) -> String {
        text.replace("HEAP", include_str!("heap.wat").trim_start())
            .replace("SAY", include_str!("say.wat").trim_start())
    }

    #[test]
    fn every_component_is_that_of_its_text() -> anyhow::Result<()> {
        let run = include_str!("flush_after_run.wat");
        let (both, exit) = (
            include_str!("flush_both.wat"),
            include_str!("flush_before_exit.wat"),
        );
        for (file, included, text) in [
            ("types.wasm", TYPES, include_str!("types.wat").to_owned()),
            ("flush_both.wasm", FLUSH_BOTH, both.to_owned()),
            (
                "flush_after_run.wasm",
                flush_after_run(false),
                run.replace("ASYNC", ""),
            ),
            (
                "flush_after_async_run.wasm",
                flush_after_run(true),
                run.replace("ASYNC", "async"),
            ),
            ("flush_before_exit.wasm", FLUSH_BEFORE_EXIT, exit.to_owned()),
        ] {
            let bytes = wat::parse_str(with_shared_text(&text))?;
            wasmparser::validate(&bytes)?;
            if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compose");
                fs::write(folder.join(file), bytes)?;
            } else {
                anyhow::ensure!(included == bytes, "{file}: BLESS=1 writes it");
            }
        }
        Ok(())
    }

    #[test]
    fn an_exit_is_imported_under_the_name_of_the_guest() -> anyhow::Result<()> {
        let text = with_shared_text(include_str!("flush_before_exit.wat"));
        for name in ["wasi:cli/exit@0.2.0", "wasi:cli/exit@0.2.12", "a:b/c"] {
            let expected = wat::parse_str(text.replace("wasi:cli/exit@0.2.0", name))?;
            assert_eq!(flush_before_exit(name)?, expected, "{name}");
        }
        Ok(())
    }
}
