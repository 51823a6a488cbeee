//! The files of the project, without built and fetched ones.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// Folders with generated or fetched files only.
const NOT_OURS: [&str; 3] = ["target", "node_modules", "__pycache__"];

/// A text file of the project.
pub(crate) struct File {
    /// Path in the project, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files with this extension.
pub(crate) fn files(extension: &str) -> Result<Vec<File>> {
    let suffix = format!(".{extension}");
    let mut files = Vec::new();
    for path in paths()? {
        if path.ends_with(&suffix) {
            let text = fs::read_to_string(root().join(&path))?;
            files.push(File { path, text });
        }
    }
    ensure!(!files.is_empty(), "the project has no {suffix} file");
    Ok(files)
}

/// The paths of all files, in order.
pub(crate) fn paths() -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![(root(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_file() {
                paths.push(path);
            } else if kind.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&&*name) {
                folders.push((entry.path(), format!("{path}/")));
            }
        }
    }
    paths.sort();
    Ok(paths)
}
