//! The cargo workspace that a new package belongs to.

use std::path::{Component, Path, PathBuf, absolute};

use solti_metrics_host::file::read_file;
use toml::Table;

/// Maximum size of a manifest, in bytes.
const LONGEST: u64 = 1 << 20;

/// The root of the cargo workspace that has a package in `dir` as a member, judged by
/// paths.
///
/// A package in a folder below a workspace that does not list it cannot be built: the
/// package must then be a workspace itself. A workspace cannot be built if a member is a
/// workspace itself.
pub(crate) fn workspace_of(dir: &Path) -> Option<PathBuf> {
    let dir = resolved(&absolute(dir).ok()?);
    let above = dir.parent()?.ancestors();
    let (root, workspace) = above
        .filter_map(|folder| Some((folder, workspace_in(folder)?)))
        .find(|(root, workspace)| !excludes(workspace, &path_in(root, &dir)))?;
    let path = path_in(root, &dir);
    let members = texts(&workspace, "members");
    let is_member = members.iter().any(|it| matches(&parts(it), &path));
    is_member.then(|| root.to_owned())
}

/// Removes `..` from a path, as cargo does.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(resolved.pop()),
            part => resolved.push(part),
        }
    }
    resolved
}

fn workspace_in(folder: &Path) -> Option<Table> {
    let bytes = read_file(&folder.join("Cargo.toml"), LONGEST).ok()?;
    let manifest: Table = toml::from_str(std::str::from_utf8(&bytes).ok()?).ok()?;
    manifest.get("workspace")?.as_table().cloned()
}

fn texts<'a>(workspace: &'a Table, key: &str) -> Vec<&'a str> {
    let texts = workspace.get(key).and_then(|it| it.as_array());
    let texts = texts.into_iter().flatten();
    texts.filter_map(|it| it.as_str()).collect()
}

fn path_in(root: &Path, dir: &Path) -> Vec<String> {
    let path = dir.strip_prefix(root).unwrap_or(dir);
    path.iter().map(|it| it.to_string_lossy().into()).collect()
}

fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|it| *it != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts
}

/// Whether the workspace excludes the package or a folder above it, and does not list the
/// package as a member by its exact path.
fn excludes(workspace: &Table, path: &[String]) -> bool {
    let is_above = |excluded: &&str| {
        let excluded = parts(excluded);
        path.len() >= excluded.len() && path.iter().zip(&excluded).all(|(one, other)| one == other)
    };
    let is_named = |member: &&str| parts(member).iter().eq(path.iter());
    texts(workspace, "exclude").iter().any(is_above)
        && !texts(workspace, "members").iter().any(is_named)
}

/// Whether a path matches a pattern with `**` for folders, and `*`, `?` and `[..]` for
/// characters of a name.
fn matches(pattern: &[&str], path: &[String]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => {
            matches(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, path)| matches(pattern, path))
        }
        ([first, rest @ ..], [name, path @ ..]) => {
            let (first, name): (Vec<_>, Vec<_>) = (first.chars().collect(), name.chars().collect());
            names(&first, &name) && matches(rest, path)
        }
        _ => false,
    }
}

fn names(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            names(rest, name)
                || name
                    .split_first()
                    .is_some_and(|(_, name)| names(pattern, name))
        }
        (['?', rest @ ..], [_, name @ ..]) => names(rest, name),
        // `[..]` matches any character here. At worst, a package counts as a member that is
        // not one.
        (['[', rest @ ..], [_, name @ ..]) => {
            let end = rest.iter().position(|it| *it == ']').unwrap_or(rest.len());
            names(rest.get(end + 1..).unwrap_or_default(), name)
        }
        ([one, rest @ ..], [other, name @ ..]) => one == other && names(rest, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    use super::*;

    #[test]
    fn members_of_a_workspace_are_recognized() -> io::Result<()> {
        for (workspace, dir, is_member) in [
            ("members = []", "hello", false),
            ("", "hello", false),
            ("members = ['hello']", "hello", true),
            ("members = ['./crates/*']", "crates/hello", true),
            ("members = ['crates/*']", "crates/deep/hello", false),
            ("members = ['crates/../hello']", "hello", true),
            ("members = ['../hello']", "hello", false),
            ("members = ['hello']", "crates/../hello", true),
            (
                "members = ['*']\nexclude = ['crates/../hello']",
                "hello",
                false,
            ),
            ("members = ['**']", "crates/deep/hello", true),
            ("members = ['crates/**/h?ll*']", "crates/deep/hello", true),
            ("members = ['crates/[a-h]ello']", "crates/hello", true),
            (
                "members = ['crates/*']\nexclude = ['crates/hello']",
                "crates/hello",
                false,
            ),
            (
                "members = ['crates/hello']\nexclude = ['crates']",
                "crates/hello",
                true,
            ),
            ("members = 'crates/*'", "crates/hello", false),
        ] {
            let root = tempfile::tempdir()?;
            let manifest = format!("[workspace]\n{workspace}\n");
            fs::write(root.path().join("Cargo.toml"), manifest)?;
            let of = workspace_of(&root.path().join(dir));
            let expected = is_member.then(|| root.path().to_owned());
            assert_eq!(of, expected, "{workspace} {dir}");
        }
        Ok(())
    }

    #[test]
    fn a_workspace_above_an_excluding_workspace_has_the_member() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let manifest = |folder: &str, text: &str| {
            fs::create_dir_all(root.path().join(folder))?;
            fs::write(root.path().join(folder).join("Cargo.toml"), text)
        };
        manifest("", "[workspace]\nmembers = ['a/b/*']\n")?;
        manifest("a", "[workspace]\nexclude = ['b']\n")?;
        manifest("a/b", "[package]\nname = 'b'\n")?;
        let of = workspace_of(&root.path().join("a/b/hello"));
        assert_eq!(of, Some(root.path().to_owned()));
        Ok(())
    }
}
