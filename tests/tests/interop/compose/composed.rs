use solti_metrics_host::compose::{ComposeError, Part, compose};

/// The component that these become.
pub(crate) fn composed(parts: &[Vec<u8>]) -> Result<Vec<u8>, ComposeError> {
    let parts: Vec<_> = parts
        .iter()
        .map(|bytes| Part {
            name: "part",
            bytes,
        })
        .collect();
    Ok(compose(&parts)?.bytes)
}
