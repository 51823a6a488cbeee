//! Calls of a provider's functions.

use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, ComponentType, Instance, Lift, Lower, TypedFunc};

use super::Provider;
use super::state::ProviderState;
use crate::bindings::types::{RunnerErrorKind, RunnerType, TaskOutcome};

/// Functions of one instance that the host calls.
pub(super) struct Calls {
    pub(super) started: TypedFunc<(RunnerType,), ()>,
    pub(super) completed: TypedFunc<(RunnerType, TaskOutcome, u64), ()>,
    pub(super) error: TypedFunc<(RunnerType, RunnerErrorKind), ()>,
    pub(super) batch: Option<TypedFunc<(Vec<u64>,), ()>>,
    pub(super) flush: Option<TypedFunc<(), (Result<(), String>,)>>,
    pub(super) expose: Option<TypedFunc<(), (String,)>>,
    pub(super) take_discards: Option<TypedFunc<(), (Discards,)>>,
}

/// The record `discards` of `wit/accounting.wit`.
#[derive(Debug, Clone, Copy, Default, ComponentType, Lift)]
#[component(record)]
pub(super) struct Discards {
    pub(super) sampled: u64,
    pub(super) failed: u64,
}

impl Calls {
    /// Finds the functions of an instance. Their types were checked when the provider was loaded.
    pub(super) fn find(
        provider: &Provider,
        instance: &Instance,
        store: &mut Store<ProviderState>,
    ) -> wasmtime::Result<Self> {
        let mut exports = ProviderExports {
            provider,
            instance,
            store,
        };
        let backend = "solti:metrics/backend";
        Ok(Self {
            started: exports.needed(backend, "record-task-started")?,
            completed: exports.needed(backend, "record-task-completed")?,
            error: exports.needed(backend, "record-runner-error")?,
            batch: exports.optional("solti:metrics/batch", "record-batch")?,
            flush: exports.optional("solti:metrics/lifecycle", "flush")?,
            expose: exports.optional("solti:metrics/exposition", "expose")?,
            take_discards: exports.optional("solti:metrics/accounting", "take-discards")?,
        })
    }
}

struct ProviderExports<'a> {
    provider: &'a Provider,
    instance: &'a Instance,
    store: &'a mut Store<ProviderState>,
}

impl ProviderExports<'_> {
    fn needed<P, R>(&mut self, path: &str, function: &str) -> wasmtime::Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        self.optional(path, function)?
            .ok_or_else(|| wasmtime::format_err!("`{path}` is not exported"))
    }

    fn optional<P, R>(
        &mut self,
        path: &str,
        function: &str,
    ) -> wasmtime::Result<Option<TypedFunc<P, R>>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let Some(interface) = self.provider.inspection().exported(path) else {
            return Ok(None);
        };
        let index = self
            .instance
            .get_export_index(&mut *self.store, None, interface.name())
            .and_then(|interface| {
                self.instance
                    .get_export_index(&mut *self.store, Some(&interface), function)
            })
            .ok_or_else(|| wasmtime::format_err!("`{path}` has no function `{function}`"))?;
        self.instance
            .get_typed_func(&mut *self.store, index)
            .map(Some)
    }
}
