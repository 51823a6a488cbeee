use std::ops::Deref;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::test_folder;

/// A folder of its own for a test, in which the command is run, and where it keeps
/// its code.
pub(crate) struct TestFolder(test_folder::TestFolder);

impl TestFolder {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(test_folder::TestFolder::with_own_cache()?))
    }

    /// A folder with the component `guest.wasm`.
    pub(crate) fn with(guest: &[u8]) -> Result<Self> {
        let place = Self::new()?;
        place.write("guest.wasm", guest)?;
        Ok(place)
    }

    /// Runs a guest that way, which must succeed, and returns what was said on
    /// standard error.
    pub(crate) fn succeeds(&self, args: &[&str]) -> Result<String> {
        let end = self.run(args)?;
        ensure!(end.code == Some(0), "{args:?}\n{end}");
        Ok(end.stderr)
    }

    /// Runs a guest that must not load, also by the report. Returns the reason.
    pub(crate) fn is_not_loaded(&self, args: &[&str]) -> Result<String> {
        let args = [&["run", "--format", "json"], args].concat();
        let end = self.run(&args)?;
        ensure!(end.code == Some(1), "{args:?}\n{end}");
        let report: Value = serde_json::from_str(&end.stdout).context("a report")?;
        let error = &report["errors"][0];
        ensure!(error["error"] == "module_load_failed", "{report}");
        ensure!(error["count"] == 1, "{report}");
        Ok(end.stderr)
    }
}

impl Deref for TestFolder {
    type Target = test_folder::TestFolder;

    fn deref(&self) -> &test_folder::TestFolder {
        &self.0
    }
}
