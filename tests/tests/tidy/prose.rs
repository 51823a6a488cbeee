//! What a page for people must not have.

use anyhow::Result;

use crate::tree::{files, root};

/// Folders at the top of somebody's machine, or of a build server.
const MACHINES: [&str; 6] = ["home", "root", "Users", "work", "workspace", "builds"];

#[test]
fn no_page_has_a_path_of_somebodys_machine() -> Result<()> {
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

/// Whether a line has an absolute path into a person's or a server's folders.
fn names_a_machine(line: &str) -> bool {
    MACHINES.iter().any(|top| {
        let folder = format!("/{top}/");
        line.match_indices(&folder).any(|(at, _)| {
            // Within a longer path or an address it is another folder.
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-*}>".contains(c))
        })
    }) || line.contains(":\\Users\\")
}

#[test]
fn a_path_is_told_from_an_address() {
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
