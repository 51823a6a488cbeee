use wasmtime::component::Component;
use wasmtime::component::types::{ComponentInstance, ComponentItem};

/// How much of a component's imports wasmtime may have to compare with what this host
/// has. Real components import some hundred functions and types.
const MOST: usize = 100_000;

/// Refuses a component whose imports take long to compare: instances within instances
/// may double at every level, and wasmtime looks at each of them again.
pub(crate) fn bound_imports(component: &Component) -> wasmtime::Result<()> {
    let (engine, ty) = (component.engine(), component.component_type());
    let mut left = MOST;
    let mut count = |items: usize| {
        left = left.checked_sub(items)?;
        Some(())
    };
    let too_many = || {
        wasmtime::format_err!("its imports have more than {MOST} functions, types and instances")
    };
    count(ty.imports(engine).len()).ok_or_else(too_many)?;
    let instances = |item: ComponentItem| match item {
        ComponentItem::ComponentInstance(instance) => Some(instance),
        _ => None,
    };
    let imports = ty.imports(engine).map(|(_, import)| import.ty);
    let mut unseen: Vec<ComponentInstance> = imports.filter_map(instances).collect();
    while let Some(instance) = unseen.pop() {
        count(instance.exports(engine).len()).ok_or_else(too_many)?;
        let exports = instance.exports(engine).map(|(_, export)| export.ty);
        unseen.extend(exports.filter_map(instances));
    }
    Ok(())
}
