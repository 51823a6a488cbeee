use anyhow::anyhow;
use wit_parser::{Resolve, SourceMap};

/// Encodes a WIT package as one component, from the texts of its files. The component
/// contains documentation and feature gates.
pub(crate) fn encoded(files: &[(&str, &str)]) -> anyhow::Result<Vec<u8>> {
    let mut sources = SourceMap::default();
    for &(name, text) in files {
        sources.push_str(name, text);
    }
    let parsed = sources
        .parse()
        .map_err(|(sources, error)| anyhow!("{}", error.highlight(&sources)))?;
    // Without this setting, gated interfaces would be omitted.
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve.push_group(parsed)?;
    wit_component::encode(&resolve, package)
}
