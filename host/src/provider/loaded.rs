//! Loaded providers, and their loader.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::{Component, InstancePre, Linker};

use super::state::ProviderState;
use super::{Grants, OptionalInterfaces, contract};
use crate::artifact::{
    ArtifactKey, CodeInput, CodeKind, EngineArtifacts, FoundCode, Inspected, LoadedCode, NotUsed,
    Origin, Precompiled, ReadyCode, Refusal,
};
use crate::component::{Inspection, LoadError, Role, UnknownInterface};
use crate::engine::{ByInlining, Ticker};
use crate::text::{one_line, printable};

/// A loaded provider or middleware: checked, compiled and linked, with its grants. Clones share the
/// code.
#[derive(Clone)]
pub struct Provider {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    grants: Arc<Grants>,
    origin: Origin,
    refusal: Option<Refusal>,
    pub(super) pre: InstancePre<ProviderState>,
    pub(super) ticker: Arc<Ticker>,
}

/// An engine, its functions, and code for it.
pub(super) struct ProviderEngine {
    pub(super) linker: Linker<ProviderState>,
    pub(super) artifacts: EngineArtifacts,
}

/// Loads providers with these grants.
pub(super) struct ProviderLoader<'a> {
    pub(super) engines: &'a ByInlining<ProviderEngine>,
    pub(super) ticker: &'a Arc<Ticker>,
    pub(super) grants: &'a Grants,
}

impl ProviderLoader<'_> {
    pub(super) fn load(&self, name: &str, mut given: CodeInput<'_>) -> Result<Provider, LoadError> {
        let each = self.engines.both().map(|it| &it.artifacts);
        let cached = |component| {
            let mut each = each.iter();
            each.find_map(|it| it.cached(CodeKind::Plain, component))
        };
        let ready = each[0].ready(
            name,
            &mut given,
            |inspection| Ok(&self.engine(inspection).artifacts),
            cached,
            |code| self.of_code(name, code),
        );
        let refusal = match ready? {
            FoundCode::Loaded(provider) => return Ok(provider),
            FoundCode::Nothing(refusal) => refusal,
        };
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        linkable(name, &inspection)?;
        granted(name, &inspection, self.grants)?;
        let loaded = self.engine(&inspection).artifacts.plain(Inspected {
            name,
            inspection: &inspection,
            bytes: &component,
        })?;
        let provider = self.linked(name, inspection, loaded)?;
        Ok(Provider {
            refusal,
            ..provider
        })
    }

    fn engine(&self, it: &Inspection) -> &ProviderEngine {
        self.engines.of(it.is_inlined())
    }

    fn of_code(&self, name: &str, code: &ReadyCode<'_>) -> Result<Provider, NotUsed> {
        if code.kind != CodeKind::Plain {
            return Err(Refusal::OtherUse.into());
        }
        let inspection = &code.inspection;
        linkable(name, inspection)?;
        granted(name, inspection, self.grants)?;
        let loaded = LoadedCode {
            component: code.plain()?,
            origin: code.origin,
        };
        Ok(self.linked(name, inspection.clone(), loaded)?)
    }

    fn linked(
        &self,
        name: &str,
        inspection: Inspection,
        loaded: LoadedCode<Component>,
    ) -> Result<Provider, LoadError> {
        let LoadedCode { component, origin } = loaded;
        contract::check(name, &inspection, &component)?;
        let linker = &self.engine(&inspection).linker;
        let linked = linker.instantiate_pre(&component);
        Ok(Provider {
            name: name.into(),
            inspection: Arc::new(inspection),
            grants: Arc::new(self.grants.clone()),
            origin,
            refusal: None,
            pre: linked.map_err(|error| LoadError::Link {
                name: printable(name),
                reason: one_line(&error),
            })?,
            ticker: Arc::clone(self.ticker),
        })
    }

    pub(super) fn precompile(
        &self,
        name: &str,
        given: CodeInput<'_>,
        key: &ArtifactKey,
    ) -> Result<Precompiled, LoadError> {
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        linkable(name, &inspection)?;
        let it = Inspected {
            name,
            inspection: &inspection,
            bytes: &component,
        };
        self.engine(&inspection).artifacts.sealed_plain(it, key)
    }
}

impl Provider {
    /// Name under which the provider was loaded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Imports, exports and role of the component.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Grants of the provider.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Origin of the provider's code.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Reason why the code in a precompiled file was not used.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Optional interfaces that the provider exports.
    #[must_use]
    pub fn optional_interfaces(&self) -> OptionalInterfaces {
        OptionalInterfaces::of(&self.inspection)
    }

    /// Whether the provider forwards records.
    #[must_use]
    pub fn is_middleware(&self) -> bool {
        self.inspection.role() == Role::Middleware
    }
}

/// Checks the names of imports and exports, before anything is compiled.
fn linkable(name: &str, inspection: &Inspection) -> Result<(), LoadError> {
    if let Some(import) = inspection.wrong_metrics_versions().next() {
        let unknown = UnknownInterface::imported(import);
        return Err(LoadError::wrong_metrics(name, import, unknown));
    }
    if let Some(export) = inspection.wrong_metrics_exports().next() {
        let unknown = UnknownInterface::exported(export);
        return Err(LoadError::wrong_metrics(name, export, unknown));
    }
    if inspection.exported("solti:metrics/backend").is_none() {
        return Err(LoadError::NotAProvider {
            name: printable(name),
            role: inspection.role(),
        });
    }
    if let Some(reason) = &inspection.needs_async {
        return Err(LoadError::NeedsAsync {
            name: printable(name),
            reason: reason.clone(),
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
    Ok(())
}

/// Checks that every import that needs a grant has it.
fn granted(name: &str, inspection: &Inspection, grants: &Grants) -> Result<(), LoadError> {
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
            .field("optional_interfaces", &self.optional_interfaces())
            .finish_non_exhaustive()
    }
}
