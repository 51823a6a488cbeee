//! `docs/reference/errors.md`: the messages in the cases of `configs/` and `faults/`, under
//! the causes and fixes of `reference/errors.toml`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::configs::case::Kind;
use crate::configs::{cases, files};
use crate::faults;
use crate::reference::document::Document;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Errors {
    /// Cases whose messages are those of other cases.
    combined: Vec<String>,
    section: Vec<Section>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    about: String,
    error: Vec<Error>,
}

/// Errors with one cause and one fix.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Error {
    title: String,
    cause: String,
    fix: String,
    /// The names of the cases that show it.
    cases: Vec<String>,
}

/// The messages of each case, by its name.
type Messages = BTreeMap<String, Vec<String>>;

pub(crate) fn written() -> Result<()> {
    let text = fs::read_to_string(tests().join("reference/errors.toml"))?;
    let errors: Errors = toml::from_str(&text)?;
    let page = page(&errors, messages()?)?;
    Document("docs/reference/errors.md").must_have("errors", &page)
}

fn page(errors: &Errors, mut messages: Messages) -> Result<String> {
    let mut text = String::new();
    for section in &errors.section {
        write!(text, "\n## {}\n", section.title)?;
        if !section.about.is_empty() {
            write!(text, "\n{}\n", section.about)?;
        }
        for error in &section.error {
            let mut lines = Vec::new();
            for case in &error.cases {
                let said = messages.remove(case);
                let said =
                    said.with_context(|| format!("{case} is not a case, or listed twice"))?;
                lines.extend(said.into_iter().filter(|it| !it.is_empty()));
            }
            lines.sort();
            lines.dedup();
            write!(
                text,
                "\n### {}\n\n- **Cause**: {}\n- **Fix**: {}\n\n```text\n{}\n```\n",
                error.title,
                error.cause,
                error.fix,
                lines.join("\n")
            )?;
        }
    }
    messages.retain(|name, _| {
        let is_combined = errors.combined.contains(name);
        !is_combined && files::ODD.iter().all(|(odd, ..)| odd != name)
    });
    ensure!(
        messages.is_empty(),
        "reference/errors.toml does not list {:?}",
        messages.keys()
    );
    Ok(text)
}

/// Of all cases with a message.
fn messages() -> Result<Messages> {
    let mut messages = Messages::new();
    for case in cases()?.into_iter().filter(|it| it.kind != Kind::Good) {
        let said = case.said.iter().map(|line| without_place(line));
        messages.insert(case.name.clone(), said.collect());
    }
    for (name, _, said) in files::ODD {
        let said = said
            .trim_end()
            .replacen("error: odd.toml:", "error: serve.toml:", 1);
        messages.insert(name.to_owned(), vec![said]);
    }
    for entry in fs::read_dir(tests().join("faults"))? {
        let folder = entry?.path();
        let name = folder.file_name().and_then(|it| it.to_str());
        let name = name.context("a name")?.to_owned();
        if let Some(message) = faults::message(&folder)? {
            messages.insert(name, vec![message]);
        }
    }
    Ok(messages)
}

/// `error: KEY: MESSAGE`: the line and the column are those of the case.
fn without_place(line: &str) -> String {
    let is_place = |part: &str| {
        part.split_once(':')
            .is_some_and(|(line, column)| [line, column].iter().all(|it| it.parse::<u32>().is_ok()))
    };
    let Some((kind, rest)) = line.split_once(": ") else {
        return line.to_owned();
    };
    match rest.split_once(": ") {
        Some((place, message)) if is_place(place) => format!("{kind}: {message}"),
        _ => line.to_owned(),
    }
}

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
