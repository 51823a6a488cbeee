//! A component file with its grants.

use std::path::{Path, PathBuf};

use solti_metrics_host::provider::Grants;

use crate::grant::Grant;

/// A component file, with the grants of the component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedComponent {
    /// File of the component, or `-` for standard input.
    pub file: PathBuf,
    /// Grants of the component.
    pub grants: Grants,
    /// Whether the output of the component is shown.
    pub output: bool,
}

impl GrantedComponent {
    /// A component without grants.
    pub fn new(file: &Path) -> Self {
        Self {
            file: file.into(),
            grants: Grants::new(),
            output: false,
        }
    }

    /// A component with these grants.
    pub fn granted(file: &Path, grants: &[Grant]) -> Self {
        let mut source = Self::new(file);
        grants.iter().for_each(|grant| source.grant(grant));
        source
    }

    /// Adds a grant.
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
