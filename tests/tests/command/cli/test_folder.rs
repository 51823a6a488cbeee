use std::ops::Deref;

use anyhow::Result;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::child::End;
use solti_metrics_tests::test_folder;

/// A folder of its own for a test, in which the command is run.
pub(crate) struct TestFolder(test_folder::TestFolder);

impl TestFolder {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(test_folder::TestFolder::new()?))
    }

    /// A folder with the component `guest.wasm`.
    pub(crate) fn with(guest: &[u8]) -> Result<Self> {
        let place = Self::new()?;
        place.write("guest.wasm", guest)?;
        Ok(place)
    }

    /// A folder with `files` in its folder `in`, for `digest` to hash.
    pub(crate) fn with_files(files: &[&str]) -> Result<Self> {
        let place = Self::new()?;
        for file in files {
            place.write(&format!("in/{file}"), file.as_bytes())?;
        }
        Ok(place)
    }

    /// Runs `digest` over the folder `in`.
    pub(crate) fn digest(&self, options: &[&str]) -> Result<End> {
        let digest = digest();
        let mut args = vec!["run", "--dir", "."];
        args.extend(options);
        args.extend([digest.as_str(), "--", "in"]);
        self.run(&args)
    }
}

impl Deref for TestFolder {
    type Target = test_folder::TestFolder;

    fn deref(&self) -> &test_folder::TestFolder {
        &self.0
    }
}

/// The component made of `guest/examples/digest.rs`.
pub(crate) fn digest() -> String {
    artifact("digest", WASI).display().to_string()
}
