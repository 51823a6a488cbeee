//! The shim as a component, and the names of its imports.

/// Namespace of the shim's imports, which no guest may use. The names have no version, since
/// versions of one line would be merged.
pub(crate) const NAMESPACE: &str = "solti-metrics-host:";

/// wasmtime's loads and stores of native memory.
pub(crate) const INTRINSICS: &str = "solti-metrics-host:shim/intrinsics";

/// Interface that empties the ring, and tells its address.
pub(crate) const RING: &str = "solti-metrics-host:shim/ring";

/// The shim. If it is `checked`, it checks at its start that its store has the ring.
///
/// The files are encoded from the text. A test compares both, and `BLESS=1` writes the files.
pub(super) const fn component(checked: bool) -> &'static [u8] {
    match checked {
        true => include_bytes!("checked_shim.wasm"),
        false => include_bytes!("shim.wasm"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    use super::super::ring::{FULL, RECORDS, USED};
    use super::*;

    /// Last characters of the lines that check the store.
    const CHECK: &str = ";; CHECK";

    fn text(checked: bool) -> String {
        let lines = include_str!("shim.wat").lines();
        let lines = lines.filter(|line| checked || !line.ends_with(CHECK));
        lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace(
                "      APPEND",
                &format!("      {}", include_str!("append.wat")),
            )
            .replace("INTRINSICS", INTRINSICS)
            .replace("\"RING\"", &format!("\"{RING}\""))
            .replace("const USED", &format!("const {USED}"))
            .replace("const RECORDS", &format!("const {RECORDS}"))
            .replace("const FULL", &format!("const {FULL}"))
    }

    #[test]
    fn the_shim_is_that_of_its_text_in_which_every_number_is_inserted() -> anyhow::Result<()> {
        for (file, checked) in [("shim.wasm", false), ("checked_shim.wasm", true)] {
            let text = text(checked);
            for name in [
                "INTRINSICS",
                "RING\"",
                "      APPEND",
                "USED)",
                "RECORDS)",
                "FULL)",
            ] {
                assert!(!text.contains(name), "{name}");
            }
            assert_eq!(text.contains("$confirmed"), checked);
            let bytes = wat::parse_str(text)?;
            wasmparser::validate(&bytes)?;
            if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inline");
                fs::write(folder.join(file), bytes)?;
            } else {
                anyhow::ensure!(component(checked) == bytes, "{file}: BLESS=1 writes it");
            }
        }
        Ok(())
    }
}
