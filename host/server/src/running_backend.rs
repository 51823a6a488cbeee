//! A backend or middleware of a running server, and its settings.

use std::sync::Arc;

use bytesize::ByteSize;
use solti_metrics::MetricsHandle;

use crate::component::{Component, ComponentOptions, ComponentSpec};
use crate::config::{BackendConfig, Configuration, MiddlewareConfig, TextValue};
use crate::grant::Grant;
use crate::granted_component::GrantedComponent;
use crate::limits::ComponentLimits;
use crate::native_exporter::NativeExporter;
use crate::time::Time;

/// A backend or middleware, and its settings.
#[derive(Clone)]
pub(crate) struct RunningBackend {
    pub(crate) name: Arc<str>,
    pub(crate) kind: BackendKind,
}

#[derive(Clone)]
pub(crate) enum BackendKind {
    /// The hash is the digest of the component file.
    Component(Arc<Component>, Arc<ComponentSpec>, blake3::Hash),
    Exporter(NativeExporter, Arc<BackendConfig>),
}

impl RunningBackend {
    pub(super) fn component_of(
        component: Arc<Component>,
        wanted: ComponentSpec,
        digest: blake3::Hash,
    ) -> Self {
        Self {
            name: Arc::clone(&component.name),
            kind: BackendKind::Component(component, Arc::new(wanted), digest),
        }
    }

    pub(super) fn exporter(name: &str, exporter: NativeExporter, backend: &BackendConfig) -> Self {
        Self {
            name: name.into(),
            kind: BackendKind::Exporter(exporter, Arc::new(backend.clone())),
        }
    }

    pub(crate) fn component(&self) -> Option<&Arc<Component>> {
        match &self.kind {
            BackendKind::Component(component, ..) => Some(component),
            BackendKind::Exporter(..) => None,
        }
    }

    pub(super) fn handle(&self) -> MetricsHandle {
        match &self.kind {
            BackendKind::Component(component, ..) => component.handle(),
            BackendKind::Exporter(exporter, _) => exporter.handle(),
        }
    }

    /// Whether both are the same backend, with any instance.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (BackendKind::Component(one, ..), BackendKind::Component(other, ..)) => {
                Arc::ptr_eq(one, other)
            }
            (BackendKind::Exporter(_, one), BackendKind::Exporter(_, other)) => {
                Arc::ptr_eq(one, other)
            }
            _ => false,
        }
    }

    pub(super) fn is_exporter_of(&self, backend: &BackendConfig) -> bool {
        matches!(&self.kind, BackendKind::Exporter(_, made_of) if **made_of == *backend)
    }

    pub(super) fn is_component_of(&self, wanted: &ComponentSpec, digest: &blake3::Hash) -> bool {
        matches!(
            &self.kind,
            BackendKind::Component(_, made_of, of) if **made_of == *wanted && of == digest
        )
    }

    /// Whether the limits are the same, so that the component can be replaced in place.
    pub(super) fn has_options(&self, wanted: &ComponentSpec) -> bool {
        match &self.kind {
            BackendKind::Component(_, made_of, _) => {
                made_of.options == wanted.options && made_of.source.output == wanted.source.output
            }
            BackendKind::Exporter(..) => false,
        }
    }
}

impl ComponentSpec {
    /// `None` if the backend is not a component.
    pub(super) fn backend(
        source: &Configuration,
        name: &str,
        backend: &BackendConfig,
    ) -> Option<Self> {
        let file = source.path(backend.component.as_ref()?);
        Some(Self {
            name: name.into(),
            source: GrantedComponent::granted(
                &file,
                &grants(source, backend.grants.iter().flatten()),
            ),
            options: ComponentOptions {
                limits: backend.limits.given(),
                ..options(backend.queue_capacity, backend.timeout, backend.max_memory)
            },
        })
    }

    pub(super) fn middleware(source: &Configuration, middleware: &MiddlewareConfig) -> Self {
        let file = source.path(&middleware.component);
        Self {
            name: middleware.name.0.clone(),
            source: GrantedComponent::granted(&file, &grants(source, middleware.grants.iter())),
            options: ComponentOptions {
                limits: middleware.limits.given(),
                ..options(
                    middleware.queue_capacity,
                    middleware.timeout,
                    middleware.max_memory,
                )
            },
        }
    }
}

/// Relative directories start at the folder of the configuration.
fn grants<'a>(
    source: &Configuration,
    grants: impl Iterator<Item = &'a TextValue<Grant>>,
) -> Vec<Grant> {
    let grants = grants.map(|TextValue(grant)| match grant {
        Grant::Dir(dir) => {
            let mut dir = dir.clone();
            dir.host = source.path(&dir.host);
            Grant::Dir(dir)
        }
        other => other.clone(),
    });
    grants.collect()
}

fn options(
    queue_capacity: Option<std::num::NonZeroUsize>,
    timeout: Option<TextValue<Time>>,
    max_memory: Option<TextValue<ByteSize>>,
) -> ComponentOptions {
    let max_memory = max_memory.map_or(64 << 20, |TextValue(size)| size.as_u64());
    ComponentOptions {
        queue_capacity: queue_capacity.map_or(1 << 16, std::num::NonZeroUsize::get),
        timeout: timeout.map_or(std::time::Duration::from_secs(5), |TextValue(time)| time.0),
        max_memory: usize::try_from(max_memory).unwrap_or(usize::MAX),
        limits: ComponentLimits::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema;

    /// The schema has the same defaults.
    #[test]
    fn defaults_of_a_component_are_those_of_the_schema() {
        let schema = schema();
        for table in ["BackendConfig", "MiddlewareConfig"] {
            let of = |key: &str| schema["$defs"][table]["properties"][key]["default"].clone();
            let text = |key: &str| of(key).as_str().map(str::to_owned).unwrap_or_default();
            let given = options(
                of("queue_capacity")
                    .as_u64()
                    .and_then(|queue| usize::try_from(queue).ok()?.try_into().ok()),
                text("timeout").parse().ok().map(TextValue),
                text("max_memory").parse().ok().map(TextValue),
            );
            assert_eq!(of("queue_capacity"), 65_536);
            assert_eq!(
                (text("timeout"), text("max_memory")),
                ("5s".into(), "64MiB".into())
            );
            assert_eq!(given, options(None, None, None));
        }
    }
}
