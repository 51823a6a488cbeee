//! Plain English, as far as a program can check it: how sentences open, and which words
//! the project's terms replace.

use std::collections::HashMap;
use std::fs;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::tree::{File, files, root};

/// Words that open a sentence whose subject has no name.
const OPENINGS: [&str; 17] = [
    "what",
    "who",
    "whom",
    "whose",
    "whoever",
    "whatever",
    "whichever",
    "somebody",
    "someone",
    "nobody",
    "everybody",
    "everyone",
    "anybody",
    "anyone",
    "how long",
    "how many",
    "how often",
];

/// Words that a term of `docs/glossary.md` replaces, wherever a person reads.
const REPLACED: [&str; 26] = [
    "on probation",
    "last words",
    "swallowed",
    "kept code",
    "turned away",
    "set aside",
    "begin anew",
    "begins anew",
    "begun anew",
    "begin with",
    "sibling",
    "siblings",
    "oracle",
    "oracles",
    "swap",
    "swaps",
    "swapped",
    "LedgerBook",
    "decorrelated band",
    "grace period",
    "lanes",
    "whatever comes of it",
    "no start",
    "not started",
    "finds no place",
    "mended",
];

/// The texts of the WIT package, which do not change before its next version.
const FROZEN: &str = "docs/reference/wit.md";

#[test]
fn no_sentence_of_a_page_opens_with_a_subject_without_a_name() -> Result<()> {
    let mut wrong = Vec::new();
    for file in files("md")?.into_iter().filter(|file| file.path != FROZEN) {
        for sentence in sentences(&prose(&file)) {
            if opens_badly(&sentence) {
                wrong.push(format!("{}: {sentence}", file.path));
            }
        }
    }
    ensure!(wrong.is_empty(), "name the subject:\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn no_comment_opens_with_a_subject_without_a_name() -> Result<()> {
    let mut wrong = Vec::new();
    for file in files("rs")? {
        for sentence in comments(&file.text).iter().flat_map(|text| sentences(text)) {
            if opens_badly(&sentence) {
                wrong.push(format!("{}: {sentence}", file.path));
            }
        }
    }
    ensure!(wrong.is_empty(), "name the subject:\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn terms_are_not_called_by_other_words() -> Result<()> {
    let mut wrong = Vec::new();
    for file in files("md")?.into_iter().filter(|file| file.path != FROZEN) {
        let text = prose(&file).to_lowercase();
        for word in REPLACED {
            if has_words(&text, &word.to_lowercase()) {
                wrong.push(format!("{} says `{word}`", file.path));
            }
        }
    }
    for file in files("rs")? {
        let text = comments(&file.text).join("\n").to_lowercase();
        for word in REPLACED {
            if has_words(&text, &word.to_lowercase()) {
                wrong.push(format!("a comment in {} says `{word}`", file.path));
            }
        }
    }
    ensure!(
        wrong.is_empty(),
        "use the terms of docs/glossary.md:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

#[test]
fn descriptions_of_the_configuration_are_sentences_without_bad_openings() -> Result<()> {
    let mut texts = Vec::new();
    let schema = fs::read_to_string(root().join("docs/reference/serve.schema.json"))?;
    descriptions(&serde_json::from_str(&schema)?, &mut texts);
    ensure!(texts.len() > 100, "only {} descriptions", texts.len());
    for text in texts {
        ensure!(text.ends_with(['.', ':']), "not a sentence: {text}");
        for sentence in sentences(&text) {
            ensure!(!opens_badly(&sentence), "name the subject: {sentence}");
        }
    }
    Ok(())
}

/// The HELP text is all that a person sees of a metric in a dashboard.
#[test]
fn each_metric_has_a_help_text_of_its_own() -> Result<()> {
    let page = fs::read_to_string(root().join("docs/reference/metrics.md"))?;
    let mut helps: HashMap<&str, &str> = HashMap::new();
    for row in page
        .lines()
        .filter(|line| line.starts_with("| `solti_") || line.starts_with("| `process_"))
    {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(name), Some(help)) = (cells.first(), cells.last()) else {
            continue;
        };
        ensure!(help.ends_with('.'), "{name}: not a sentence: {help}");
        ensure!(help.split(' ').count() > 2, "{name}: {help}");
        ensure!(!opens_badly(help), "{name}: name the subject: {help}");
        if let Some(other) = helps.insert(help, name) {
            ensure!(
                other == *name,
                "{name} and {other} have one HELP text: {help}"
            );
        }
    }
    ensure!(helps.len() > 40, "only {} metrics", helps.len());
    Ok(())
}

/// The text of a page without its blocks of code and its code in lines, a line for each
/// line.
fn prose(file: &File) -> String {
    let mut fenced = false;
    let mut text = String::new();
    for line in file.text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let plain = line.split('`').enumerate();
            text.extend(plain.map(|(at, part)| if at % 2 == 0 { part } else { "code" }));
        }
        text.push('\n');
    }
    text
}

/// The comments of a source file, one text for lines that follow each other.
fn comments(source: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in source.lines().map(str::trim_start) {
        match line.strip_prefix("//") {
            Some(text) => {
                let text = text.trim_start_matches(['/', '!']);
                if text.trim().is_empty() {
                    all.push(String::new());
                } else if let Some(last) = all.last_mut() {
                    last.push_str(text);
                }
            }
            None => all.push(String::new()),
        }
    }
    all.retain(|text| !text.is_empty());
    all
}

/// The sentences of a text: each starts at a line, in a cell of a table, or after another
/// sentence.
fn sentences(text: &str) -> Vec<String> {
    let cells = text.lines().flat_map(|line| line.split('|'));
    let parts = cells.flat_map(|cell| cell.split(". "));
    let plain = parts.map(|part| {
        part.trim_start_matches(|c: char| c.is_ascii_digit() || " #*->.![".contains(c))
            .trim_end()
            .to_owned()
    });
    plain.filter(|part| !part.is_empty()).collect()
}

fn opens_badly(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    OPENINGS.iter().any(|opening| {
        lower
            .strip_prefix(opening)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '\''))
            && sentence.starts_with(char::is_uppercase)
            && !sentence.ends_with('?')
    })
}

fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || "_.:(".contains(c);
        !text[..at].ends_with(word) && !text[at + words.len()..].starts_with(word)
    })
}

fn descriptions(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(text) if key == "description" => texts.push(text.clone()),
                    other => descriptions(other, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| descriptions(item, texts)),
        _ => {}
    }
}

#[test]
fn a_bad_opening_is_told_from_a_good_one() {
    for bad in [
        "What is kept.",
        "Who asks is told.",
        "How long a call may take.",
    ] {
        assert!(opens_badly(bad), "{bad}");
    }
    for good in [
        "Whole numbers.",
        "What now?",
        "Nobody's",
        "the what",
        "Whatsoever",
    ] {
        assert!(!opens_badly(good), "{good}");
    }
    let text = "- A task ends. Who asks?\n| one | What is two. |";
    assert_eq!(
        sentences(text),
        ["A task ends", "Who asks?", "one", "What is two"]
    );
}
