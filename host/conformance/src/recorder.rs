//! Collects the checks of one role, and reports each check when it ends.

use crate::check::Check;
use crate::error::Error;
use crate::progress::{Listener, Progress};
use crate::suite::Suite;

/// The suite of a role during its checks.
pub(crate) struct Recorder<'a> {
    pub(crate) suite: Suite,
    pub(crate) warnings: Vec<String>,
    listener: Option<&'a Listener>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(suite: Suite, listener: Option<&'a Listener>) -> Self {
        Self {
            suite,
            warnings: Vec::new(),
            listener,
        }
    }

    /// Starts a suite, and reports its component.
    pub(crate) fn start_suite(
        &self,
        component: &str,
        metrics_version: Option<&str>,
    ) -> Result<(), Error> {
        self.tell(Progress::Suite {
            component,
            metrics_version,
            suite: &self.suite,
        })
    }

    pub(crate) fn add(&mut self, check: Check) -> Result<(), Error> {
        self.tell(Progress::Check(&check))?;
        self.suite.checks.push(check);
        Ok(())
    }

    pub(crate) fn warn(&mut self, warning: String) -> Result<(), Error> {
        self.tell(Progress::Warning(&warning))?;
        self.warnings.push(warning);
        Ok(())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.suite.checks.iter().any(|check| check.name == name)
    }

    fn tell(&self, progress: Progress<'_>) -> Result<(), Error> {
        let told = self.listener.map_or(Ok(()), |listener| listener(progress));
        told.map_err(|source| Error::Listener { source })
    }
}
