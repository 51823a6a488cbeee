//! No two files import each other, directly or through others.
//!
//! A module and its submodules count as one: a parent declares its children and
//! re-exports their items.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::modules::{Crate, Path, crates};

#[test]
fn no_two_files_import_each_other() -> Result<()> {
    let crates = crates()?;
    ensure!(crates.len() > 3, "only {:?} are crates", crates.keys());
    let mut found = Vec::new();
    for (folder, of_crate) in crates {
        let circles = of_crate.circles();
        found.extend(circles.into_iter().map(|circle| (folder.clone(), circle)));
    }
    ensure!(found.is_empty(), "these import each other: {found:#?}");
    Ok(())
}

impl Crate {
    /// Groups of modules that reach each other.
    fn circles(&self) -> Vec<Vec<String>> {
        let arrows: BTreeMap<_, _> = self.paths().map(|it| (it, self.arrows(it))).collect();
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
        let reached: BTreeMap<_, _> = self.paths().map(|it| (it, reach(it))).collect();
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
        let to = self.uses(from).iter();
        let to = to.filter_map(|it| Some(self.resolve(from, &it.path)?.0));
        to.filter(|to| !to.starts_with(from) && !from.starts_with(to))
            .collect()
    }
}

#[test]
fn circles_are_found_behind_re_exports() {
    let of = |modules: &[(&str, &str)]| Crate::of(modules.iter().copied()).circles();
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
