//! `new`: creates a project for a component.

mod files;
mod folder;
mod kind;
mod name;
mod sdk;
mod templates;
mod workspace;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use solti_metrics_host::WIT_VERSION;
use solti_metrics_host::text::printable;

use crate::exit::{Exit, print};
use crate::messages::print_message;
use crate::new::files::files;
use crate::new::folder::write_all;
use crate::new::kind::{Language, ProjectRole};
use crate::new::name::ProjectName;
use crate::new::sdk::SdkArgs;
use crate::new::workspace::workspace_of;

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Role of the component.
    #[arg(long, value_enum)]
    pub(crate) role: ProjectRole,

    /// Programming language of the component.
    #[arg(long, value_enum)]
    pub(crate) language: Language,

    #[command(flatten)]
    pub(crate) sdk: SdkArgs,

    /// Folder of the project, which must be new or empty.
    pub(crate) dir: PathBuf,
}

pub(crate) fn new(args: &NewArgs) -> anyhow::Result<Exit> {
    if args.sdk.is_given() && args.language != Language::Rust {
        print_message(format_args!(
            "error: --sdk-path and --sdk-version are only valid with --language rust"
        ));
        return Ok(Exit::Misused);
    }
    let name = ProjectName::of(&args.dir)?;
    let sdk = args.sdk.requirement()?;
    let workspace = match args.language {
        Language::Rust => workspace_of(&args.dir),
        _ => None,
    };
    let files = files(
        args.language,
        args.role,
        &name,
        workspace.is_some(),
        sdk.as_deref(),
    );
    write_all(&args.dir, &files)?;
    if let Some(workspace) = workspace {
        let manifest = workspace.join("Cargo.toml");
        print_message(format_args!(
            "note: the project is a member of the workspace in {}, and is built with the profiles and the lock file of the workspace; to build the project alone, exclude it there and add [workspace] to its Cargo.toml",
            printable(&manifest.display().to_string())
        ));
    }
    let mut text = format!(
        "a {} in {} for solti:metrics@{WIT_VERSION}:\n",
        args.role.name(),
        args.language.title()
    );
    for entry in top(files.keys()) {
        text += &format!("  {entry}\n");
    }
    text += &format!("next:\n  cd {}\n  make\n", quoted(&args.dir));
    print(&text)?;
    Ok(Exit::Good)
}

/// Files and folders at the top level of the project.
fn top<'a>(paths: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    paths
        .map(|path| match path.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => path.clone(),
        })
        .collect()
}

/// Quotes a path, so that a shell reads it as one word.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        for (path, word) in [
            ("../my-guest", "../my-guest"),
            ("my things/guest", "'my things/guest'"),
            ("it's/guest", r"'it'\''s/guest'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
