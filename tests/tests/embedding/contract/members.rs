//! Each member of the package has a sentence, and a gate where WIT allows gates.

use anyhow::{Result, bail};
use wit_parser::{Docs, Interface, Stability, TypeDefKind, UnresolvedPackage, World};
use wit_parser::{WorldItem, WorldKey};

use crate::contract::frozen;
use crate::contract::package::{Package, used};

#[test]
fn every_member_has_a_sentence() -> Result<()> {
    let members = members(&Package::current()?)?;
    assert!(members.len() > 20, "the walk has found {members:?}");
    for Member { path, docs, .. } in members {
        let Some(docs) = docs else { continue };
        let text = docs.contents.unwrap_or_default();
        assert!(
            text.trim().ends_with('.'),
            "`{path}` has no sentence: {text:?}"
        );
    }
    Ok(())
}

/// A gate names a release of the package's own line: 0.2.0 starts a new line, as in WASI.
#[test]
fn each_gate_names_the_release_of_its_member() -> Result<()> {
    let current = Package::current()?;
    let mut history = Vec::new();
    for (version, release) in frozen::releases()? {
        if release.line()? == current.line()? {
            history.push((version, members(&release)?));
        }
    }
    history.push((current.version()?, members(&current)?));

    for Member { path, gate, .. } in members(&current)? {
        let Some(gate) = gate else { continue };
        let since = match gate {
            Stability::Stable { since, .. } => since,
            // An unstable interface is released later. Its feature is its name.
            Stability::Unstable { feature, .. } if path.contains(&feature) => continue,
            _ => bail!("`{path}` needs an `@since`, or an `@unstable` of its interface"),
        };
        let first = history
            .iter()
            .find(|(_, members)| members.iter().any(|member| member.path == path));
        let first = first.map(|(version, _)| version.clone());
        assert_eq!(Some(since.to_string()), first, "the gate of `{path}`");
    }
    Ok(())
}

/// A named item of the package.
#[derive(Debug)]
struct Member {
    path: String,
    /// Absent where WIT has no docs: a `use`.
    docs: Option<Docs>,
    /// Absent where WIT has no gates: a case, a field.
    gate: Option<Stability>,
}

impl Member {
    fn new(path: String, docs: &Docs, gate: &Stability) -> Self {
        let (docs, gate) = (Some(docs.clone()), Some(gate.clone()));
        Self { path, docs, gate }
    }
}

/// All declarations of the package's text, without resolution. Resolution would add
/// imports that the text does not have.
fn members(package: &Package) -> Result<Vec<Member>> {
    let wit = package.parse()?.main;
    let interfaces = wit
        .interfaces
        .iter()
        .flat_map(|(_, i)| in_interface(&wit, i));
    let worlds = wit.worlds.iter().flat_map(|(_, w)| in_world(&wit, w));
    Ok(interfaces.chain(worlds).collect())
}

fn in_interface(wit: &UnresolvedPackage, interface: &Interface) -> Vec<Member> {
    let name = interface.name.as_deref().unwrap_or("?");
    let mut members = vec![Member::new(
        name.to_owned(),
        &interface.docs,
        &interface.stability,
    )];
    for (ty, id) in &interface.types {
        let def = &wit.types[*id];
        let path = format!("{name}.{ty}");
        for (part, docs) in parts(&def.kind) {
            let (path, docs) = (format!("{path}.{part}"), Some(docs.clone()));
            members.push(Member {
                path,
                docs,
                gate: None,
            });
        }
        let mut member = Member::new(path, &def.docs, &def.stability);
        if used(&wit.types, def).is_some() {
            member.docs = None;
        }
        members.push(member);
    }
    for (function, f) in &interface.functions {
        members.push(Member::new(
            format!("{name}.{function}"),
            &f.docs,
            &f.stability,
        ));
    }
    members
}

fn in_world(wit: &UnresolvedPackage, world: &World) -> Vec<Member> {
    let name = &world.name;
    let mut members = vec![Member::new(name.clone(), &world.docs, &world.stability)];
    for include in &world.includes {
        let path = format!("{name}: include {}", wit.worlds[include.id].name);
        members.push(Member {
            path,
            docs: None,
            gate: Some(include.stability.clone()),
        });
    }
    for (verb, items) in [("import", &world.imports), ("export", &world.exports)] {
        for (key, item) in items {
            let key = match key {
                WorldKey::Name(name) => name,
                WorldKey::Interface(id) => wit.interfaces[*id].name.as_deref().unwrap_or("?"),
            };
            let (docs, gate) = match item {
                WorldItem::Interface {
                    docs, stability, ..
                } => (docs, stability),
                WorldItem::Function(f) => (&f.docs, &f.stability),
                WorldItem::Type { id, .. } => (&wit.types[*id].docs, &wit.types[*id].stability),
            };
            members.push(Member::new(format!("{name}: {verb} {key}"), docs, gate));
        }
    }
    members
}

/// The cases or fields of a type.
fn parts(kind: &TypeDefKind) -> Vec<(&str, &Docs)> {
    match kind {
        TypeDefKind::Enum(e) => e.cases.iter().map(|c| (c.name.as_str(), &c.docs)).collect(),
        TypeDefKind::Variant(v) => v.cases.iter().map(|c| (c.name.as_str(), &c.docs)).collect(),
        TypeDefKind::Record(r) => r
            .fields
            .iter()
            .map(|f| (f.name.as_str(), &f.docs))
            .collect(),
        TypeDefKind::Flags(f) => f.flags.iter().map(|f| (f.name.as_str(), &f.docs)).collect(),
        _ => Vec::new(),
    }
}
