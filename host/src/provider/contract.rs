//! Exports that a provider must have, and their types. The types of a component are checked when it
//! is loaded, so that no mismatch is first found by a record.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentInstance, ComponentItem};

use super::shape::{Shape, Signature, told};
use crate::component::{Inspection, LoadError, Role};
use crate::text::printable;

const RUNNER: Shape = Shape::Enum(&["subprocess", "container", "wasm"]);
const OUTCOME: Shape = Shape::Enum(&["success", "failure", "canceled", "timeout"]);
const ERROR: Shape = Shape::Enum(&[
    "cgroup-prepare-failed",
    "backend-config-failed",
    "spawn-failed",
    "module-load-failed",
]);

/// The functions of each interface.
const INTERFACES: [(&str, &[(&str, Signature)]); 5] = [
    (
        "solti:metrics/backend",
        &[
            ("record-task-started", Signature::new(&[RUNNER], None)),
            (
                "record-task-completed",
                Signature::new(&[RUNNER, OUTCOME, Shape::U64], None),
            ),
            (
                "record-runner-error",
                Signature::new(&[RUNNER, ERROR], None),
            ),
        ],
    ),
    (
        "solti:metrics/batch",
        &[(
            "record-batch",
            Signature::new(&[Shape::List(&Shape::U64)], None),
        )],
    ),
    (
        "solti:metrics/lifecycle",
        &[(
            "flush",
            Signature::new(&[], Some(Shape::Result(None, Some(&Shape::String)))),
        )],
    ),
    (
        "solti:metrics/exposition",
        &[("expose", Signature::new(&[], Some(Shape::String)))],
    ),
    (
        "solti:metrics/accounting",
        &[(
            "take-discards",
            Signature::new(
                &[],
                Some(Shape::Record(&[
                    ("sampled", Shape::U64),
                    ("failed", Shape::U64),
                ])),
            ),
        )],
    ),
];

/// The optional interfaces that a provider exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct OptionalInterfaces {
    /// `solti:metrics/batch`: many records in one call.
    pub batch: bool,
    /// `solti:metrics/lifecycle`: can be flushed.
    pub lifecycle: bool,
    /// `solti:metrics/exposition`: can be scraped.
    pub exposition: bool,
    /// `solti:metrics/accounting`: reports the records that it discarded.
    pub accounting: bool,
}

impl OptionalInterfaces {
    /// Optional interfaces of a component, by the names of its exports.
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

    /// Names of the exported interfaces, in the order of the fields.
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

/// Checks that the component exports `backend`, and each of its optional interfaces, with the
/// expected types.
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
    for (path, functions) in INTERFACES {
        if let Some(interface) = inspection.exported(path) {
            check_interface(name, interface.name(), functions, component)?;
        }
    }
    Ok(())
}

fn check_interface(
    name: &str,
    interface: &str,
    functions: &[(&str, Signature)],
    component: &Component,
) -> Result<(), LoadError> {
    let wrong = |what: String| LoadError::WrongExport {
        name: printable(name),
        interface: printable(interface),
        what,
    };
    let engine = component.engine();
    let exports = instance(component, engine, interface)
        .ok_or_else(|| wrong("it is not an interface".into()))?;
    for (function, expected) in functions {
        match exports.get_export(engine, function).map(|found| found.ty) {
            None => return Err(wrong(format!("the function `{function}` is missing"))),
            Some(ComponentItem::ComponentFunc(found)) if expected.is_of(&found) => {}
            Some(ComponentItem::ComponentFunc(found)) => {
                return Err(wrong(format!(
                    "`{function}` has the type `{}`, and `{expected}` is expected",
                    told(&found)
                )));
            }
            Some(_) => return Err(wrong(format!("`{function}` is not a function"))),
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
