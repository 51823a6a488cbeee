use std::fmt;
use std::path::{Path, absolute};

use anyhow::{Context, bail};

/// A crate's, and so that of everything else that is named for the project.
const LONGEST: usize = 64;

/// Names of folders in which cargo keeps what it builds.
const CARGO_S: [&str; 4] = ["build", "deps", "examples", "incremental"];

/// A project's name, which every language takes, and WIT: words of small letters and
/// digits, with hyphens between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// The last part of a folder's path.
    pub(crate) fn of(dir: &Path) -> anyhow::Result<Self> {
        let shown = dir.display();
        let absolute =
            absolute(dir).with_context(|| format!("cannot make a project in {shown}"))?;
        let name = absolute.file_name().with_context(|| {
            format!("{shown} has no name for a project: name the folder itself")
        })?;
        let name = name.to_string_lossy();
        if !is_kebab_case(&name) {
            bail!(
                "{name:?} is no name for a project: use letters from a to z and digits, with a \
                 hyphen between words, a letter first, and no more than {LONGEST} of them"
            );
        }
        if CARGO_S.contains(&&*name) {
            bail!("{name:?} is a name that cargo keeps for itself: choose another");
        }
        Ok(Self(name.into_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !word.is_empty() && word.chars().all(known)
    };
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_path_is_the_name() -> anyhow::Result<()> {
        for path in ["my-guest-2", "./my-guest-2", "/some where/my-guest-2/"] {
            assert_eq!(Name::of(Path::new(path))?.to_string(), "my-guest-2");
        }
        Ok(())
    }

    #[test]
    fn what_some_language_would_refuse_is_refused() {
        let long = "a".repeat(65);
        let bad = [
            "Guest",
            "my_guest",
            "2guests",
            "-guest",
            "guest-",
            "my--guest",
            "a.b",
            "gäst",
            "my guest",
            "{{name}}",
            "build",
            "deps",
            &long,
        ];
        for name in bad {
            assert!(Name::of(Path::new(name)).is_err(), "{name}");
        }
        for path in ["/", "", ".."] {
            assert!(Name::of(Path::new(path)).is_err(), "{path:?}");
        }
    }
}
