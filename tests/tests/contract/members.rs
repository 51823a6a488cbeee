//! Every member of the package has a sentence, and a gate where it can have one.

use anyhow::Result;
use wit_parser::{Docs, Stability, TypeDefKind, WorldItem, WorldKey};

use crate::frozen;
use crate::package::Package;

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

#[test]
fn every_gate_names_the_release_that_brought_the_member() -> Result<()> {
    let current = Package::current()?;
    let mut history = frozen::releases()?;
    history.push((current.version()?, current.clone()));
    let history = history
        .into_iter()
        .map(|(version, package)| Ok((version, members(&package)?)))
        .collect::<Result<Vec<_>>>()?;

    for Member { path, gate, .. } in members(&current)? {
        let Some(gate) = gate else { continue };
        let Stability::Stable { since, .. } = gate else {
            panic!("`{path}` needs an `@since`");
        };
        let first = history
            .iter()
            .find(|(_, members)| members.iter().any(|member| member.path == path));
        let first = first.map(|(version, _)| version.clone());
        assert_eq!(Some(since.to_string()), first, "the gate of `{path}`");
    }
    Ok(())
}

/// Something in the package that a reader meets under a name.
#[derive(Debug)]
struct Member {
    path: String,
    /// None for what WIT has no docs for: a `use`.
    docs: Option<Docs>,
    /// None for what WIT has no gates for: a case, a field.
    gate: Option<Stability>,
}

/// Everything that the package's text declares. Not resolved: that would add
/// imports which nobody wrote.
fn members(package: &Package) -> Result<Vec<Member>> {
    let wit = package.parse()?.main;
    let mut members = Vec::new();
    let mut add = |path: String, docs: Option<&Docs>, gate: Option<&Stability>| {
        members.push(Member {
            path,
            docs: docs.cloned(),
            gate: gate.cloned(),
        });
    };

    for (_, interface) in wit.interfaces.iter() {
        let Some(name) = &interface.name else {
            continue;
        };
        add(
            name.clone(),
            Some(&interface.docs),
            Some(&interface.stability),
        );
        for (ty, id) in &interface.types {
            let def = &wit.types[*id];
            let path = format!("{name}.{ty}");
            // Before resolution a used type may have any kind but a definition.
            let docs = (!matches!(def.kind, TypeDefKind::Type(_) | TypeDefKind::Unknown))
                .then_some(&def.docs);
            add(path.clone(), docs, Some(&def.stability));
            for (part, docs) in parts(&def.kind) {
                add(format!("{path}.{part}"), Some(docs), None);
            }
        }
        for (function, f) in &interface.functions {
            add(
                format!("{name}.{function}"),
                Some(&f.docs),
                Some(&f.stability),
            );
        }
    }
    for (_, world) in wit.worlds.iter() {
        let name = &world.name;
        add(name.clone(), Some(&world.docs), Some(&world.stability));
        for (verb, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                let key = match key {
                    WorldKey::Name(name) => name.clone(),
                    WorldKey::Interface(id) => wit.interfaces[*id].name.clone().unwrap_or_default(),
                };
                let (docs, gate) = match item {
                    WorldItem::Interface {
                        docs, stability, ..
                    } => (docs, stability),
                    WorldItem::Function(f) => (&f.docs, &f.stability),
                    WorldItem::Type { id, .. } => (&wit.types[*id].docs, &wit.types[*id].stability),
                };
                add(format!("{name}: {verb} {key}"), Some(docs), Some(gate));
            }
        }
    }
    Ok(members)
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
