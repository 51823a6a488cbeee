use anyhow::anyhow;
use wit_parser::{Resolve, SourceMap};

/// A WIT package as one component, from the texts of its files. Documentation and gates
/// are in there, too.
pub(crate) fn encoded(files: &[(&str, &str)]) -> anyhow::Result<Vec<u8>> {
    let mut sources = SourceMap::default();
    for &(name, text) in files {
        sources.push_str(name, text);
    }
    let parsed = sources
        .parse()
        .map_err(|(sources, error)| anyhow!("{}", error.highlight(&sources)))?;
    // An interface whose gate is closed would be left out.
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve.push_group(parsed)?;
    wit_component::encode(&resolve, package)
}
