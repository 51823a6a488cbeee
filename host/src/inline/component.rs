//! Components that are compiled with the shim.

use std::fmt;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};

use super::error::InlineError;
use super::plug::{NotComposed, refuse_private, with_checked_shim};
use super::recorded::Recorded;
use crate::bounds::bound_types;
use crate::code::ShimComponent;
use crate::component::{Inspection, LoadError, UnknownInterface};
use crate::contained::contained;
use crate::process::ProcessLimit;
use crate::text::{one_line, printable};

/// A component that was composed with the shim, and compiled for an engine. Clones share the code.
///
/// All exports of the component remain, and so do its imports other than `solti:metrics`: define
/// those in your linker.
///
/// A component that imports nothing of `solti:metrics` is compiled without the shim, and runs in
/// the same stores. So an embedder needs no other way for guests that make no records.
#[derive(Clone)]
pub struct InlineComponent {
    code: ShimComponent,
    inspection: Arc<Inspection>,
}

/// Compiles components for the inline recording mode with another maximum size.
#[derive(Debug, Clone)]
pub struct InlineCompiler {
    max_component: u64,
}

impl Default for InlineCompiler {
    fn default() -> Self {
        Self {
            max_component: 64 << 20,
        }
    }
}

impl InlineCompiler {
    /// A compiler with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum size of a component, in bytes. Composing copies the component. Default:
    /// 64 MiB.
    #[must_use]
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// The same as [`InlineComponent::new`].
    ///
    /// # Errors
    ///
    /// As for [`InlineComponent::new`].
    pub fn compile(
        &self,
        engine: &Engine,
        name: &str,
        bytes: &[u8],
    ) -> Result<InlineComponent, InlineError> {
        let size = bytes.len() as u64;
        if size > self.max_component {
            return Err(InlineError::Component(LoadError::TooLarge {
                name: printable(name),
                size,
                limit: self.max_component,
            }));
        }
        let inspection = Inspection::of(name, bytes)?;
        check(name, &inspection, bytes)?;
        let code = if imports_metrics(&inspection) {
            let composed = with_checked_shim(&inspection, bytes);
            let composed = composed.map_err(|not| not_composed(name, not))?;
            compiled(name, || ShimComponent::compile(engine, &composed))?
        } else {
            compiled(name, || ShimComponent::compile_without_shim(engine, bytes))?
        };
        Ok(InlineComponent {
            code,
            inspection: Arc::new(inspection),
        })
    }
}

impl InlineComponent {
    /// Composes a component with the shim, and compiles it for `engine`. `name` is its name in
    /// messages. The bytes are those of a component, not its text.
    ///
    /// Compilation blocks this thread, and has no limits on memory and time. The size of the
    /// component and of its types is limited.
    ///
    /// # Errors
    ///
    /// When the bytes are not a component, exceed 64 MiB or a fixed limit, import another version
    /// of `solti:metrics` or a reserved name, or cannot be composed or compiled.
    pub fn new(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Self, InlineError> {
        InlineCompiler::new().compile(engine, name, bytes)
    }

    /// Links the component. Generated bindings accept the result, and any number of stores
    /// instantiate it.
    ///
    /// # Errors
    ///
    /// When an import is not defined in `linker`, or has another type. The imports of the shim are
    /// defined by [`add_to_linker`](super::add_to_linker).
    pub fn instantiate_pre<T: 'static>(
        &self,
        linker: &Linker<Recorded<T>>,
    ) -> wasmtime::Result<InstancePre<Recorded<T>>> {
        self.code.instantiate_pre(linker)
    }

    /// Imports and exports of the component itself, without those of the shim.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Engine for which the component was compiled.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.code.engine()
    }
}

impl fmt::Debug for InlineComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineComponent")
            .field("inspection", &self.inspection)
            .finish_non_exhaustive()
    }
}

/// Rejects a component that must not be composed, before a library composes or compiles it.
fn check(name: &str, inspection: &Inspection, bytes: &[u8]) -> Result<(), InlineError> {
    refuse_private(inspection).map_err(|not| not_composed(name, not))?;
    if let Some(import) = inspection.wrong_metrics_versions().next() {
        let unknown = UnknownInterface::imported(import);
        return Err(LoadError::wrong_metrics(name, import, unknown).into());
    }
    bound_types(bytes).map_err(|what| {
        InlineError::Component(LoadError::FixedLimit {
            name: printable(name),
            what,
        })
    })
}

fn imports_metrics(inspection: &Inspection) -> bool {
    let mut imports = inspection.imports.iter();
    imports.any(|import| import.path().starts_with("solti:metrics/"))
}

/// wasmtime's validator panics at some valid components: that counts as an error of the component.
fn compiled(
    name: &str,
    compile: impl FnOnce() -> wasmtime::Result<ShimComponent>,
) -> Result<ShimComponent, LoadError> {
    let name = || printable(name);
    match contained(compile) {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(error)) => Err(match ProcessLimit::behind(&error) {
            Some(limit) => LoadError::ProcessLimit {
                name: name(),
                limit,
            },
            None => LoadError::Compile {
                name: name(),
                reason: one_line(&error),
            },
        }),
        Err(panic) => Err(LoadError::Compile {
            name: name(),
            reason: format!("the compiler panicked: {panic}"),
        }),
    }
}

fn not_composed(name: &str, not: NotComposed) -> InlineError {
    let name = printable(name);
    match not {
        NotComposed::Reserved { import } => InlineError::Reserved { name, import },
        NotComposed::Failed { reason } => InlineError::NotComposed { name, reason },
    }
}
