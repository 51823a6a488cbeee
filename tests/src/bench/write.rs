use std::fs;
use std::path::Path;

use super::Result;

/// Writes a file, and creates its folder.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let wrong = |error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    fs::write(path, text).map_err(wrong)?;
    Ok(())
}
