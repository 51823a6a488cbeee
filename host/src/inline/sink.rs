use crate::compose::ComposeError;

use super::ring::{FULL, RECORDS, USED};

/// Under which the sink imports what no guest may have. Without a version, since
/// versions of one line would be merged.
pub(crate) const NAMESPACE: &str = "solti-metrics-host:";

/// wasmtime's loads and stores of native memory.
pub(crate) const INTRINSICS: &str = "solti-metrics-host:sink/intrinsics";

/// What empties the ring.
pub(crate) const RING: &str = "solti-metrics-host:sink/ring";

pub(super) fn component() -> Result<Vec<u8>, ComposeError> {
    wat::parse_str(text()).map_err(|error| ComposeError::Unsupported {
        reason: error.to_string(),
    })
}

fn text() -> String {
    include_str!("sink.wat")
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
