//! The dependencies that pages show are packages of this project, with these features.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::{BACKENDS, EMBED, blocks_of, only, root};

#[test]
fn the_dependencies_of_a_page_exist_with_their_features() -> Result<()> {
    for page in [EMBED, BACKENDS] {
        let blocks = blocks_of(page)?;
        let manifest: toml::Table = only(&blocks, "toml", "Cargo.toml")?.text.parse()?;
        let dependencies = manifest.get("dependencies").context("no dependencies")?;
        let dependencies = dependencies.as_table().context("not a table")?;
        for (name, dependency) in dependencies {
            let Some(path) = dependency.get("path").and_then(toml::Value::as_str) else {
                continue;
            };
            let folder = path
                .strip_prefix("../solti-metrics")
                .context(path.to_owned())?;
            let file = root()
                .join(folder.trim_start_matches('/'))
                .join("Cargo.toml");
            let package: toml::Table = fs::read_to_string(file)?.parse()?;
            let real = package
                .get("package")
                .and_then(|package| package.get("name"));
            ensure!(
                real.and_then(toml::Value::as_str) == Some(name.as_str()),
                "{page}: {path} is not {name}"
            );
            let features = dependency.get("features").and_then(toml::Value::as_array);
            for feature in features.into_iter().flatten() {
                let feature = feature.as_str().context("not a text")?;
                let known = package.get("features").and_then(|known| known.get(feature));
                ensure!(known.is_some(), "{page}: {name} has no feature {feature}");
            }
        }
    }
    Ok(())
}
