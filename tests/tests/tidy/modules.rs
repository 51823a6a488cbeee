//! The modules of a crate, and what each takes from others, as their source says it.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::code::{code, is_word};
use crate::tree::{File, files};

/// The files in which a crate begins.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

/// So many re-exports are followed.
const DEEPEST: usize = 8;

/// Names of modules from the crate's root on; none is the root itself.
pub(crate) type Path = Vec<String>;

/// The path of a `use`, and the name that it introduces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) path: Path,
    pub(crate) name: String,
    /// Whether it is a `pub use`.
    pub(crate) is_public: bool,
}

/// The content of a file, without its tests.
#[derive(Debug)]
struct Module {
    code: String,
    uses: Vec<Use>,
}

/// The modules of a crate.
#[derive(Debug, Default)]
pub(crate) struct Crate(BTreeMap<Path, Module>);

/// All crates, by the folder of their source.
pub(crate) fn crates() -> Result<BTreeMap<String, Crate>> {
    let files = files("rs")?;
    let folders = files.iter().filter_map(crate_folder);
    let of_folder = |folder: &str| {
        Crate::of(files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(folder)?;
            Some((path, file.text.as_str()))
        }))
    };
    Ok(folders
        .map(|folder| (folder.to_owned(), of_folder(folder)))
        .collect())
}

impl Crate {
    /// The crate of these files, by their paths within its folder.
    pub(crate) fn of<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let modules = files.filter_map(|(path, text)| {
            let code = without_tests(&code(text));
            let uses = uses(&code);
            Some((module(path)?, Module { code, uses }))
        });
        Self(modules.collect())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys()
    }

    /// Imports and re-exports of a module.
    pub(crate) fn uses(&self, module: &Path) -> &[Use] {
        self.0.get(module).map_or(&[], |it| &it.uses)
    }

    /// The code of a module.
    pub(crate) fn code(&self, module: &Path) -> &str {
        self.0.get(module).map_or("", |it| &it.code)
    }

    /// The module in which what is named stands, behind all re-exports, and what it is
    /// called there. Nothing, if it is of another crate.
    pub(crate) fn resolve(&self, from: &Path, named: &[String]) -> Option<(Path, Path)> {
        self.follow(from, named, DEEPEST)
    }

    fn re_exports(&self, module: &Path, name: &str) -> bool {
        let mut uses = self.uses(module).iter();
        uses.any(|it| it.is_public && it.name == name)
    }

    fn follow(&self, from: &Path, named: &[String], depth: usize) -> Option<(Path, Path)> {
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
            // Seen from elsewhere, a private module is not there, and what it is named for is.
            let is_item = behind.is_empty() && at != *from && self.re_exports(&at, first);
            at.push(first.clone());
            if is_item || !self.0.contains_key(&at) {
                at.pop();
                break;
            }
            rest = behind;
        }
        let again = rest.split_first().and_then(|(name, behind)| {
            let named = self.uses(&at).iter().filter(|it| it.name == *name);
            let exported = named.max_by_key(|it| it.is_public)?;
            let depth = depth.checked_sub(1)?;
            let mut path = exported.path.clone();
            path.extend_from_slice(behind);
            (at != *from).then(|| self.follow(&at, &path, depth))?
        });
        Some(again.unwrap_or_else(|| (at, rest.to_vec())))
    }
}

/// The folder of the crate that begins in this file.
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
    // Tests may look at whatever they are about.
    (!parts.iter().any(|part| part == "tests")).then_some(parts)
}

fn without_tests(code: &str) -> String {
    let end = code.find("#[cfg(test)]\nmod tests {");
    code[..end.unwrap_or(code.len())].to_owned()
}

/// All that is named from the crate's root, a parent or the module itself on.
fn uses(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        if !code[..at].ends_with(is_word)
            && let Some(end) = code[at..].find(';')
        {
            let before = found.len();
            expand(&code[at + 4..at + end], &Path::new(), &mut found);
            let is_public = code[..at].lines().next_back() == Some("pub ");
            for it in &mut found[before..] {
                it.is_public = is_public;
            }
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

/// Adds what a tree of names has beneath `before`.
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
        found.push(Use {
            path: parts,
            name,
            is_public: false,
        });
    }
}

/// The parts between commas. Commas in a group do not count.
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
