//! What a provider has to export, and with which types: told from a component's
//! type, so that the first record is not what finds out.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem, Type};

use super::LoadError;
use crate::sandbox::{Inspection, Role, printable};

const RUNNER: &str = "enum(subprocess, container, wasm)";
const OUTCOME: &str = "enum(success, failure, canceled, timeout)";
const ERROR: &str =
    "enum(cgroup-prepare-failed, backend-config-failed, spawn-failed, module-load-failed)";

/// The optional interfaces that a provider exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Siblings {
    /// `solti:metrics/batch`: many records in one call.
    pub batch: bool,
    /// `solti:metrics/lifecycle`: can be flushed.
    pub lifecycle: bool,
    /// `solti:metrics/exposition`: can be scraped.
    pub exposition: bool,
    /// `solti:metrics/accounting`: says which records came to nothing.
    pub accounting: bool,
}

impl Siblings {
    /// Those of a component, by the names of its exports.
    #[must_use]
    pub fn of(inspection: &Inspection) -> Self {
        let has = |path: &str| inspection.exported(path).is_some();
        Self {
            batch: has("solti:metrics/batch"),
            lifecycle: has("solti:metrics/lifecycle"),
            exposition: has("solti:metrics/exposition"),
            accounting: has("solti:metrics/accounting"),
        }
    }

    /// Their names, in the order of the fields.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        [
            (self.batch, "batch"),
            (self.lifecycle, "lifecycle"),
            (self.exposition, "exposition"),
            (self.accounting, "accounting"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// Asserts that the component exports `backend` as it is, and each of its
/// optional interfaces likewise.
pub(super) fn check(
    name: &str,
    inspection: &Inspection,
    component: &Component,
) -> Result<(), LoadError> {
    if !matches!(inspection.role(), Role::Provider | Role::Middleware) {
        return Err(LoadError::NotAProvider {
            name: printable(name),
            role: inspection.role(),
        });
    }
    for (path, functions) in interfaces() {
        if let Some(interface) = inspection.exported(path) {
            check_interface(name, interface.name(), &functions, component)?;
        }
    }
    Ok(())
}

fn interfaces() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    vec![
        (
            "solti:metrics/backend",
            vec![
                ("record-task-started", format!("func({RUNNER})")),
                (
                    "record-task-completed",
                    format!("func({RUNNER}, {OUTCOME}, u64)"),
                ),
                ("record-runner-error", format!("func({RUNNER}, {ERROR})")),
            ],
        ),
        (
            "solti:metrics/batch",
            vec![("record-batch", "func(list<u64>)".into())],
        ),
        (
            "solti:metrics/lifecycle",
            vec![("flush", "func() -> result<_, string>".into())],
        ),
        (
            "solti:metrics/exposition",
            vec![("expose", "func() -> string".into())],
        ),
        (
            "solti:metrics/accounting",
            vec![(
                "take-discards",
                "func() -> record(sampled: u64, failed: u64)".into(),
            )],
        ),
    ]
}

fn check_interface(
    name: &str,
    interface: &str,
    functions: &[(&'static str, String)],
    component: &Component,
) -> Result<(), LoadError> {
    let wrong = |what: String| LoadError::WrongExport {
        name: printable(name),
        interface: printable(interface),
        what,
    };
    let engine = component.engine();
    let exports =
        instance(component, engine, interface).ok_or_else(|| wrong("it is no interface".into()))?;
    for (function, expected) in functions {
        match exports.get_export(engine, function).map(|found| found.ty) {
            None => return Err(wrong(format!("the function `{function}` is missing"))),
            Some(ComponentItem::ComponentFunc(found)) => {
                let found = signature(&found);
                if found != *expected {
                    return Err(wrong(format!(
                        "`{function}` is `{}`, and should be `{expected}`",
                        printable(&found)
                    )));
                }
            }
            Some(_) => return Err(wrong(format!("`{function}` is no function"))),
        }
    }
    Ok(())
}

fn instance(component: &Component, engine: &Engine, name: &str) -> Option<ComponentInstance> {
    match component.component_type().get_export(engine, name)?.ty {
        ComponentItem::ComponentInstance(instance) => Some(instance),
        _ => None,
    }
}

fn signature(function: &ComponentFunc) -> String {
    let asynchronous = if function.async_() { "async " } else { "" };
    let params: Vec<_> = function.params().map(|(_, ty)| text(&ty)).collect();
    let result: String = function
        .results()
        .map(|ty| format!(" -> {}", text(&ty)))
        .collect();
    format!("{asynchronous}func({}){result}", params.join(", "))
}

/// A type, as far as the contract needs words for it.
fn text(ty: &Type) -> String {
    match ty {
        Type::U64 => "u64".into(),
        Type::String => "string".into(),
        Type::List(list) => format!("list<{}>", text(&list.ty())),
        Type::Enum(cases) => format!("enum({})", cases.names().collect::<Vec<_>>().join(", ")),
        Type::Record(record) => {
            let fields: Vec<_> = record
                .fields()
                .map(|field| format!("{}: {}", field.name, text(&field.ty)))
                .collect();
            format!("record({})", fields.join(", "))
        }
        Type::Result(result) => {
            let part = |ty: Option<Type>| ty.map_or_else(|| "_".into(), |ty| text(&ty));
            format!("result<{}, {}>", part(result.ok()), part(result.err()))
        }
        Type::Bool => "bool".into(),
        Type::S32 => "s32".into(),
        Type::U32 => "u32".into(),
        Type::S64 => "s64".into(),
        Type::Float64 => "f64".into(),
        _ => "another type".into(),
    }
}
