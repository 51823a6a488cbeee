//! The examples in all languages. Rust's are in their folder. `tools/languages.sh` lists
//! and builds all others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::reference_tool::ReferenceTool;

/// The roles that exist in all languages.
const ROLES: [&str; 2] = ["reporter", "provider"];

/// The toolchains for Rust, and their endings of file names.
const RUST: [(&str, &str); 2] = [("rust", ".rs"), ("rust-wasi3", "_wasi3.rs")];

/// A source, and the toolchain that makes a component of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Name of the toolchain.
    pub toolchain: String,
    /// Role of the component: `reporter`, `provider` or `raises`.
    pub role: String,
    /// The source, or the first of several files.
    pub source: PathBuf,
}

impl Example {
    /// The component, if it is built.
    #[must_use]
    pub fn component(&self) -> ReferenceTool {
        ReferenceTool::example(&self.toolchain, &self.role)
    }

    /// Checks that the component is not older than its source. A component of an older
    /// source would prove nothing.
    ///
    /// # Errors
    ///
    /// When the source is newer, or a file is missing.
    pub fn is_of_today(&self, component: &Path) -> Result<()> {
        if RUST
            .iter()
            .any(|(toolchain, _)| *toolchain == self.toolchain)
        {
            return Ok(()); // cargo rebuilds it
        }
        let changed = |path: &Path| fs::metadata(path)?.modified();
        ensure!(
            changed(&self.source)? <= changed(component)?,
            "{} has changed: make language-{}",
            self.source.display(),
            self.toolchain
        );
        Ok(())
    }

    /// The ending of the source's name, which is the language.
    #[must_use]
    pub fn language(&self) -> &str {
        let extension = self.source.extension();
        extension.and_then(|text| text.to_str()).unwrap_or_default()
    }
}

/// All reporters and providers.
///
/// # Errors
///
/// When the script does not list them.
pub fn examples() -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    for role in ROLES {
        for (toolchain, ending) in RUST {
            let source = folder().join(format!("{role}{ending}"));
            if source.exists() {
                examples.push(example(toolchain, role, source));
            }
        }
    }
    for role in ROLES {
        examples.extend(built_by_the_script(role)?);
    }
    Ok(examples)
}

/// The example `raises` in all languages (`tests/raises/`).
///
/// # Errors
///
/// When the script does not list them.
pub fn raises() -> Result<Vec<Example>> {
    let mut all = built_by_the_script("raises")?;
    let source = root().join("tests/raises/raises.rs");
    all.push(example("rust", "raises", source));
    Ok(all)
}

fn built_by_the_script(role: &str) -> Result<Vec<Example>> {
    let mut built = Vec::new();
    for line in asked("--components")? {
        let mut words = line.split(' ');
        let mut word = || words.next().with_context(|| line.clone());
        let (toolchain, stem, source) = (word()?, word()?, word()?);
        if stem == role {
            built.push(example(toolchain, role, root().join(source)));
        }
    }
    Ok(built)
}

/// Checks that the list is complete.
///
/// # Errors
///
/// When a reporter or a provider in the folder of the examples is not in the list, or when
/// fewer than eight languages have both.
pub fn are_all(examples: &[Example]) -> Result<()> {
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_file() && ROLES.iter().any(|role| name.starts_with(role)) {
            let known = examples.iter().any(|example| {
                let source = &example.source;
                source.file_name() == path.file_name()
            });
            ensure!(known, "no toolchain builds {name}");
        }
    }
    let of = |role: &str| {
        let examples = examples.iter().filter(|example| example.role == role);
        let mut languages: Vec<_> = examples.map(Example::language).collect();
        languages.sort_unstable();
        languages.dedup();
        languages
    };
    let (reporters, providers) = (of("reporter"), of("provider"));
    ensure!(
        reporters == providers && reporters.len() >= 8,
        "reporters in {reporters:?}, providers in {providers:?}"
    );
    Ok(())
}

/// The names of all toolchains except those for Rust.
///
/// # Errors
///
/// When the script does not list them.
pub fn toolchains() -> Result<Vec<String>> {
    asked("--list")
}

fn asked(question: &str) -> Result<Vec<String>> {
    let script = root().join("tools/languages.sh");
    let output = Command::new(script).arg(question).output()?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let listed: Vec<_> = listed.lines().map(str::to_owned).collect();
    ensure!(output.status.success() && !listed.is_empty(), "{output:?}");
    Ok(listed)
}

fn example(toolchain: &str, role: &str, source: PathBuf) -> Example {
    Example {
        toolchain: toolchain.to_owned(),
        role: role.to_owned(),
        source,
    }
}

fn folder() -> PathBuf {
    root().join("guest/examples")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
