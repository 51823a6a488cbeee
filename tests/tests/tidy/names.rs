//! A type name is declared once in production code, unless it is the same thing.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::code::code;
use crate::tree::files;

/// Names that several files may declare.
const SHARED: [&str; 3] = [
    // Each library has one error type.
    "Error",    // The WIT record, on both sides of the boundary.
    "Discards", // A task, as its guest records it and as the runner executes it.
    "Task",
];

/// The folders of production code.
const PRODUCTION: [&str; 6] = [
    "src/",
    "guest/src/",
    "host/src/",
    "host/server/src/",
    "host/conformance/src/",
    "host/cli/src/",
];

#[test]
fn a_type_name_is_declared_in_one_file() -> Result<()> {
    let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files("rs")? {
        let production = PRODUCTION
            .iter()
            .any(|folder| file.path.starts_with(folder));
        if !production || file.path.contains("/tests") {
            continue;
        }
        let text = code(&file.text);
        // Unit tests are at the end of a file.
        let text = text.split("mod tests {").next().unwrap_or_default();
        let mut names: Vec<_> = text.lines().filter_map(declared_name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            declared
                .entry(name.into())
                .or_default()
                .push(file.path.clone());
        }
    }
    ensure!(declared.len() > 300, "found only {} types", declared.len());
    declared.retain(|name, paths| paths.len() > 1 && !SHARED.contains(&name.as_str()));
    ensure!(declared.is_empty(), "qualify these names: {declared:#?}");
    Ok(())
}

/// The name of the type that a line declares.
fn declared_name(line: &str) -> Option<&str> {
    let words: Vec<_> = line.split_whitespace().collect();
    let at = words
        .iter()
        .position(|word| ["struct", "enum", "trait"].contains(word))?;
    let visible = words[..at].iter().all(|word| word.starts_with("pub"));
    let name = words.get(at + 1)?;
    let end = name
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(name.len());
    (visible && end > 0).then(|| &name[..end])
}

#[test]
fn a_declaration_is_told_from_other_lines() {
    for (line, name) in [
        ("pub struct One<T> {", Some("One")),
        ("    pub(crate) enum Two", Some("Two")),
        ("trait Three: Send {", Some("Three")),
        ("the struct of it", None),
        ("let x = 1;", None),
    ] {
        assert_eq!(declared_name(line), name, "{line}");
    }
}
