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

pub(super) fn component() -> Result<Vec<u8>, ComposeError> {
    wat::parse_str(text()).map_err(|error| ComposeError::Unsupported {
        reason: error.to_string(),
    })
}

fn text() -> String {
    include_str!("shim.wat")
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
        let text = text();
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
        let valid = component().map(|bytes| wasmparser::validate(&bytes).map(drop));
        assert!(matches!(valid, Ok(Ok(()))), "{valid:?}");
    }
}
