//! Forbidden texts of pages, and required parts of decisions.

use anyhow::{Context, Result, ensure};

use crate::tree::{files, root};

/// Top folders of a user's machine, or of a build server.
const MACHINES: [&str; 6] = ["home", "root", "Users", "work", "workspace", "builds"];

/// The folder of pages that each state one decision.
const DECISIONS: &str = "docs/decisions/";

/// Pages of which a newcomer reads every word, and how many words each may have.
const MOST_WORDS: [(&str, usize); 2] = [("ARCHITECTURE.md", 1_500), ("README.md", 900)];

#[test]
fn no_page_has_a_path_of_a_machine() -> Result<()> {
    let here = root().canonicalize()?.display().to_string();
    for file in files("md")? {
        assert!(!file.text.contains(&here), "{} has {here}", file.path);
        for (number, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, number + 1);
            assert!(
                !names_a_machine(line),
                "{place} has a path of a machine: {line}"
            );
        }
    }
    Ok(())
}

/// Returns whether a line has an absolute path into the folders of a user or a server.
fn names_a_machine(line: &str) -> bool {
    MACHINES.iter().any(|top| {
        let folder = format!("/{top}/");
        line.match_indices(&folder).any(|(at, _)| {
            // Within a longer path or an address, the name means another folder.
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-*}>".contains(c))
        })
    }) || line.contains(":\\Users\\")
}

#[test]
fn addresses_are_not_paths() {
    for path in [
        "see /home/me/x",
        "(/Users/me)/",
        "file:///home/me",
        "C:\\Users\\me",
    ] {
        assert!(names_a_machine(path), "{path}");
    }
    for fine in [
        "https://example.org/home/x",
        "./work/x",
        "/metrics",
        "/proc/self",
    ] {
        assert!(!names_a_machine(fine), "{fine}");
    }
}

#[test]
fn a_newcomer_can_read_the_first_pages_at_once() -> Result<()> {
    for (path, most) in MOST_WORDS {
        let page = std::fs::read_to_string(root().join(path))?;
        let words = page.split_whitespace().count();
        ensure!(words <= most, "{path} has {words} words, of at most {most}");
    }
    Ok(())
}

/// Files move more often than the decisions that name them.
#[test]
fn decisions_name_files_that_exist() -> Result<()> {
    let mut found = 0;
    for file in files("md")? {
        if !file.path.starts_with(DECISIONS) {
            continue;
        }
        let folder = root().join(&file.path);
        let folder = folder.parent().context("a page is in a folder")?;
        for path in file.text.split('`').skip(1).step_by(2) {
            if is_repository_path(path) {
                ensure!(root().join(path).exists(), "{} names `{path}`", file.path);
                found += 1;
            }
        }
        for link in file.text.split("](").skip(1) {
            let (link, _) = link.split_once(')').context("a link ends")?;
            ensure!(folder.join(link).exists(), "{} links to {link}", file.path);
        }
    }
    ensure!(found > 20, "decisions name only {found} paths");
    Ok(())
}

#[test]
fn decisions_have_a_date_and_are_in_the_index() -> Result<()> {
    let (index, pages): (Vec<_>, Vec<_>) = files("md")?
        .into_iter()
        .filter(|file| file.path.starts_with(DECISIONS))
        .partition(|file| file.path == "docs/decisions/README.md");
    let index = &index.first().context("decisions have an index")?.text;
    for page in pages {
        let mut lines = page.text.lines().filter(|line| !line.is_empty());
        let title = lines.next().and_then(|line| line.strip_prefix("# "));
        let title = title.with_context(|| format!("{} has no title", page.path))?;
        let link = format!("- [{title}]({})\n", &page.path[DECISIONS.len()..]);
        ensure!(index.contains(&link), "the index misses {link}");
        let date = lines.next().and_then(|line| line.strip_prefix("Date: "));
        let dated = date.is_some_and(|date| date.split('-').map(str::len).eq([4, 2, 2]));
        ensure!(dated, "{} has no date", page.path);
    }
    Ok(())
}

/// Returns whether a text in backticks is a path of the project: it starts with a top folder, or
/// ends like a file or a folder.
fn is_repository_path(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let Some((top, rest)) = word.split_once('/') else {
        return false;
    };
    let ends_like_one = rest.is_empty() || rest.ends_with('/') || rest.contains('.');
    !top.is_empty() && word.chars().all(plain) && (ends_like_one || root().join(top).exists())
}

#[test]
fn other_code_is_not_a_path() {
    for path in ["wit/", "src/backend.rs", "guest/src/wit", "old/name.rs"] {
        assert!(is_repository_path(path), "{path}");
    }
    for other in [
        "/metrics",
        "solti:metrics/types",
        "text/plain",
        "backend",
        "a / b",
    ] {
        assert!(!is_repository_path(other), "{other}");
    }
}
