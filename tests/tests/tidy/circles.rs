//! No two files import each other, directly or through others.
//!
//! A module and its submodules count as one: a parent declares its children and
//! re-exports their items.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::code::{code, is_word};
use crate::tree::{File, files};

/// The root files of a crate.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

/// Names of modules from the crate's root on. The root itself has none.
type Path = Vec<String>;

/// The path of a `use`, and the name that it defines.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Use {
    path: Path,
    name: String,
}

/// The modules of a crate, each with what it imports.
#[derive(Debug, Default)]
struct Crate(BTreeMap<Path, Vec<Use>>);

#[test]
fn no_two_files_import_each_other() -> Result<()> {
    let files = files("rs")?;
    let folders: BTreeSet<_> = files.iter().filter_map(|file| crate_folder(file)).collect();
    ensure!(folders.len() > 3, "only {folders:?} are crates");
    let mut found = Vec::new();
    for folder in folders {
        let of_crate = files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(folder)?;
            Some((module(path)?, uses(&without_tests(&code(&file.text)))))
        });
        let circles = Crate(of_crate.collect()).circles();
        found.extend(circles.into_iter().map(|circle| (folder, circle)));
    }
    ensure!(found.is_empty(), "these import each other: {found:#?}");
    Ok(())
}

/// The folder of the crate with this root file.
fn crate_folder(file: &File) -> Option<&str> {
    let (folder, name) = file.path.rsplit_once('/')?;
    let is_source = folder == "src" || folder.ends_with("/src");
    (is_source && ROOTS.contains(&name)).then(|| &file.path[..=folder.len()])
}

fn module(path: &str) -> Option<Path> {
    if ROOTS.contains(&path) {
        return Some(Path::new());
    }
    let parts = path.strip_suffix(".rs")?.split('/').map(str::to_owned);
    let parts: Path = parts.collect();
    // Tests may import all items.
    (!parts.iter().any(|part| part == "tests")).then_some(parts)
}

fn without_tests(code: &str) -> String {
    let end = code.find("#[cfg(test)]\nmod tests {");
    code[..end.unwrap_or(code.len())].to_owned()
}

/// All paths that start at the crate's root, a parent or the module itself.
fn uses(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        if !code[..at].ends_with(is_word)
            && let Some(end) = code[at..].find(';')
        {
            expand(&code[at + 4..at + end], &Path::new(), &mut found);
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = &code[..at];
            if before.ends_with(is_word) || before.ends_with(':') {
                continue;
            }
            let end = code[at..].find(|c| !is_word(c) && c != ':');
            let path = &code[at..end.map_or(code.len(), |end| at + end)];
            expand(path.trim_end_matches(':'), &Path::new(), &mut found);
        }
    }
    found
}

/// Adds the paths of a tree of names after `before`.
fn expand(tree: &str, before: &[String], found: &mut Vec<Use>) {
    let tree = tree.trim();
    if let Some((path, group)) = tree.split_once('{') {
        let mut before = before.to_vec();
        let parts = path.split("::").map(str::trim).filter(|it| !it.is_empty());
        before.extend(parts.map(str::to_owned));
        for part in split(group.strip_suffix('}').unwrap_or(group)) {
            expand(part, &before, found);
        }
        return;
    }
    let (path, alias) = match tree.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim())),
        None => (tree, None),
    };
    let mut parts = before.to_vec();
    let named = path.split("::").map(str::trim);
    parts.extend(
        named
            .filter(|it| !it.is_empty() && *it != "self")
            .map(str::to_owned),
    );
    if path.trim_start().starts_with("self::") && before.is_empty() {
        parts.insert(0, "self".into());
    }
    if let Some(last) = parts.last().cloned() {
        let name = alias.map_or(last, str::to_owned);
        found.push(Use { path: parts, name });
    }
}

/// Splits at commas outside of inner groups.
fn split(group: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[begin..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

impl Crate {
    /// Groups of modules that reach each other.
    fn circles(&self) -> Vec<Vec<String>> {
        let arrows: BTreeMap<_, _> = self.0.keys().map(|it| (it, self.arrows(it))).collect();
        let reach = |from: &Path| -> BTreeSet<Path> {
            let mut reached = BTreeSet::new();
            let mut next = vec![from.clone()];
            while let Some(at) = next.pop() {
                for to in arrows.get(&at).into_iter().flatten() {
                    if reached.insert(to.clone()) {
                        next.push(to.clone());
                    }
                }
            }
            reached
        };
        let reached: BTreeMap<_, _> = self.0.keys().map(|it| (it, reach(it))).collect();
        let mut circles = BTreeSet::new();
        for (from, all) in &reached {
            let back = |to: &&Path| reached.get(*to).is_some_and(|it| it.contains(*from));
            let circle: BTreeSet<_> = all.iter().filter(back).map(|it| it.join("/")).collect();
            if circle.len() > 1 {
                circles.insert(circle.into_iter().collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }

    /// The modules from which a module imports, without its parents and submodules.
    fn arrows(&self, from: &Path) -> BTreeSet<Path> {
        let uses = self.0.get(from).into_iter().flatten();
        let to = uses.filter_map(|it| self.resolve(from, &it.path, 8));
        to.filter(|to| !to.starts_with(from) && !from.starts_with(to))
            .collect()
    }

    /// The module that defines the named item, through all re-exports.
    fn resolve(&self, from: &Path, named: &[String], depth: usize) -> Option<Path> {
        let mut at = from.clone();
        let mut rest = named;
        match named.first()?.as_str() {
            "crate" => (at, rest) = (Path::new(), &named[1..]),
            "self" => rest = &named[1..],
            "super" => {
                while let Some((_, behind)) = rest.split_first().filter(|it| it.0 == "super") {
                    at.pop();
                    rest = behind;
                }
            }
            child => {
                let mut beneath = at.clone();
                beneath.push(child.into());
                self.0.get(&beneath)?;
            }
        }
        while let Some((first, behind)) = rest.split_first() {
            at.push(first.clone());
            if !self.0.contains_key(&at) {
                at.pop();
                break;
            }
            rest = behind;
        }
        let again = rest.first().and_then(|name| {
            let exported = self.0.get(&at)?.iter().find(|it| it.name == *name)?;
            let depth = depth.checked_sub(1)?;
            (at != *from).then(|| self.resolve(&at, &exported.path, depth))?
        });
        Some(again.unwrap_or(at))
    }
}

#[test]
fn circles_are_found_behind_re_exports() {
    let of = |modules: &[(&str, &str)]| {
        let modules = modules.iter().filter_map(|(path, text)| {
            let module = module(path)?;
            Some((module, uses(&without_tests(&code(text)))))
        });
        Crate(modules.collect()).circles()
    };
    let root = ("lib.rs", "mod a; mod b; pub use a::{One, two as Two};");
    for (a, b, circles) in [
        ("use crate::b::Three;", "use crate::a::One;", 1),
        ("use crate::b::Three;", "use crate::{One, Other};", 1),
        ("fn f() -> crate::b::Three {}", "use super::Two;", 1),
        ("use crate::b::{self};", "// use crate::a::One;", 0),
        ("use std::fmt;", "use crate::a::{One};", 0),
        (
            "use crate::b::Three;",
            "#[cfg(test)]\nmod tests { use crate::a::One; }",
            0,
        ),
    ] {
        let found = of(&[root, ("a.rs", a), ("b.rs", b)]);
        assert_eq!(found.len(), circles, "{a} {b}: {found:?}");
    }
}
