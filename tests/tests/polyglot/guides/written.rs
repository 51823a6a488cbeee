//! Documentation of each language, and links to it.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::shell;
use solti_metrics_tests::toolchains::toolchains;

use crate::guides::page::{commands, folder, kind, root};
use crate::guides::{Check, GUIDES, each};

pub(crate) const CHECKS: &[Check] = &[
    ("every_language_has_a_guide", every_language_has_a_guide),
    ("every_guide_is_found", every_guide_is_found),
    ("each_link_has_a_target", each_link_has_a_target),
    ("no_guide_has_ten_commands", no_guide_has_ten_commands),
    ("every_block_is_of_a_known_kind", every_block_is_known),
];

/// Checks all languages of `new` and of the examples. For JavaScript, a guide uses one of
/// several toolchains.
fn every_language_has_a_guide() -> Result<()> {
    let help = shell::run("solti-metrics new --help", &root())?;
    let listed: Vec<_> = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter_map(|line| line.split(':').next())
        .filter(|value| !["guest", "provider", "middleware"].contains(value))
        .collect();
    ensure!(listed.len() > 6, "{help}");
    for language in listed {
        let has = GUIDES.iter().any(|(name, _)| *name == language);
        ensure!(has, "no guide for {language}");
    }
    for toolchain in toolchains()? {
        let has = GUIDES.iter().any(|(_, with)| *with == toolchain);
        let other = ["quickjs-async", "starlingmonkey"].contains(&&*toolchain);
        ensure!(has || other, "no guide for {toolchain}");
    }
    let mut pages = 0;
    for entry in fs::read_dir(folder())? {
        let page = entry?.file_name().into_string().unwrap_or_default();
        let name = page.strip_suffix(".md");
        let has = GUIDES.iter().any(|(language, _)| Some(*language) == name);
        // The index, and the page with the cost of languages.
        let other = ["README.md", "languages.md"].contains(&&*page);
        ensure!(has || other, "no test follows {page}");
        pages += 1;
    }
    ensure!(pages == GUIDES.len() + 2, "{pages} pages");
    Ok(())
}

fn every_guide_is_found() -> Result<()> {
    let index = fs::read_to_string(folder().join("README.md"))?;
    let readme = fs::read_to_string(root().join("README.md"))?;
    ensure!(readme.contains("(docs/guests/README.md)"));
    each(|language, _| {
        ensure!(
            index.contains(&format!("]({language}.md)")),
            "not in the index"
        );
        Ok(())
    })
}

fn each_link_has_a_target() -> Result<()> {
    for entry in fs::read_dir(folder())? {
        let page = entry?.path();
        let text = fs::read_to_string(&page)?;
        for link in text.split("](").skip(1) {
            let (link, _) = link.split_once(')').context("a link that does not end")?;
            let (file, _) = link.split_once('#').unwrap_or((link, ""));
            let there = link.contains("://") || folder().join(file).exists();
            ensure!(there, "{}: {link}", page.display());
        }
    }
    Ok(())
}

/// Each guide includes the command that installs `solti-metrics`.
fn no_guide_has_ten_commands() -> Result<()> {
    each(|_, page| {
        let commands = commands(page)?;
        ensure!(commands.len() < 10, "{commands:#?}");
        Ok(())
    })
}

fn every_block_is_known() -> Result<()> {
    each(|_, page| page.iter().try_for_each(|block| kind(block).map(drop)))
}
