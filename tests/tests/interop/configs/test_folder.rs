//! A folder with a configuration and the files that it names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::served::serve;
use tempfile::TempDir;

pub(crate) struct TestFolder {
    folder: TempDir,
}

impl TestFolder {
    /// A folder with a guest, a provider, a middleware, a core module, texts and tokens.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["hello", "provider", "sampler"] {
            let to = folder.path().join(name).with_extension("wasm");
            fs::copy(artifact(name, WASI), to)?;
        }
        let here = |name: &str| folder.path().join(name);
        fs::write(here("core.wasm"), wat::parse_str("(module)")?)?;
        fs::write(here("text.txt"), "no component, no certificate, no key\n")?;
        for (name, token, mode) in [
            ("token", "a-token-of-32-bytes-or-so-it-is-\n", 0o600),
            (
                "token_of_everybody",
                "a-token-of-32-bytes-or-so-it-is-\n",
                0o644,
            ),
            ("token_empty", "\n", 0o600),
            ("token_short", "short\n", 0o600),
            ("token_of_two_words", "a token of several words\n", 0o600),
        ] {
            fs::write(here(name), token)?;
            fs::set_permissions(here(name), fs::Permissions::from_mode(mode))?;
        }
        fs::create_dir(here("in"))?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `serve` with these arguments to its end.
    pub(crate) fn serve(&self, args: &[&str]) -> Result<End> {
        Running::start(&mut serve(self.path(), args))?.end()
    }
}
