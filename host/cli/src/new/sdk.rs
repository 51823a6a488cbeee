//! Source of the Rust SDK for a project.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use solti_metrics_host::file::read_file;
use toml::Table;

/// Package of the SDK.
const PACKAGE: &str = "solti-metrics-guest";

/// Maximum size of a manifest, in bytes.
const LONGEST: u64 = 1 << 20;

/// Options for the source of the Rust SDK.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct SdkArgs {
    /// Use the Rust SDK in this folder (`guest` in the sources) instead of generated
    /// bindings.
    #[arg(long, value_name = "DIR")]
    sdk_path: Option<PathBuf>,

    /// Use this version of the Rust SDK, from cargo's registry, instead of generated
    /// bindings.
    #[arg(long, value_name = "VERSION")]
    sdk_version: Option<String>,
}

impl SdkArgs {
    pub(crate) fn is_given(&self) -> bool {
        self.sdk_path.is_some() || self.sdk_version.is_some()
    }

    /// Requirement on the SDK in a manifest, as TOML. `None` without either argument.
    pub(crate) fn requirement(&self) -> anyhow::Result<Option<String>> {
        if let Some(version) = &self.sdk_version {
            ensure!(
                is_version(version),
                "--sdk-version {version}: not a version; name one like 0.1 or 0.1.0"
            );
            return Ok(Some(format!("\"{version}\"")));
        }
        let Some(path) = &self.sdk_path else {
            return Ok(None);
        };
        let shown = path.display();
        let bytes = read_file(&path.join("Cargo.toml"), LONGEST)
            .with_context(|| format!("--sdk-path {shown}: cannot read Cargo.toml there"))?;
        let manifest: Table = toml::from_str(std::str::from_utf8(&bytes)?)
            .with_context(|| format!("--sdk-path {shown}: Cargo.toml there is not valid"))?;
        let name = manifest.get("package").and_then(|it| it.get("name"));
        if name.and_then(|it| it.as_str()) != Some(PACKAGE) {
            bail!("--sdk-path {shown}: the folder does not have the package {PACKAGE}");
        }
        // The path is absolute, because the project can be in any folder.
        let path = path
            .canonicalize()
            .with_context(|| format!("--sdk-path {shown}"))?;
        let path = path
            .to_str()
            .with_context(|| format!("--sdk-path {shown}: the path is not UTF-8"))?;
        // JSON and TOML quote this text in the same way.
        let path = serde_json::to_string(path)?;
        Ok(Some(format!("{{ path = {path} }}")))
    }
}

/// Whether a text is a version: up to three numbers, and a suffix after the third.
fn is_version(text: &str) -> bool {
    let (numbers, rest) = match text.find(['-', '+']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let parts: Vec<_> = numbers.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    let follows = |it: u8| it.is_ascii_alphanumeric() || b"-+.".contains(&it);
    parts.len() <= 3
        && parts.iter().all(number)
        && (rest.is_empty() || parts.len() == 3)
        && rest.bytes().all(follows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_accepted() {
        for good in ["0", "0.1", "0.1.0", "1.0.0-rc.1", "1.0.0+abc"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "x", "0.1.0.0", "0.1-rc", "1.", "1\"", "=1", "1.0.0-\""] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
