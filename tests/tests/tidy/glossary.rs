//! The glossary explains each term once, in alphabetic order, and only terms that are used.

use anyhow::{Context, Result, ensure};

use crate::tree::{File, files};

const GLOSSARY: &str = "docs/glossary.md";

#[test]
fn terms_are_in_alphabetic_order_with_one_sentence_each() -> Result<()> {
    let pages = files("md")?;
    let terms = terms(&pages)?;
    ensure!(terms.len() > 50, "found {} terms only", terms.len());
    for pair in terms.windows(2) {
        let [(one, _), (next, _)] = pair else {
            continue;
        };
        ensure!(
            one.to_lowercase() < next.to_lowercase(),
            "{one} is before {next}"
        );
    }
    for (term, meaning) in &terms {
        ensure!(
            meaning.ends_with('.') && !meaning.contains(". "),
            "{term} does not have one sentence"
        );
    }
    Ok(())
}

#[test]
fn every_term_is_used_on_another_page() -> Result<()> {
    let pages = files("md")?;
    let others = pages.iter().filter(|page| page.path != GLOSSARY);
    let text: String = others.map(|page| plain(&page.text)).collect();
    let terms = terms(&pages)?;
    let unused: Vec<_> = terms
        .iter()
        .filter(|(term, _)| !text.contains(plain(term).trim()))
        .collect();
    ensure!(unused.is_empty(), "no page uses {unused:?}");
    Ok(())
}

/// Each term with its meaning.
fn terms(pages: &[File]) -> Result<Vec<(&str, &str)>> {
    let glossary = pages.iter().find(|page| page.path == GLOSSARY);
    let glossary = glossary.context("no glossary")?;
    let terms = glossary.text.lines();
    let terms = terms.filter_map(|line| line.strip_prefix("- **")?.split_once("**: "));
    Ok(terms.collect())
}

/// Words in lower case with one space between them: a key such as `max_backoff` is a use
/// of its term, too.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase() + " "
}
