//! A table of the metrics in an exposition of text 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};

#[derive(Default)]
struct Family {
    kind: String,
    help: String,
    /// In the order in which samples have them.
    labels: Vec<String>,
}

pub(crate) fn table(exposition: &str) -> Result<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut families: BTreeMap<&str, Family> = BTreeMap::new();
    for line in exposition.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').context("no help")?;
            families.entry(name).or_default().help = help.into();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').context("no type")?;
            families.entry(name).or_default().kind = kind.into();
            names.push(name);
        } else if let Some(family) = names.last().and_then(|name| families.get_mut(name)) {
            for label in labels(line) {
                if !family.labels.contains(&label) && label != "le" {
                    family.labels.push(label);
                }
            }
        }
    }
    let mut text = "| name | type | labels | what it is |\n|---|---|---|---|\n".to_owned();
    for name in names {
        let family = families.get(name).context("no family")?;
        let labels: Vec<_> = family.labels.iter().map(|it| format!("`{it}`")).collect();
        let (kind, help) = (&family.kind, &family.help);
        writeln!(
            text,
            "| `{name}` | {kind} | {} | {help} |",
            labels.join(" ")
        )?;
    }
    Ok(text)
}

/// The names of a sample's labels, none of whose values has a brace, a comma or an equals
/// sign in it.
fn labels(line: &str) -> Vec<String> {
    let within = line
        .split_once('{')
        .and_then(|(_, rest)| rest.rsplit_once('}'));
    let pairs = within.map_or("", |(within, _)| within).split(',');
    let names = pairs.filter_map(|pair| pair.split_once('='));
    names.map(|(name, _)| name.to_owned()).collect()
}
