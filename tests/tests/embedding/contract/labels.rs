//! The three enums are the same in WIT, in Rust and in every exposition.

use anyhow::{Result, bail};
use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome};
use wit_parser::{EnumCase, TypeDefKind};

use crate::contract::package::{Package, Wit};

#[test]
fn runner_type_has_the_same_cases_in_wit_and_rust() -> Result<()> {
    let labels = RunnerType::ALL.map(|case| (format!("{case:?}"), case.as_label()));
    same("runner-type", "runner", &labels)
}

#[test]
fn task_outcome_has_the_same_cases_in_wit_and_rust() -> Result<()> {
    let labels = TaskOutcome::ALL.map(|case| (format!("{case:?}"), case.as_label()));
    same("task-outcome", "outcome", &labels)
}

#[test]
fn runner_error_kind_has_the_same_cases_in_wit_and_rust() -> Result<()> {
    let labels = RunnerErrorKind::ALL.map(|case| (format!("{case:?}"), case.as_label()));
    same("runner-error-kind", "error", &labels)
}

#[test]
fn types_has_only_the_three_enums() -> Result<()> {
    let wit = Package::current()?.resolve()?;
    let types = wit.interface("types")?;
    let names: Vec<_> = types.types.keys().collect();
    assert_eq!(names, ["runner-type", "task-outcome", "runner-error-kind"]);
    assert!(types.functions.is_empty());
    Ok(())
}

/// Compares the WIT enum `name`, the label `label`, with a Rust enum: all its cases, and
/// the text of each label.
fn same(name: &str, label: &str, rust: &[(String, &str)]) -> Result<()> {
    let wit = Package::current()?.resolve()?;
    let (docs, cases) = enumeration(&wit, name)?;
    assert!(
        docs.contains(&format!("Label `{label}`.")),
        "the docs of `{name}` name its label: {docs}"
    );

    let in_wit: Vec<_> = cases.iter().map(|case| case.name.clone()).collect();
    let in_rust: Vec<_> = rust
        .iter()
        .map(|(_, text)| text.replace('_', "-"))
        .collect();
    assert_eq!(in_wit, in_rust, "the cases of `{name}`, in order");

    for (case, (_, text)) in cases.iter().zip(rust) {
        let docs = case.docs.contents.as_deref().unwrap_or_default();
        assert!(
            docs.contains(&format!("`{text}`")),
            "the docs of `{}` have the label's text in backticks: {docs}",
            case.name
        );
    }

    let in_source: Vec<_> = rust.iter().map(|(case, _)| case.as_str()).collect();
    assert_eq!(
        variants(&pascal(name))?,
        in_source,
        "`ALL` has every variant"
    );
    Ok(())
}

fn enumeration<'a>(wit: &'a Wit, name: &str) -> Result<(&'a str, &'a [EnumCase])> {
    let types = wit.interface("types")?;
    let Some(id) = types.types.get(name) else {
        bail!("no type `{name}`");
    };
    let def = &wit.resolve.types[*id];
    let TypeDefKind::Enum(cases) = &def.kind else {
        bail!("`{name}` is a {}, not an enum", def.kind.as_str());
    };
    Ok((
        def.docs.contents.as_deref().unwrap_or_default(),
        &cases.cases,
    ))
}

/// The variants of a Rust enum, read from its source. The enums are `#[non_exhaustive]`,
/// so that a `match` in this crate would not notice a missing case.
fn variants(name: &str) -> Result<Vec<&'static str>> {
    let source = include_str!("../../../../src/label.rs");
    let Some((_, body)) = source.split_once(&format!("pub enum {name} {{")) else {
        bail!("src/label.rs has no `{name}`");
    };
    Ok(body
        .lines()
        .map(str::trim)
        .take_while(|line| *line != "}")
        .filter(|line| !line.starts_with('/'))
        .filter_map(|line| line.strip_suffix(','))
        .collect())
}

/// `runner-type` as `RunnerType`.
fn pascal(kebab: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    kebab.split('-').map(word).collect()
}
