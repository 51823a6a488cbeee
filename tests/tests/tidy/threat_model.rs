//! Each threat in the threat model names tests that exist.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::tree::{files, root};

const PAGE: &str = "docs/reference/threat-model.md";

/// The column of a table that names tests.
const COLUMNS: [&str; 4] = ["threat", "protection", "limit", "test"];

/// The folder of the source of each crate, under its name in the page. Other names are
/// suites in `tests/tests`.
const CRATES: [(&str, &str); 6] = [
    ("facade", "src"),
    ("guest", "guest/src"),
    ("host", "host/src"),
    ("server", "host/server/src"),
    ("conformance", "host/conformance/src"),
    ("cli", "host/cli/src"),
];

#[test]
fn each_threat_names_tests_that_exist() -> Result<()> {
    let sources: BTreeMap<_, _> = files("rs")?
        .into_iter()
        .map(|file| (file.path, file.text))
        .collect();
    let page = fs::read_to_string(root().join(PAGE))?;
    let threats = threats(&page)?;
    ensure!(threats.len() > 50, "found {} threats only", threats.len());
    for Threat { threat, tests } in threats {
        ensure!(!tests.is_empty(), "no test of: {threat}");
        for test in tests {
            ensure!(
                exists(test, &sources),
                "{threat} names {test}: no such test"
            );
        }
    }
    Ok(())
}

/// A constant or a file moves more often than the page.
#[test]
fn each_limit_of_the_threat_model_is_a_constant() -> Result<()> {
    let page = fs::read_to_string(root().join(PAGE))?;
    let mut found = 0;
    for (before, after) in page.match_indices("` in `").map(|(at, between)| {
        let (before, after) = page.split_at(at);
        (before, &after[between.len()..])
    }) {
        let name = before.rsplit('`').next().context("no constant")?;
        let (path, _) = after.split_once('`').context("no end")?;
        if path.ends_with(".rs") && name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
            let source = fs::read_to_string(root().join(path)).context(path.to_owned())?;
            let declared = source.contains(&format!("const {name}: "));
            ensure!(declared, "{path} has no constant {name}");
            found += 1;
        }
    }
    ensure!(found > 10, "found {found} constants only");
    Ok(())
}

struct Threat<'a> {
    threat: &'a str,
    tests: Vec<&'a str>,
}

/// The rows of all tables with these columns.
fn threats(page: &str) -> Result<Vec<Threat<'_>>> {
    let (mut found, mut within) = (Vec::new(), false);
    for line in page.lines() {
        let Some(cells) = cells(line) else {
            within = false;
            continue;
        };
        if cells == COLUMNS {
            within = true;
        } else if within && !line.starts_with("|---") {
            let [threat, _, limit, tests] = cells[..] else {
                anyhow::bail!("not four cells: {line}");
            };
            ensure!(!limit.is_empty(), "no limit of: {threat}");
            let tests = tests.split('`').skip(1).step_by(2).collect();
            found.push(Threat { threat, tests });
        }
    }
    Ok(found)
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let cells = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(cells.split('|').map(str::trim).collect())
}

/// Whether there is a fault of this name, or a function or a trial in the file of the test.
fn exists(test: &str, sources: &BTreeMap<String, String>) -> bool {
    if let Some(fault) = test.strip_prefix("faults/") {
        let case = format!("tests/faults/{fault}/case.toml");
        return root().join(case).is_file();
    }
    let Some((file, name)) = test.rsplit_once("::") else {
        return false;
    };
    let (first, rest) = file.split_once("::").unwrap_or((file, ""));
    let of_crate = CRATES.iter().find(|(name, _)| *name == first);
    let folder = of_crate.map_or_else(|| format!("tests/tests/{first}"), |it| it.1.to_owned());
    let path = format!("{folder}/{}.rs", rest.replace("::", "/"));
    sources.get(&path).is_some_and(|text| declares(text, name))
}

/// Whether a file has a test function or the trial of a suite with this name.
fn declares(text: &str, name: &str) -> bool {
    let is_function = text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let before = text[..at].trim_end_matches("async ");
        // The attribute of a test, perhaps with others after it.
        let lines = before.trim_end().lines().rev();
        let mut attributes = lines.take_while(|line| line.trim_start().starts_with("#["));
        attributes.any(|line| line.contains("test"))
    });
    let is_trial = text.match_indices(&format!("\"{name}\"")).any(|(at, _)| {
        // The name is the first argument of a call.
        text[..at].trim_end().ends_with('(')
    });
    is_function || is_trial
}

#[test]
fn a_test_is_told_from_other_text() {
    let text = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test]\n#[cfg(unix)]\nasync fn three() {}\n\
        trial(\n    \"four\", check), name = \"five\"";
    for (name, is_test) in [
        ("one", true),
        ("two", false),
        ("three", true),
        ("four", true),
        ("five", false),
        ("six", false),
    ] {
        assert_eq!(declares(text, name), is_test, "{name}");
    }
}
