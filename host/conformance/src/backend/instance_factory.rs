//! Creates instances of the provider, middleware or backend under test.

use solti_metrics_host::provider::{OptionalInterfaces, StartError};

use super::component_instance::{ComponentFactory, ComponentInstance};
use super::instance::TestInstance;
use super::native_instance::{NativeFactory, NativeInstance};
use crate::error::Error;

/// Creates instances of a component, or of a backend in Rust.
#[derive(Clone)]
pub(super) enum InstanceFactory {
    Component(Box<ComponentFactory>),
    Native(NativeFactory),
}

/// Reason why there is no instance.
pub(super) enum InstanceFailure {
    /// The component or backend is at fault.
    Fault(String),
    /// The component or backend is not at fault.
    Error(Error),
}

impl InstanceFactory {
    /// Starts an instance. `batches` allows batches, if the component exports `batch`.
    pub(super) fn start(&self, batches: bool) -> Result<TestInstance<'_>, InstanceFailure> {
        match self {
            Self::Component(it) => match ComponentInstance::start(it, batches) {
                Ok(instance) => Ok(TestInstance::Component(Box::new(instance))),
                Err(error) => Err(InstanceFailure::of(self.name(), &error)),
            },
            Self::Native(it) => NativeInstance::start(it, batches)
                .map(TestInstance::Native)
                .map_err(InstanceFailure::Fault),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Component(it) => it.provider.name(),
            Self::Native(it) => &it.name,
        }
    }

    pub(super) fn optional_interfaces(&self) -> OptionalInterfaces {
        match self {
            Self::Component(it) => it.provider.optional_interfaces(),
            Self::Native(it) => it.optional_interfaces(),
        }
    }

    pub(super) fn is_middleware(&self) -> bool {
        match self {
            Self::Component(it) => it.provider.is_middleware(),
            Self::Native(_) => false,
        }
    }

    /// Maximum memory of an instance, in bytes. `None` for a backend in Rust, because it
    /// shares the memory of this process.
    pub(super) fn memory(&self) -> Option<usize> {
        match self {
            Self::Component(it) => Some(it.limits.memory),
            Self::Native(_) => None,
        }
    }
}

impl InstanceFailure {
    fn of(name: &str, error: &StartError) -> Self {
        match error.process_limit() {
            Some(limit) => Self::Error(Error::untested(name, limit)),
            None => Self::Fault(error.to_string()),
        }
    }
}
