//! `docs/SUMMARY.md` lists the pages of the book that `make book` builds.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use crate::links::{is_elsewhere, target};
use crate::markdown::links;
use crate::tree::{File, files};

const SUMMARY: &str = "docs/SUMMARY.md";

/// `tools/book.sh` takes the pages of this folder from their own index.
const DECISIONS: &str = "docs/decisions/";

#[test]
fn every_page_of_the_docs_is_in_the_book() -> Result<()> {
    let pages = files("md")?;
    let listed = listed(&pages)?;
    for page in &pages {
        let of_the_docs = page.path.starts_with("docs/") && page.path != SUMMARY;
        ensure!(
            !of_the_docs || is_in_the_book(&page.path, &listed),
            "{SUMMARY} does not list {}",
            page.path
        );
    }
    Ok(())
}

#[test]
fn the_book_contains_every_page_to_which_its_pages_link() -> Result<()> {
    let pages = files("md")?;
    let listed = listed(&pages)?;
    for page in pages.iter().filter(|it| is_in_the_book(&it.path, &listed)) {
        for link in links(&page.text) {
            let path = link.split('#').next().unwrap_or_default();
            if is_elsewhere(&link) || !path.ends_with(".md") {
                continue;
            }
            let target = target(&page.path, path)?;
            ensure!(
                is_in_the_book(&target, &listed),
                "{SUMMARY} does not list {target}, to which {} links",
                page.path
            );
        }
    }
    Ok(())
}

fn listed(pages: &[File]) -> Result<BTreeSet<String>> {
    let summary = pages.iter().find(|it| it.path == SUMMARY);
    let summary = summary.context("no summary")?;
    let links = links(&summary.text);
    links.iter().map(|link| target(SUMMARY, link)).collect()
}

fn is_in_the_book(path: &str, listed: &BTreeSet<String>) -> bool {
    listed.contains(path) || path.starts_with(DECISIONS)
}
