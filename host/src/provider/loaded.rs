use std::fmt;
use std::sync::Arc;

use wasmtime::component::{InstancePre, Linker};

use super::state::ProviderState;
use super::{Grants, Inspection, LoadError, Role, Siblings, contract};
use crate::artifact::Artifacts;
use crate::sandbox::{Ticker, one_line, printable};

/// A provider or a middleware that is loaded: checked, compiled and linked, with
/// what it was granted. Clones share it.
#[derive(Clone)]
pub struct Provider {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    grants: Arc<Grants>,
    pub(super) pre: InstancePre<ProviderState>,
    pub(super) ticker: Arc<Ticker>,
}

impl Provider {
    pub(super) fn load(
        name: &str,
        bytes: &[u8],
        grants: &Grants,
        linker: &Linker<ProviderState>,
        ticker: &Arc<Ticker>,
    ) -> Result<Self, LoadError> {
        let inspection = Inspection::of(name, bytes)?;
        linkable(name, &inspection, grants)?;
        let component = Artifacts::default().plain(linker.engine(), name, bytes)?;
        contract::check(name, &inspection, &component)?;
        let pre = linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Link {
                name: printable(name),
                reason: one_line(&error),
            })?;
        Ok(Self {
            name: name.into(),
            inspection: Arc::new(inspection),
            grants: Arc::new(grants.clone()),
            pre,
            ticker: Arc::clone(ticker),
        })
    }

    /// What it was loaded as.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its outside tells.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// What it was granted.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Which optional interfaces it has.
    #[must_use]
    pub fn siblings(&self) -> Siblings {
        Siblings::of(&self.inspection)
    }

    /// Whether it forwards records.
    #[must_use]
    pub fn is_middleware(&self) -> bool {
        self.inspection.role() == Role::Middleware
    }
}

/// What names tell, before anything is compiled.
fn linkable(name: &str, inspection: &Inspection, grants: &Grants) -> Result<(), LoadError> {
    let wrong = inspection
        .wrong_metrics_versions()
        .chain(inspection.wrong_metrics_exports())
        .next();
    if let Some(interface) = wrong {
        return Err(LoadError::MetricsVersion {
            name: printable(name),
            import: printable(interface.name()),
        });
    }
    if inspection.exported("solti:metrics/backend").is_none() {
        return Err(LoadError::NotAProvider {
            name: printable(name),
            role: inspection.role(),
        });
    }
    let strangers: Vec<_> = inspection
        .unknown_imports()
        .filter(|import| !(cfg!(feature = "wasi-http") && import.is_http()))
        .map(|import| printable(import.name()))
        .collect();
    if !strangers.is_empty() {
        return Err(LoadError::UnknownImports {
            name: printable(name),
            imports: strangers,
        });
    }
    for import in &inspection.imports {
        if let Some(grant) = grants.missing_for(import) {
            return Err(LoadError::NotGranted {
                name: printable(name),
                import: printable(import.name()),
                grant,
            });
        }
    }
    Ok(())
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("siblings", &self.siblings())
            .finish_non_exhaustive()
    }
}
