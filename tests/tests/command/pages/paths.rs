//! The files and folders that pages name exist.

use std::fs;

use anyhow::{Result, ensure};

use super::{BACKENDS, EMBED, OPERATE, README, root};

const NAMING: [&str; 7] = [
    README,
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "guest/examples/README.md",
    EMBED,
    BACKENDS,
    OPERATE,
];

#[test]
fn every_path_that_a_page_names_exists() -> Result<()> {
    for page in NAMING {
        let text = fs::read_to_string(root().join(page))?;
        for path in text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| is_path(word))
        {
            ensure!(root().join(path).exists(), "{page} names `{path}`");
        }
    }
    Ok(())
}

/// Names of files and folders have a slash or an ending that we use.
fn is_path(word: &str) -> bool {
    let file = [".rs", ".md", ".toml", ".wit", ".sh"]
        .iter()
        .any(|end| word.ends_with(end));
    let folder = word.ends_with('/');
    let plain = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain && (folder || (file && word.contains('/')) || word.ends_with(".md"))
}

#[test]
fn other_code_is_not_a_path() {
    for path in ["wit/", "src/backend.rs", "README.md"] {
        assert!(is_path(path), "{path}");
    }
    for other in ["provider.rs", "backend", "solti:metrics/backend", "$T/"] {
        assert!(!is_path(other), "{other}");
    }
}
