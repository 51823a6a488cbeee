use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::campaign::Random;

/// The folder of the compilation cache, seen from outside.
pub(super) struct CacheFolder(PathBuf);

impl CacheFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of all files. The folder may not exist yet.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Number of entries with code, and whether there is a file that is not complete.
    pub(super) fn state(&self) -> (usize, bool) {
        let names = self.names();
        let entries = names.iter().filter(|name| name.ends_with(".code"));
        (
            entries.count(),
            names.iter().any(|name| is_unfinished(name)),
        )
    }

    /// Checks that the folder has nothing but the key and complete entries within `size`.
    pub(super) fn must_be_clean(&self, size: u64) -> Result<()> {
        let mut total = 0;
        for name in self.names() {
            let entry = name.strip_suffix(".code");
            let entry = entry.is_some_and(|name| name.len() == 64);
            ensure!(entry || name == "key", "{name} is in the cache");
            if entry {
                total += fs::metadata(self.0.join(&name))?.len();
            }
        }
        ensure!(total <= size, "{total} bytes in a cache of {size}");
        Ok(())
    }

    /// Damages about half of the entries, as a file system does that loses power. Returns
    /// their number.
    pub(super) fn damage(&self, random: &mut Random) -> Result<u64> {
        let mut names = self.names();
        names.retain(|name| name.ends_with(".code"));
        names.sort();
        let mut damaged = 0;
        for name in names {
            if random.one_in(2) {
                continue;
            }
            let path = self.0.join(name);
            let length = fs::metadata(&path)?.len();
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(random.below(length.max(1)))?;
            if random.one_in(2) {
                // The blocks at the end were never written.
                file.set_len(length)?;
            }
            damaged += 1;
        }
        Ok(damaged)
    }

    pub(super) fn remove(&self) -> Result<()> {
        if self.0.exists() {
            fs::remove_dir_all(&self.0)?;
        }
        Ok(())
    }
}

/// Returns whether a file gets another name when it is complete.
fn is_unfinished(name: &str) -> bool {
    name.starts_with("unfinished-") || name.starts_with(".tmp")
}
