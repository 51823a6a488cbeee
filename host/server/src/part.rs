//! A component file with its grants.

use std::path::{Path, PathBuf};

use solti_metrics_host::provider::Grants;

use crate::grant::Grant;

/// One component, with what it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The file of the component, or `-` for standard input.
    pub file: PathBuf,
    /// What it is granted.
    pub grants: Grants,
    /// Whether what it prints is shown.
    pub output: bool,
}

impl Part {
    /// A component that is granted nothing.
    pub fn new(file: &Path) -> Self {
        Self {
            file: file.into(),
            grants: Grants::new(),
            output: false,
        }
    }

    /// A component that was granted all of this.
    pub fn granted(file: &Path, grants: &[Grant]) -> Self {
        let mut part = Self::new(file);
        grants.iter().for_each(|grant| part.grant(grant));
        part
    }

    /// Grants it this as well.
    pub fn grant(&mut self, grant: &Grant) {
        let grants = std::mem::take(&mut self.grants);
        self.grants = match grant {
            Grant::Env(key, value) => grants.env(key, value),
            Grant::Dir(dir) => grants.dir(&dir.host, &dir.guest, dir.access),
            Grant::Tcp(address) => grants.tcp(*address),
            Grant::Udp(address) => grants.udp(*address),
            Grant::Http(authority) => grants.http(authority),
            Grant::NoNetwork => grants.no_network(),
            Grant::Output => {
                self.output = true;
                grants
            }
        };
    }
}
