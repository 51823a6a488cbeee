use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::configs::root;

/// A page with generated parts.
#[derive(Debug)]
pub(crate) struct Document(pub(crate) &'static str);

impl Document {
    fn path(&self) -> PathBuf {
        root().join(self.0)
    }

    pub(crate) fn text(&self) -> Result<String> {
        fs::read_to_string(self.path()).context(self.0)
    }

    /// Compares a generated part with the page; with `BLESS=1`, writes the part there.
    pub(crate) fn must_have(&self, what: &str, part: &str) -> Result<()> {
        // Trials run at the same time.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let page = self.text()?;
        let begin = format!("<!-- {what}: generated, `make bless` rewrites it -->\n");
        let end = "<!-- end -->\n";
        let (before, rest) = page
            .split_once(&begin)
            .with_context(|| format!("{}: no {begin}", self.0))?;
        let (written, after) = rest.split_once(end).context("no end of it")?;
        if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
            let page = [before, &begin, part, end, after].concat();
            return Ok(fs::write(self.path(), page)?);
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let differ: Vec<_> = lines(written)
            .symmetric_difference(&lines(part))
            .cloned()
            .collect();
        ensure!(
            written == part,
            "{} differs in {what}: run `make bless`:\n{}",
            self.0,
            differ.join("\n")
        );
        Ok(())
    }
}
