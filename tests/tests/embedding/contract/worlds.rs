//! The roles: the imports and exports of each world.

use anyhow::Result;
use wit_parser::{World, WorldItem, WorldKey};

use crate::contract::package::{Package, Wit};

/// All worlds with their imports and exports. An imported or exported interface adds the
/// import `types`, whose enums it uses.
const WORLDS: [(&str, &[&str], &[&str]); 4] = [
    ("imports", &["types", "backend"], &[]),
    ("provider", &["types"], &["backend"]),
    ("middleware", &["types", "backend"], &["backend"]),
    (
        "full-provider",
        &["types"],
        &["batch", "lifecycle", "exposition", "accounting", "backend"],
    ),
];

#[test]
fn each_world_imports_and_exports_the_interfaces_of_its_role() -> Result<()> {
    let wit = Package::current()?.resolve()?;
    let worlds: Vec<_> = wit
        .worlds()
        .map(|(name, world)| (name, imports(&wit, world), exports(&wit, world)))
        .collect();
    let expected = WORLDS.map(|(name, imports, exports)| (name, imports.into(), exports.into()));
    assert_eq!(worlds, expected);
    Ok(())
}

#[test]
fn a_world_has_interfaces_only() -> Result<()> {
    let wit = Package::current()?.resolve()?;
    for (name, world) in wit.worlds() {
        for (key, item) in world.imports.iter().chain(&world.exports) {
            assert!(
                matches!(
                    (key, item),
                    (WorldKey::Interface(_), WorldItem::Interface { .. })
                ),
                "`{name}` has an item that is not an interface of the package: {key:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn the_host_names_the_version_that_it_defines() -> Result<()> {
    assert_eq!(
        Package::current()?.version()?,
        solti_metrics_host::WIT_VERSION
    );
    Ok(())
}

/// The docs have lines for copying, such as an `include`.
#[test]
fn the_text_names_only_its_own_version() -> Result<()> {
    let package = Package::current()?;
    let version = package.version()?;
    for (file, text) in &package.files {
        for name in text.split("solti:metrics").skip(1) {
            let name = name.split([';', '`', ' ', '\n']).next().unwrap_or_default();
            let named = name.split_once('@').map(|(_, version)| version);
            assert_eq!(
                named,
                Some(version.as_str()),
                "`solti:metrics{name}` in {file}"
            );
        }
    }
    Ok(())
}

fn imports<'a>(wit: &'a Wit, world: &'a World) -> Vec<&'a str> {
    world.imports.keys().map(|key| name_of(wit, key)).collect()
}

fn exports<'a>(wit: &'a Wit, world: &'a World) -> Vec<&'a str> {
    world.exports.keys().map(|key| name_of(wit, key)).collect()
}

fn name_of<'a>(wit: &'a Wit, key: &'a WorldKey) -> &'a str {
    match key {
        WorldKey::Name(name) => name,
        WorldKey::Interface(id) => wit.resolve.interfaces[*id].name.as_deref().unwrap_or("?"),
    }
}
