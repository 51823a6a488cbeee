//! The shim as a component, and the names of its imports.

use crate::compose::ComposeError;

use super::ring::{FULL, RECORDS, USED};

/// Namespace of the shim's imports, which no guest may use. The names have no version, since
/// versions of one line would be merged.
pub(crate) const NAMESPACE: &str = "solti-metrics-host:";

/// wasmtime's loads and stores of native memory.
pub(crate) const INTRINSICS: &str = "solti-metrics-host:shim/intrinsics";

/// Interface that empties the ring, and tells its address.
pub(crate) const RING: &str = "solti-metrics-host:shim/ring";

/// Last characters of the lines that check the store.
const CHECK: &str = ";; CHECK";

/// The shim. If it is `checked`, it checks at its start that its store has the ring.
pub(super) fn component(checked: bool) -> Result<Vec<u8>, ComposeError> {
    wat::parse_str(text(checked)).map_err(|error| ComposeError::Unsupported {
        reason: error.to_string(),
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shim_is_a_component_in_which_every_number_is_inserted() {
        for checked in [true, false] {
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
            let valid = component(checked).map(|bytes| wasmparser::validate(&bytes).map(drop));
            assert!(matches!(valid, Ok(Ok(()))), "{valid:?}");
        }
    }
}
