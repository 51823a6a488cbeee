//! Name of a project.

use std::fmt;
use std::path::{Path, absolute};

use anyhow::{Context, bail};

/// Maximum length of the name of a crate, and of a project.
const LONGEST: usize = 64;

/// Names of folders that cargo uses for build results.
const CARGO_FOLDERS: [&str; 4] = ["build", "deps", "examples", "incremental"];

/// Name of a project, which is valid in every language and in WIT: words of lowercase
/// letters and digits, separated by hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectName(String);

impl ProjectName {
    /// The last component of the path of a folder.
    pub(crate) fn of(dir: &Path) -> anyhow::Result<Self> {
        let shown = dir.display();
        let absolute =
            absolute(dir).with_context(|| format!("cannot create a project in {shown}"))?;
        let name = absolute.file_name().with_context(|| {
            format!("{shown} has no folder name; name the folder of the project by its own name")
        })?;
        let name = name.to_string_lossy();
        if !is_kebab_case(&name) {
            bail!(
                "{name:?} is not a valid project name; use at most {LONGEST} characters: letters from a to z and digits, \
                 with a letter first and a hyphen between words"
            );
        }
        if CARGO_FOLDERS.contains(&&*name) {
            bail!("{name:?} is a name that cargo reserves; choose another name");
        }
        Ok(Self(name.into_owned()))
    }
}

impl fmt::Display for ProjectName {
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
    fn the_last_component_of_a_path_is_the_name() -> anyhow::Result<()> {
        for path in ["my-guest-2", "./my-guest-2", "/some where/my-guest-2/"] {
            assert_eq!(ProjectName::of(Path::new(path))?.to_string(), "my-guest-2");
        }
        Ok(())
    }

    #[test]
    fn names_that_are_invalid_in_a_language_are_rejected() {
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
            assert!(ProjectName::of(Path::new(name)).is_err(), "{name}");
        }
        for path in ["/", "", ".."] {
            assert!(ProjectName::of(Path::new(path)).is_err(), "{path:?}");
        }
    }
}
