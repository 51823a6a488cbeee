//! Definitions of a component's modules and nested components, read from its bytes.

use wasmparser::{
    CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentExternalKind,
    ComponentInstance, ComponentOuterAliasKind, Instance, Parser, Payload,
};

use super::Result;
use super::module::Module;
use super::steps::Steps;

/// Definitions of a file, in the order in which they end.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    /// Bytes of an instance of each core module.
    pub(super) modules: Vec<u64>,
    /// Steps of each component; the last one is the whole file.
    pub(super) components: Vec<Vec<InstantiationStep<'a>>>,
}

/// A named item: its name, its kind, and its index in the index space of the kind.
pub(super) type NamedItem<'a> = (&'a str, ComponentExternalKind, u32);

/// One step of the instantiation of a component.
#[derive(Debug)]
pub(super) enum InstantiationStep<'a> {
    /// Defines a core module.
    Module(u32),
    /// Defines a component.
    Component(u32),
    Import(&'a str, ComponentExternalKind),
    /// Instantiates a core module.
    CoreInstance(u32),
    /// Instantiates a component with these arguments.
    Instance(u32, Vec<NamedItem<'a>>),
    /// Makes an instance of existing items.
    Bundle(Vec<NamedItem<'a>>),
    /// Takes an export of an instance.
    Alias(ComponentExternalKind, u32, &'a str),
    /// Takes an item of a component that is this number of levels up.
    Outer(ComponentOuterAliasKind, u32, u32),
    /// Makes a component function of a core function; whether it uses memory.
    Lift(bool),
    /// Makes a core function of a component function; whether it uses memory.
    Lower(u32, bool),
    /// Makes a built-in function.
    Builtin,
    /// Defines this number of types, each of which may be a resource.
    Types(u32),
    Export(NamedItem<'a>),
}

impl InstantiationStep<'_> {
    /// Number of names in the step.
    fn named(&self) -> usize {
        match self {
            Self::Instance(_, named) | Self::Bundle(named) => named.len(),
            _ => 0,
        }
    }
}

/// A definition that is being read.
enum OpenDefinition<'a> {
    Module(Box<Module>),
    Component(Vec<InstantiationStep<'a>>),
}

/// Reads a component without validating it: a component that is not valid is not compiled either.
pub(super) fn read(component: &[u8]) -> Result<Definitions<'_>> {
    let mut read = Definitions::default();
    let mut rest = component;
    let mut parser = Parser::new(0);
    let mut outside = Vec::new();
    let mut left = Steps::ALL;
    let mut open = OpenDefinition::Component(Vec::new());
    loop {
        let (consumed, payload) = match parser.parse(rest, true)? {
            Chunk::Parsed { consumed, payload } => (consumed, payload),
            // All bytes are available, so this does not happen.
            Chunk::NeedMoreData(_) => return Ok(read),
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match (payload, &mut open) {
            (Payload::CodeSectionStart { size, .. }, _) => {
                // Other sections list the functions, and the references to them.
                parser.skip_section();
                rest = rest.get(size as usize..).unwrap_or_default();
            }
            (Payload::ModuleSection { parser: inner, .. }, _) => {
                let module = OpenDefinition::Module(Box::default());
                outside.push((
                    std::mem::replace(&mut parser, inner),
                    std::mem::replace(&mut open, module),
                ));
            }
            (Payload::ComponentSection { parser: inner, .. }, _) => {
                let component = OpenDefinition::Component(Vec::new());
                outside.push((
                    std::mem::replace(&mut parser, inner),
                    std::mem::replace(&mut open, component),
                ));
            }
            (Payload::End(_), _) => {
                let around = outside.pop();
                let (outer, around) = around.map_or((None, None), |(p, o)| (Some(p), Some(o)));
                let empty = OpenDefinition::Component(Vec::new());
                let done = std::mem::replace(&mut open, around.unwrap_or(empty));
                let defined = read.defined(done);
                match (outer, &mut open) {
                    (Some(outer), OpenDefinition::Component(steps)) => {
                        steps.push(defined);
                        parser = outer;
                    }
                    _ => return Ok(read),
                }
            }
            (payload, OpenDefinition::Module(module)) => module.section(payload)?,
            (payload, OpenDefinition::Component(steps)) => section(payload, |step| {
                left.take(step.named())?;
                steps.push(step);
                Ok(())
            })?,
        }
    }
}

impl<'a> Definitions<'a> {
    fn defined(&mut self, done: OpenDefinition<'a>) -> InstantiationStep<'a> {
        // Each definition has bytes of its own, so the number fits.
        let index = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        match done {
            OpenDefinition::Module(module) => {
                self.modules.push(module.bytes());
                InstantiationStep::Module(index(self.modules.len() - 1))
            }
            OpenDefinition::Component(steps) => {
                self.components.push(steps);
                InstantiationStep::Component(index(self.components.len() - 1))
            }
        }
    }
}

/// Reads the steps of a section of a component.
fn section<'a>(
    payload: Payload<'a>,
    mut step: impl FnMut(InstantiationStep<'a>) -> Result,
) -> Result {
    match payload {
        Payload::ComponentImportSection(imports) => {
            for import in imports {
                let import = import?;
                step(InstantiationStep::Import(
                    import.name.name,
                    import.ty.kind(),
                ))?;
            }
        }
        Payload::InstanceSection(instances) => {
            for instance in instances {
                // An instance that is made of exports only has names.
                if let Instance::Instantiate { module_index, .. } = instance? {
                    step(InstantiationStep::CoreInstance(module_index))?;
                }
            }
        }
        Payload::ComponentInstanceSection(instances) => {
            for instance in instances {
                step(match instance? {
                    ComponentInstance::Instantiate {
                        component_index,
                        args,
                    } => {
                        let args = args.iter().map(|arg| (arg.name, arg.kind, arg.index));
                        InstantiationStep::Instance(component_index, args.collect())
                    }
                    ComponentInstance::FromExports(exports) => {
                        let named = exports.iter();
                        let named = named.map(|it| (it.name.name, it.kind, it.index));
                        InstantiationStep::Bundle(named.collect())
                    }
                })?;
            }
        }
        Payload::ComponentAliasSection(aliases) => {
            for alias in aliases {
                match alias? {
                    ComponentAlias::InstanceExport {
                        kind,
                        instance_index,
                        name,
                    } => step(InstantiationStep::Alias(kind, instance_index, name))?,
                    ComponentAlias::Outer { kind, count, index } => {
                        step(InstantiationStep::Outer(kind, count, index))?;
                    }
                    ComponentAlias::CoreInstanceExport { .. } => {}
                }
            }
        }
        Payload::ComponentCanonicalSection(functions) => {
            for function in functions {
                step(match function? {
                    CanonicalFunction::Lift { options, .. } => {
                        InstantiationStep::Lift(copies(&options))
                    }
                    CanonicalFunction::Lower {
                        func_index,
                        options,
                    } => InstantiationStep::Lower(func_index, copies(&options)),
                    _ => InstantiationStep::Builtin,
                })?;
            }
        }
        Payload::ComponentTypeSection(types) => step(InstantiationStep::Types(types.count()))?,
        Payload::ComponentExportSection(exports) => {
            for export in exports {
                let export = export?;
                step(InstantiationStep::Export((
                    export.name.name,
                    export.kind,
                    export.index,
                )))?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn copies(options: &[CanonicalOption]) -> bool {
    let memory = |option: &CanonicalOption| matches!(option, CanonicalOption::Memory(_));
    options.iter().any(memory)
}
