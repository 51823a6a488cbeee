//! An item of a library has one public path: its module, if that is public, or the module
//! that re-exports it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::code::is_word;
use crate::modules::{Crate, Path, crates};

/// The folders of the libraries that others depend on.
const LIBRARIES: [&str; 5] = [
    "guest/src/",
    "host/conformance/src/",
    "host/server/src/",
    "host/src/",
    "src/",
];

/// The first word of the definition of an item that has a name.
const ITEMS: [&str; 7] = [
    "const ", "enum ", "fn ", "static ", "struct ", "trait ", "type ",
];

#[test]
fn an_item_of_a_library_has_one_public_path() -> Result<()> {
    let crates = crates()?;
    let mut found = BTreeMap::new();
    for library in LIBRARIES {
        let of_crate = crates.get(library);
        let public = of_crate.map(Crate::public_paths).unwrap_or_default();
        ensure!(public.len() > 5, "{library} has only {public:?}");
        let several = public.into_iter().filter(|(_, paths)| paths.len() > 1);
        found.extend(several.map(|(item, paths)| (format!("{library}{item}"), paths)));
    }
    ensure!(
        found.is_empty(),
        "these have more than one public path: {found:#?}"
    );
    Ok(())
}

impl Crate {
    /// The public paths of each public item, by where it is defined.
    fn public_paths(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::<_, BTreeSet<_>>::new();
        let mut add = |item: Path, path: Path| {
            found
                .entry(item.join("::"))
                .or_default()
                .insert(path.join("::"));
        };
        for module in self.paths().filter(|it| self.is_public(it)) {
            for name in defined(self.code(module)) {
                let item = beneath(module, name);
                add(item.clone(), item);
            }
            for it in self.uses(module).iter().filter(|it| it.is_public) {
                let item = match self.resolve(module, &it.path) {
                    Some((module, rest)) => [module, rest].concat(),
                    None => it.path.clone(),
                };
                add(item, beneath(module, &it.name));
            }
        }
        found
    }

    /// Whether all that a module is in, and itself, are public.
    fn is_public(&self, module: &Path) -> bool {
        let Some((name, parent)) = module.split_last() else {
            return true;
        };
        let declaration = format!("pub mod {name};");
        let parent = parent.to_vec();
        self.code(&parent).lines().any(|it| it == declaration) && self.is_public(&parent)
    }
}

fn beneath(module: &Path, name: &str) -> Path {
    [module.as_slice(), &[name.to_owned()]].concat()
}

/// The names of all items that code defines for whoever can name its module.
fn defined(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter_map(|line| {
        let mut rest = line.strip_prefix("pub ")?;
        for before in ["const fn ", "async fn "] {
            rest = rest.strip_prefix(before).map_or(rest, |_| &rest[6..]);
        }
        let rest = ITEMS.into_iter().find_map(|item| rest.strip_prefix(item))?;
        let name = rest.split(|c| !is_word(c)).next();
        name.filter(|it| !it.is_empty())
    })
}

#[test]
fn a_second_public_path_is_found() {
    let found = |files: &[(&str, &str)]| {
        let public = Crate::of(files.iter().copied()).public_paths();
        let several = public.into_values().filter(|paths| paths.len() > 1);
        several.flatten().collect::<Vec<_>>()
    };
    let private = ("a.rs", "pub struct One;\npub use one::Two;\nmod one;");
    let inner = ("a/one.rs", "pub struct Two;");
    let text = ("text.rs", "pub use printable::printable;\nmod printable;");
    let printable = ("text/printable.rs", "pub fn printable() {}");
    for (root, b, paths) in [
        (
            "mod a;\npub mod b;\npub use a::One;",
            "pub use crate::a::One;",
            &["One", "b::One"][..],
        ),
        (
            "mod a;\npub mod b;\npub use a::{One, Two as Other};",
            "pub use super::Other;",
            &["Other", "b::Other"],
        ),
        (
            "mod a;\npub mod b;\npub use b::Three;",
            "pub const fn Three() {}",
            &["Three", "b::Three"],
        ),
        (
            "mod a;\npub mod b;\npub use other::Four;",
            "pub use other::Four;",
            &["Four", "b::Four"],
        ),
        (
            "pub mod text;\npub mod b;",
            "pub use crate::text::printable;",
            &["b::printable", "text::printable"],
        ),
        (
            "mod a;\npub mod b;\npub use a::One;",
            "pub(crate) use crate::a::One;\nuse crate::a::Two;",
            &[],
        ),
        (
            "mod a;\nmod b;\npub use a::One;",
            "pub use crate::a::One;",
            &[],
        ),
    ] {
        assert_eq!(
            found(&[
                ("lib.rs", root),
                private,
                inner,
                text,
                printable,
                ("b.rs", b)
            ]),
            paths
        );
    }
}
