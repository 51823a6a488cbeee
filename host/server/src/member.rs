//! A backend or middleware of a running server, and the settings that it was made from.

use std::sync::Arc;

use bytesize::ByteSize;
use solti_metrics::MetricsHandle;

use crate::component::{Component, Options, Wanted};
use crate::config::{Backend, Configuration, Middleware, Text};
use crate::exporter::Exporter;
use crate::grant::Grant;
use crate::limits::ComponentLimits;
use crate::part::Part;
use crate::time::Time;

/// Somebody who receives records, and what it was made of.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: Arc<str>,
    pub(crate) receiver: Receiver,
}

#[derive(Clone)]
pub(crate) enum Receiver {
    /// The digest is that of its file.
    Component(Arc<Component>, Arc<Wanted>, blake3::Hash),
    Exporter(Exporter, Arc<Backend>),
}

impl Member {
    pub(super) fn component_of(
        component: Arc<Component>,
        wanted: Wanted,
        digest: blake3::Hash,
    ) -> Self {
        Self {
            name: Arc::clone(&component.name),
            receiver: Receiver::Component(component, Arc::new(wanted), digest),
        }
    }

    pub(super) fn exporter(name: &str, exporter: Exporter, backend: &Backend) -> Self {
        Self {
            name: name.into(),
            receiver: Receiver::Exporter(exporter, Arc::new(backend.clone())),
        }
    }

    pub(crate) fn component(&self) -> Option<&Arc<Component>> {
        match &self.receiver {
            Receiver::Component(component, ..) => Some(component),
            Receiver::Exporter(..) => None,
        }
    }

    pub(super) fn handle(&self) -> MetricsHandle {
        match &self.receiver {
            Receiver::Component(component, ..) => component.handle(),
            Receiver::Exporter(exporter, _) => exporter.handle(),
        }
    }

    /// Whether both are one, with whatever instance.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.receiver, &other.receiver) {
            (Receiver::Component(one, ..), Receiver::Component(other, ..)) => {
                Arc::ptr_eq(one, other)
            }
            (Receiver::Exporter(_, one), Receiver::Exporter(_, other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    pub(super) fn is_exporter_of(&self, backend: &Backend) -> bool {
        matches!(&self.receiver, Receiver::Exporter(_, made_of) if **made_of == *backend)
    }

    pub(super) fn is_component_of(&self, wanted: &Wanted, digest: &blake3::Hash) -> bool {
        matches!(
            &self.receiver,
            Receiver::Component(_, made_of, of) if **made_of == *wanted && of == digest
        )
    }

    /// Whether it may use what is wanted, and another instance of it can do.
    pub(super) fn has_options(&self, wanted: &Wanted) -> bool {
        match &self.receiver {
            Receiver::Component(_, made_of, _) => {
                made_of.options == wanted.options && made_of.part.output == wanted.part.output
            }
            Receiver::Exporter(..) => false,
        }
    }
}

impl Wanted {
    /// `None` if the backend is no component.
    pub(super) fn backend(source: &Configuration, name: &str, backend: &Backend) -> Option<Self> {
        let file = source.path(backend.component.as_ref()?);
        Some(Self {
            name: name.into(),
            part: Part::granted(&file, &grants(source, backend.grants.iter().flatten())),
            options: Options {
                limits: backend.limits.given(),
                ..options(backend.queue, backend.timeout, backend.memory)
            },
        })
    }

    pub(super) fn middleware(source: &Configuration, middleware: &Middleware) -> Self {
        let file = source.path(&middleware.component);
        Self {
            name: middleware.name.0.clone(),
            part: Part::granted(&file, &grants(source, middleware.grants.iter())),
            options: Options {
                limits: middleware.limits.given(),
                ..options(middleware.queue, middleware.timeout, middleware.memory)
            },
        }
    }
}

/// Directories are named from the configuration's folder on.
fn grants<'a>(source: &Configuration, grants: impl Iterator<Item = &'a Text<Grant>>) -> Vec<Grant> {
    let grants = grants.map(|Text(grant)| match grant {
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
    queue: Option<std::num::NonZeroUsize>,
    timeout: Option<Text<Time>>,
    memory: Option<Text<ByteSize>>,
) -> Options {
    let memory = memory.map_or(64 << 20, |Text(size)| size.as_u64());
    Options {
        queue: queue.map_or(1 << 16, std::num::NonZeroUsize::get),
        deadline: timeout.map_or(std::time::Duration::from_secs(5), |Text(time)| time.0),
        memory: usize::try_from(memory).unwrap_or(usize::MAX),
        limits: ComponentLimits::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema;

    /// The schema says what they are, too.
    #[test]
    fn what_a_component_may_use_is_what_the_schema_says() {
        let schema = schema();
        for table in ["Backend", "Middleware"] {
            let of = |key: &str| schema["$defs"][table]["properties"][key]["default"].clone();
            let text = |key: &str| of(key).as_str().map(str::to_owned).unwrap_or_default();
            let given = options(
                of("queue")
                    .as_u64()
                    .and_then(|queue| usize::try_from(queue).ok()?.try_into().ok()),
                text("timeout").parse().ok().map(Text),
                text("memory").parse().ok().map(Text),
            );
            assert_eq!(of("queue"), 65_536);
            assert_eq!(
                (text("timeout"), text("memory")),
                ("5s".into(), "64MiB".into())
            );
            assert_eq!(given, options(None, None, None));
        }
    }
}
