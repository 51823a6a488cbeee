//! The graph of a composition: instances, imports and exports.

use std::error::Error;

use wac_graph::types::{ItemKind, Package};
use wac_graph::{
    CompositionGraph, EncodeError, EncodeOptions, InstantiationArgumentError, NodeId, Processor,
};

use super::ComposeError;
use crate::text::printable;

/// A composition that is being built. An import that is not connected becomes an import of the
/// whole.
#[derive(Default)]
pub(crate) struct Graph {
    graph: CompositionGraph,
    instances: Vec<GraphInstance>,
}

/// An instance of a component.
#[derive(Clone)]
pub(crate) struct GraphInstance {
    node: NodeId,
    /// Printable name of the instance's component.
    pub(crate) part: String,
}

/// A named export of an instance.
#[derive(Clone)]
pub(crate) struct Export {
    node: NodeId,
    /// Printable name of the component that has the export.
    pub(crate) part: String,
    pub(super) name: String,
}

impl Graph {
    pub(crate) fn instantiate(
        &mut self,
        part: &str,
        bytes: &[u8],
    ) -> Result<GraphInstance, ComposeError> {
        // The library needs unique names, and does not show them.
        let name = format!("part-{}", self.instances.len());
        let package = Package::from_bytes(&name, None, bytes, self.graph.types_mut())
            .map_err(|error| unsupported(error.as_ref()))?;
        let package = self.graph.register_package(package);
        let package = package.map_err(|error| unsupported(&error))?;
        let instance = GraphInstance {
            node: self.graph.instantiate(package),
            part: part.into(),
        };
        self.instances.push(instance.clone());
        Ok(instance)
    }

    pub(crate) fn exported(
        &mut self,
        instance: &GraphInstance,
        name: &str,
    ) -> Result<Export, ComposeError> {
        let node = self.graph.alias_instance_export(instance.node, name);
        Ok(Export {
            node: node.map_err(|error| unsupported(&error))?,
            part: instance.part.clone(),
            name: name.into(),
        })
    }

    /// Connects an import to an export, or returns the reason why the types do not fit.
    pub(crate) fn connect(
        &mut self,
        instance: &GraphInstance,
        import: &str,
        export: &Export,
    ) -> Result<(), String> {
        self.graph
            .set_instantiation_argument(instance.node, import, export.node)
            .map_err(|error| match error {
                InstantiationArgumentError::ArgumentTypeMismatch { source, .. } => {
                    with_causes(source.as_ref())
                }
                error => with_causes(&error),
            })
    }

    /// Makes an import of an instance an import of the whole by that name, which no other instance
    /// can share.
    #[cfg(feature = "inline")]
    pub(crate) fn import_alone(
        &mut self,
        instance: &GraphInstance,
        import: &str,
    ) -> Result<(), ComposeError> {
        let item = self.graph[instance.node].package().and_then(|package| {
            let world = &self.graph.types()[self.graph[package].ty()];
            world.imports.get(import).copied()
        });
        let item = item.ok_or_else(|| ComposeError::Unsupported {
            reason: format!("`{import}` is not imported"),
        })?;
        let node = self.graph.import(import, item);
        let node = node.map_err(|error| unsupported(&error))?;
        let connected = self
            .graph
            .set_instantiation_argument(instance.node, import, node);
        connected.map_err(|error| unsupported(&error))
    }

    /// An export of a small component that imports others. The export has the name
    /// of the first of them, which it replaces.
    pub(crate) fn glue(
        &mut self,
        component: &[u8],
        imports: &[(&str, &Export)],
        export: &str,
    ) -> Result<Export, ComposeError> {
        let instance = self.instantiate("the composition", component)?;
        for (import, used) in imports {
            let connected = self.connect(&instance, import, used);
            connected.map_err(|reason| ComposeError::WrongTypes {
                name: used.part.clone(),
                interface: printable(&used.name),
                reason,
            })?;
        }
        let mut exported = self.exported(&instance, export)?;
        if let Some((_, first)) = imports.first() {
            exported.part.clone_from(&first.part);
            exported.name.clone_from(&first.name);
        }
        Ok(exported)
    }

    /// Whether an instance imports only that function under this name.
    pub(super) fn imports_only(
        &self,
        instance: &GraphInstance,
        import: &str,
        function: &str,
    ) -> bool {
        let Some(package) = self.graph[instance.node].package() else {
            return false;
        };
        let types = self.graph.types();
        match types[self.graph[package].ty()].imports.get(import) {
            Some(ItemKind::Instance(interface)) => types[*interface].exports.keys().eq([function]),
            _ => false,
        }
    }

    /// Exports an item from the whole, under the same name.
    pub(crate) fn export(&mut self, export: &Export) -> Result<(), ComposeError> {
        let exported = self.graph.export(export.node, &export.name);
        exported.map_err(|error| unsupported(&error))
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, ComposeError> {
        let options = EncodeOptions {
            // The result is validated as the parts are.
            validate: false,
            processor: Some(Processor {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
            }),
            ..EncodeOptions::default()
        };
        self.graph.encode(options).map_err(|error| match error {
            EncodeError::ImportTypeMergeConflict {
                import,
                first,
                second,
                source,
            } => ComposeError::ImportConflict {
                name: self.part(self.other_with(&import, second).unwrap_or(first)),
                other: self.part(second),
                import: printable(&import),
                reason: with_causes(source.as_ref()),
            },
            error => unsupported(&error),
        })
    }

    /// Another instance with this import, in any version: the library only matches equal names.
    fn other_with(&self, import: &str, than: NodeId) -> Option<NodeId> {
        let has = |instance: &&GraphInstance| {
            let package = self.graph[instance.node].package();
            package.is_some_and(|package| {
                let world = &self.graph.types()[self.graph[package].ty()];
                world.imports.keys().any(|name| path(name) == path(import))
            })
        };
        let mut others = self.instances.iter().filter(|it| it.node != than);
        others.find(has).map(|it| it.node)
    }

    fn part(&self, node: NodeId) -> String {
        let mut instances = self.instances.iter();
        let instance = instances.find(|instance| instance.node == node);
        instance.map_or_else(String::new, |instance| instance.part.clone())
    }
}

pub(super) fn unsupported(error: &(dyn Error + 'static)) -> ComposeError {
    ComposeError::Unsupported {
        reason: with_causes(error),
    }
}

/// An error with its causes, the outermost first, on one line.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut causes = printable(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push_str(": ");
        causes.push_str(&printable(&cause.to_string()));
        next = cause.source();
    }
    causes
}

/// A name without its version.
pub(super) fn path(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}
