//! Connections from the guest through middlewares to the provider.

use super::graph::{Export, Graph, GraphInstance, path, unsupported};
use super::part::Placed;
use super::{ComposeError, glue};
use crate::text::printable;

const TYPES: &str = "solti:metrics/types";
const BACKEND: &str = "solti:metrics/backend";
const LIFECYCLE: &str = "solti:metrics/lifecycle";
const EXPOSITION: &str = "solti:metrics/exposition";
const EXIT: &str = "wasi:cli/exit";

/// Connects parts that are in the right order.
pub(super) fn connected(
    guest: &Placed<'_>,
    middlewares: &[Placed<'_>],
    provider: &Placed<'_>,
) -> Result<Vec<u8>, ComposeError> {
    let mut chain = CompositionChain::new()?;
    let last = chain.backend(provider, None)?;
    let mut next = last.clone();
    for middleware in middlewares.iter().rev() {
        next = chain.backend(middleware, Some(&next))?;
    }
    chain.guest(guest, &next)?;
    chain.export_beside(guest, &next, (provider, &last))?;
    chain.graph.encode()
}

struct CompositionChain {
    graph: Graph,
    types: Export,
}

/// A provider, or a middleware with all components behind it.
#[derive(Clone)]
struct ChainBackend {
    instance: GraphInstance,
    backend: Export,
    /// Interface that flushes all of them.
    lifecycle: Option<Export>,
}

impl CompositionChain {
    fn new() -> Result<Self, ComposeError> {
        let mut graph = Graph::default();
        let types = graph.glue(glue::TYPES, &[], "types")?;
        Ok(Self { graph, types })
    }

    fn backend(
        &mut self,
        part: &Placed<'_>,
        next: Option<&ChainBackend>,
    ) -> Result<ChainBackend, ComposeError> {
        let instance = self.instance(part, next)?;
        let backend = part.exported(BACKEND).unwrap_or_default();
        let backend = self.graph.exported(&instance, backend)?;
        let mut lifecycle = next.and_then(|next| next.lifecycle.clone());
        if let Some(own) = part.exported(LIFECYCLE) {
            let own = self.graph.exported(&instance, own)?;
            lifecycle = Some(match lifecycle {
                None => own,
                // The components behind may keep the records that this one flushes.
                Some(behind) => self.graph.glue(
                    glue::FLUSH_BOTH,
                    &[("first", &own), ("second", &behind)],
                    "lifecycle",
                )?,
            });
        }
        Ok(ChainBackend {
            instance,
            backend,
            lifecycle,
        })
    }

    /// Exports all exports of the guest. If the guest is a program, the composition flushes before
    /// it ends, since no host would.
    fn guest(&mut self, guest: &Placed<'_>, next: &ChainBackend) -> Result<(), ComposeError> {
        let instance = self.instance(guest, Some(next))?;
        let lifecycle = next.lifecycle.as_ref();
        let flushed = lifecycle.filter(|_| guest.inspection.is_program());
        if let Some(lifecycle) = flushed {
            self.flush_before_exit(guest, &instance, lifecycle)?;
        }
        for export in &guest.inspection.exports {
            let mut exported = self.graph.exported(&instance, export.name())?;
            if let Some(lifecycle) = flushed.filter(|_| export.is_main()) {
                let imports = [("main", &exported), ("lifecycle", lifecycle)];
                let run = glue::flush_after_run(export.is_async_main());
                exported = self.graph.glue(run, &imports, "run")?;
            }
            self.graph.export(&exported)?;
        }
        Ok(())
    }

    /// Many programs never return from `main`, but call `exit`.
    fn flush_before_exit(
        &mut self,
        guest: &Placed<'_>,
        instance: &GraphInstance,
        lifecycle: &Export,
    ) -> Result<(), ComposeError> {
        for import in guest.imports(EXIT) {
            // An exit interface with more functions is not changed.
            if self.graph.imports_only(instance, import, "exit") {
                let exit = glue::flush_before_exit(import).map_err(|error| unsupported(&error))?;
                let imports = [("lifecycle", lifecycle)];
                let exit = self.graph.glue(&exit, &imports, "exit")?;
                self.connect(guest, instance, import, &exit)?;
            }
        }
        Ok(())
    }

    /// Exports interfaces of the other parts for the host: one to flush them, and one to scrape the
    /// provider.
    fn export_beside(
        &mut self,
        guest: &Placed<'_>,
        first: &ChainBackend,
        (provider, last): (&Placed<'_>, &ChainBackend),
    ) -> Result<(), ComposeError> {
        let mut exports: Vec<_> = first.lifecycle.iter().cloned().collect();
        if let Some(exposition) = provider.exported(EXPOSITION) {
            exports.push(self.graph.exported(&last.instance, exposition)?);
        }
        for export in exports {
            let mut theirs = guest.inspection.exports.iter();
            let same = theirs.find(|it| it.path() == path(&export.name));
            if let Some(interface) = same {
                return Err(ComposeError::ExportedTwice {
                    name: guest.name.clone(),
                    other: export.part,
                    interface: printable(interface.name()),
                });
            }
            self.graph.export(&export)?;
        }
        Ok(())
    }

    /// An instance of a part that records into the next one, if any.
    fn instance(
        &mut self,
        part: &Placed<'_>,
        next: Option<&ChainBackend>,
    ) -> Result<GraphInstance, ComposeError> {
        let instance = self.graph.instantiate(&part.name, part.bytes)?;
        let types = self.types.clone();
        for import in part.imports(TYPES) {
            self.connect(part, &instance, import, &types)?;
        }
        if let Some(ChainBackend { backend, .. }) = next {
            for import in part.imports(BACKEND) {
                let connected = self.graph.connect(&instance, import, backend);
                connected.map_err(|reason| ComposeError::Mismatch {
                    importer: part.name.clone(),
                    exporter: backend.part.clone(),
                    interface: printable(&backend.name),
                    reason,
                })?;
            }
        }
        Ok(instance)
    }

    /// Connects an import to an export of the composition.
    fn connect(
        &mut self,
        part: &Placed<'_>,
        instance: &GraphInstance,
        import: &str,
        export: &Export,
    ) -> Result<(), ComposeError> {
        let connected = self.graph.connect(instance, import, export);
        connected.map_err(|reason| ComposeError::WrongTypes {
            name: part.name.clone(),
            interface: printable(import),
            reason,
        })
    }
}
