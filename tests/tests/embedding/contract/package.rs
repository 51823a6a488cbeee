//! A WIT package: the texts of its files, and their resolution.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Index;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use wit_parser::{
    Interface, PackageId, PackageName, Resolve, SourceMap, UnresolvedPackageGroup, World,
};
use wit_parser::{Type, TypeDef, TypeDefKind, TypeId, TypeOwner};

/// The folder of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts of a package's files, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) files: BTreeMap<String, String>,
}

impl Package {
    /// The current package in `wit/`.
    pub(crate) fn current() -> Result<Self> {
        Self::read(&root().join("wit"))
    }

    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wit") {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                files.insert(name.into_owned(), fs::read_to_string(&path)?);
            }
        }
        ensure!(!files.is_empty(), "no WIT in {}", folder.display());
        Ok(Self { files })
    }

    /// Replaces `old`, which must occur once, with `new`.
    pub(crate) fn with(mut self, old: &str, new: &str) -> Result<Self> {
        let count: usize = self.files.values().map(|t| t.matches(old).count()).sum();
        ensure!(count == 1, "`{old}` stands in the package {count} times");
        for text in self.files.values_mut() {
            *text = text.replace(old, new);
        }
        Ok(self)
    }

    pub(crate) fn parse(&self) -> Result<UnresolvedPackageGroup> {
        let mut sources = SourceMap::default();
        for (name, text) in &self.files {
            sources.push_str(name, text);
        }
        sources
            .parse()
            .map_err(|(sources, error)| anyhow!(error.highlight(&sources)))
    }

    pub(crate) fn resolve(&self) -> Result<Wit> {
        // The tests include unstable members.
        let mut resolve = Resolve {
            all_features: true,
            ..Resolve::default()
        };
        let id = resolve.push_group(self.parse()?)?;
        Ok(Wit { resolve, id })
    }

    /// The version in the package's own declaration.
    pub(crate) fn version(&self) -> Result<String> {
        let version = self.parse()?.main.name.version;
        Ok(version.context("a package has a version")?.to_string())
    }

    /// The line of compatible versions: 0.1 for 0.1.7.
    pub(crate) fn line(&self) -> Result<String> {
        let version = self.parse()?.main.name.version;
        let version = version.context("a package has a version")?;
        Ok(PackageName::version_compat_track_string(&version))
    }
}

/// A package with every name in it resolved.
pub(crate) struct Wit {
    pub(crate) resolve: Resolve,
    pub(crate) id: PackageId,
}

impl Wit {
    pub(crate) fn package(&self) -> &wit_parser::Package {
        &self.resolve.packages[self.id]
    }

    pub(crate) fn interfaces(&self) -> impl Iterator<Item = (&str, &Interface)> {
        let interfaces = &self.package().interfaces;
        interfaces
            .iter()
            .map(|(name, id)| (name.as_str(), &self.resolve.interfaces[*id]))
    }

    pub(crate) fn interface(&self, name: &str) -> Result<&Interface> {
        let found = self.interfaces().find(|(found, _)| *found == name);
        Ok(found.with_context(|| format!("no interface `{name}`"))?.1)
    }

    pub(crate) fn worlds(&self) -> impl Iterator<Item = (&str, &World)> {
        let worlds = &self.package().worlds;
        worlds
            .iter()
            .map(|(name, id)| (name.as_str(), &self.resolve.worlds[*id]))
    }

    /// The types that an interface defines itself, without imported types.
    pub(crate) fn own_types(
        &self,
        interface: &Interface,
    ) -> impl Iterator<Item = (String, &TypeDef)> {
        let types = interface.types.iter();
        types
            .map(|(name, id)| (name.clone(), &self.resolve.types[*id]))
            .filter(|(_, def)| used(&self.resolve.types, def).is_none())
    }

    /// The names of the interfaces whose types an interface uses.
    pub(crate) fn used_interfaces(&self, interface: &Interface) -> Vec<&str> {
        let defs = interface.types.values().map(|id| &self.resolve.types[*id]);
        let mut names: Vec<_> = defs
            .filter_map(|def| used(&self.resolve.types, def))
            .filter_map(|def| match def.owner {
                TypeOwner::Interface(id) => self.resolve.interfaces[id].name.as_deref(),
                _ => None,
            })
            .collect();
        names.dedup();
        names
    }
}

/// The definition of a type that a `use` has imported.
pub(crate) fn used<'a>(
    types: &'a impl Index<TypeId, Output = TypeDef>,
    def: &TypeDef,
) -> Option<&'a TypeDef> {
    match def.kind {
        TypeDefKind::Type(Type::Id(id)) if types[id].owner != def.owner => Some(&types[id]),
        _ => None,
    }
}
