//! Walk along an instantiation, which adds up the bytes of its instances.

use std::collections::HashMap;
use std::rc::Rc;

use wasmparser::{ComponentExternalKind, ComponentOuterAliasKind};

use super::Result;
use super::definitions::{Definitions, InstantiationStep, NamedItem};
use super::steps::Steps;

/// Bytes of the whole component: its `ComponentInstance`.
const WHOLE: u64 = 2048;

/// Bytes of each component that is instantiated, including nested ones: its state, with tables for
/// its handles, and a flag.
const COMPONENT: u64 = 512;

/// Bytes of each function that is lifted, lowered, or built in: wasmtime's lowering and trampoline,
/// and the memory, table and functions that it uses.
const FUNCTION: u64 = 128;

/// Bytes of each function of one component that is lowered into another one. An adapter function
/// needs its own instance in the worst case, with imports.
const ADAPTER: u64 = 1024;

/// Bytes of an adapter that copies from memory to memory. The adapter can import some dozens of
/// functions for encodings and handles, each with a trampoline.
const COPYING_ADAPTER: u64 = 4 << 10;

/// Bytes of each type, which may be a resource: the type, and its destructor.
const TYPE: u64 = 48;

/// An item with an index.
#[derive(Debug, Clone)]
enum Item<'a> {
    /// An item of the host, or an unknown one; the component is not valid then, or is not linked.
    Foreign,
    /// A function of a nested component, and whether it uses memory.
    Lifted(bool),
    Module(u32),
    Component(Closure),
    Instance(Rc<ItemExports<'a>>),
}

/// A component, and the scope of its definition.
#[derive(Debug, Clone, Copy)]
struct Closure {
    component: u32,
    scope: usize,
}

type ItemExports<'a> = HashMap<&'a str, Item<'a>>;

/// Items that nested components may take from a component that is being instantiated, or was.
#[derive(Debug, Default)]
struct Scope<'a> {
    outer: Option<usize>,
    modules: Vec<Item<'a>>,
    components: Vec<Item<'a>>,
}

/// A component that is being instantiated.
struct Frame<'a, 'd> {
    steps: std::slice::Iter<'d, InstantiationStep<'a>>,
    scope: usize,
    /// `None` for the whole component, whose arguments come from the host.
    args: Option<ItemExports<'a>>,
    functions: Vec<Item<'a>>,
    instances: Vec<Item<'a>>,
    exports: ItemExports<'a>,
}

struct Walk<'a, 'd> {
    definitions: &'d Definitions<'a>,
    scopes: Vec<Scope<'a>>,
    bytes: u64,
    left: Steps,
}

/// Maximum bytes of all instances together, if the last of the components is instantiated.
pub(super) fn bytes(definitions: &Definitions<'_>) -> Result<u64> {
    let mut walk = Walk {
        definitions,
        scopes: Vec::new(),
        bytes: WHOLE,
        left: Steps::ALL,
    };
    let whole = definitions.components.len().saturating_sub(1);
    let mut frames = vec![walk.frame(whole, None, None)];
    // The loop replaces recursion, since the component determines the depth.
    while let Some(frame) = frames.last_mut() {
        match frame.steps.next() {
            Some(InstantiationStep::Instance(component, args)) => {
                walk.left.take(args.len())?;
                let args = args.iter().map(|arg| (arg.0, walk.item(frame, arg)));
                let args = args.collect();
                let called = walk.scopes[frame.scope].components.get(*component as usize);
                match called {
                    Some(&Item::Component(Closure { component, scope })) => {
                        let inner = walk.frame(component as usize, Some(scope), Some(args));
                        frames.push(inner);
                    }
                    _ => frame.instances.push(Item::Foreign),
                }
            }
            Some(step) => walk.step(frame, step)?,
            None => {
                let done = frames.pop().map(|frame| frame.exports).unwrap_or_default();
                if let Some(around) = frames.last_mut() {
                    around.instances.push(Item::Instance(Rc::new(done)));
                }
            }
        }
    }
    Ok(walk.bytes)
}

impl<'a, 'd> Walk<'a, 'd> {
    fn frame(
        &mut self,
        component: usize,
        outer: Option<usize>,
        args: Option<ItemExports<'a>>,
    ) -> Frame<'a, 'd> {
        let steps = self.definitions.components.get(component);
        self.scopes.push(Scope {
            outer,
            ..Scope::default()
        });
        self.costs(COMPONENT);
        Frame {
            steps: steps.map(Vec::as_slice).unwrap_or_default().iter(),
            scope: self.scopes.len() - 1,
            args,
            functions: Vec::new(),
            instances: Vec::new(),
            exports: ItemExports::new(),
        }
    }

    fn costs(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn step(&mut self, frame: &mut Frame<'a, '_>, step: &InstantiationStep<'a>) -> Result {
        self.left.take(0)?;
        match step {
            InstantiationStep::Module(module) => self.push(frame, Item::Module(*module)),
            InstantiationStep::Component(component) => {
                let (component, scope) = (*component, frame.scope);
                self.push(frame, Item::Component(Closure { component, scope }));
            }
            InstantiationStep::Import(name, kind) => {
                let args = frame.args.as_ref();
                let given = args.and_then(|args| args.get(name)).cloned();
                self.index(frame, *kind, given.unwrap_or(Item::Foreign));
            }
            InstantiationStep::CoreInstance(module) => {
                let module = self.scopes[frame.scope].modules.get(*module as usize);
                if let Some(Item::Module(module)) = module {
                    let bytes = self.definitions.modules.get(*module as usize);
                    self.costs(bytes.copied().unwrap_or_default());
                }
            }
            // The caller handles this step, which needs its own frame.
            InstantiationStep::Instance(..) => {}
            InstantiationStep::Bundle(named) => {
                self.left.take(named.len())?;
                let exports = named.iter().map(|it| (it.0, self.item(frame, it)));
                let exports = Rc::new(exports.collect());
                frame.instances.push(Item::Instance(exports));
            }
            InstantiationStep::Alias(kind, instance, name) => {
                let exported = match frame.instances.get(*instance as usize) {
                    Some(Item::Instance(exports)) => exports.get(name).cloned(),
                    _ => None,
                };
                self.index(frame, *kind, exported.unwrap_or(Item::Foreign));
            }
            InstantiationStep::Outer(kind, count, index) => {
                self.outer(frame, *kind, *count, *index)
            }
            InstantiationStep::Lift(copies) => {
                self.costs(FUNCTION);
                frame.functions.push(Item::Lifted(*copies));
            }
            InstantiationStep::Lower(function, copies) => {
                self.costs(match frame.functions.get(*function as usize) {
                    Some(Item::Lifted(also)) if *copies || *also => COPYING_ADAPTER,
                    Some(Item::Lifted(_)) => ADAPTER,
                    _ => FUNCTION,
                });
            }
            InstantiationStep::Builtin => self.costs(FUNCTION),
            InstantiationStep::Types(count) => self.costs(TYPE.saturating_mul(u64::from(*count))),
            InstantiationStep::Export(named) => {
                let item = self.item(frame, named);
                frame.exports.insert(named.0, item.clone());
                // An export has an index of its own, too.
                self.index(frame, named.1, item);
            }
        }
        Ok(())
    }

    fn push(&mut self, frame: &Frame<'a, '_>, item: Item<'a>) {
        let scope = &mut self.scopes[frame.scope];
        match item {
            Item::Module(_) => scope.modules.push(item),
            _ => scope.components.push(item),
        }
    }

    fn index(&mut self, frame: &mut Frame<'a, '_>, kind: ComponentExternalKind, item: Item<'a>) {
        let scope = &mut self.scopes[frame.scope];
        match kind {
            ComponentExternalKind::Module => scope.modules.push(item),
            ComponentExternalKind::Component => scope.components.push(item),
            ComponentExternalKind::Func => frame.functions.push(item),
            ComponentExternalKind::Instance => frame.instances.push(item),
            ComponentExternalKind::Type => self.costs(TYPE),
            ComponentExternalKind::Value => {}
        }
    }

    fn outer(
        &mut self,
        frame: &Frame<'a, '_>,
        kind: ComponentOuterAliasKind,
        count: u32,
        index: u32,
    ) {
        let mut from = Some(frame.scope);
        for _ in 0..count {
            let Some(scope) = from else { break };
            from = self.scopes[scope].outer;
        }
        let from = from.and_then(|scope| self.scopes.get(scope));
        let (index, none) = (index as usize, Item::Foreign);
        match kind {
            ComponentOuterAliasKind::CoreModule => {
                let item = from.and_then(|scope| scope.modules.get(index).cloned());
                let own = &mut self.scopes[frame.scope];
                own.modules.push(item.unwrap_or(none));
            }
            ComponentOuterAliasKind::Component => {
                let item = from.and_then(|scope| scope.components.get(index).cloned());
                let own = &mut self.scopes[frame.scope];
                own.components.push(item.unwrap_or(none));
            }
            ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => {}
        }
    }

    fn item(&self, frame: &Frame<'a, '_>, (_, kind, index): &NamedItem<'a>) -> Item<'a> {
        let scope = &self.scopes[frame.scope];
        let space = match kind {
            ComponentExternalKind::Module => &scope.modules,
            ComponentExternalKind::Component => &scope.components,
            ComponentExternalKind::Func => &frame.functions,
            ComponentExternalKind::Instance => &frame.instances,
            ComponentExternalKind::Type | ComponentExternalKind::Value => return Item::Foreign,
        };
        space.get(*index as usize).cloned().unwrap_or(Item::Foreign)
    }
}
