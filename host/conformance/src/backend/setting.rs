//! Starts instances of the provider, middleware or backend under test.

use solti_metrics_host::provider::{OptionalInterfaces, StartError};

use super::component_instance::{ComponentInstance, ComponentSetting};
use super::instance::Instance;
use super::native_instance::{NativeInstance, NativeSetting};
use crate::error::Error;

/// What receives records, and how its instances are made.
#[derive(Clone)]
pub(super) enum Setting {
    Component(Box<ComponentSetting>),
    Native(NativeSetting),
}

/// Why there is no instance.
pub(super) enum StartFailed {
    /// It is at fault, and why.
    Fault(String),
    /// It is not at fault.
    Error(Error),
}

impl Setting {
    /// `batches` is whether many records are handed over in one call, if it can take
    /// them so.
    pub(super) fn start(&self, batches: bool) -> Result<Instance<'_>, StartFailed> {
        match self {
            Self::Component(it) => match ComponentInstance::start(it, batches) {
                Ok(instance) => Ok(Instance::Component(Box::new(instance))),
                Err(error) => Err(StartFailed::of(self.name(), &error)),
            },
            Self::Native(it) => NativeInstance::start(it, batches)
                .map(Instance::Native)
                .map_err(StartFailed::Fault),
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

    /// Bytes of memory that an instance may have, if that can be told from those of this
    /// process.
    pub(super) fn memory(&self) -> Option<usize> {
        match self {
            Self::Component(it) => Some(it.limits.memory),
            Self::Native(_) => None,
        }
    }
}

impl StartFailed {
    fn of(name: &str, error: &StartError) -> Self {
        match error.process_limit() {
            Some(limit) => Self::Error(Error::untested(name, limit)),
            None => Self::Fault(error.to_string()),
        }
    }
}
