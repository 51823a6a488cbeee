//! Every link of a page leads to a file or a heading of this repository.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::markdown::{anchors, links};
use crate::tree::{File, files, root};

/// Templates of new projects: their links are relative to the project.
const TEMPLATES: &str = "host/cli/templates/";

#[test]
fn every_link_of_a_page_resolves() -> Result<()> {
    let pages = files("md")?;
    let by_path: BTreeMap<&str, &File> = pages.iter().map(|it| (&*it.path, it)).collect();
    let mut broken = Vec::new();
    let mut found = 0;
    for page in pages.iter().filter(|it| !it.path.starts_with(TEMPLATES)) {
        for link in links(&page.text) {
            if is_elsewhere(&link) {
                continue;
            }
            found += 1;
            if let Err(reason) = resolve(page, &link, &by_path) {
                broken.push(format!("{}: {link}: {reason}", page.path));
            }
        }
    }
    ensure!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    ensure!(found > 100, "found {found} links only");
    Ok(())
}

fn resolve(page: &File, link: &str, pages: &BTreeMap<&str, &File>) -> Result<()> {
    let (path, anchor) = link
        .split_once('#')
        .map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = target(&page.path, path)?;
    ensure!(root().join(&target).exists(), "no file {target}");
    if let Some(anchor) = anchor {
        let target = pages.get(&*target);
        let has = target.is_some_and(|it| anchors(&it.text).iter().any(|it| it == anchor));
        ensure!(has, "no heading #{anchor}");
    }
    Ok(())
}

/// Whether a link leaves the repository.
pub(crate) fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// The file in the repository to which a relative path of a page leads.
///
/// # Errors
///
/// When the path leaves the repository.
pub(crate) fn target(page: &str, path: &str) -> Result<String> {
    if path.is_empty() {
        return Ok(page.to_owned());
    }
    let mut parts: Vec<_> = page.split('/').collect();
    parts.pop();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => ensure!(parts.pop().is_some(), "leaves the repository"),
            _ => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

#[test]
fn a_path_is_relative_to_its_page() -> Result<()> {
    assert_eq!(target("docs/a/b.md", "../c.md")?, "docs/c.md");
    assert_eq!(target("README.md", "docs/images/")?, "docs/images");
    assert_eq!(target("docs/a.md", "")?, "docs/a.md");
    assert!(target("README.md", "../x").is_err());
    Ok(())
}
