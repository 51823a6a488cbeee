//! Reads and inspects the component under test.

use std::borrow::Cow;
use std::path::PathBuf;

use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{Artifacts, component_in};
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::runner::{Runner, Stdin};
use solti_metrics_host::text::printable;

use crate::error::Error;
use crate::options::TestOptions;

/// Source of the component under test.
#[derive(Clone)]
pub(crate) enum ComponentSource {
    File(PathBuf),
    Bytes { name: String, bytes: Vec<u8> },
}

impl ComponentSource {
    /// The component's name in the report.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(file) => printable(&file.display().to_string()),
            Self::Bytes { name, .. } => printable(name),
        }
    }
}

/// The component under test.
pub(crate) struct TestedComponent<'a> {
    pub(crate) name: String,
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) inspection: Inspection,
    pub(crate) artifacts: &'a Artifacts,
    pub(crate) options: &'a TestOptions,
}

impl<'a> TestedComponent<'a> {
    pub(crate) fn read(
        source: &'a ComponentSource,
        artifacts: &'a Artifacts,
        options: &'a TestOptions,
    ) -> Result<Self, Error> {
        let name = source.name();
        let bytes = match source {
            ComponentSource::Bytes { bytes, .. } => Cow::Borrowed(&**bytes),
            ComponentSource::File(file) => {
                let runner = Runner::builder(noop_metrics())
                    .artifacts(artifacts.clone())
                    .max_component(options.max_component)
                    .build()?;
                Cow::Owned(runner.read(file)?)
            }
        };
        let inspection = Inspection::of(&name, &component_in(&name, &bytes)?)?;
        Ok(Self {
            name,
            bytes,
            inspection,
            artifacts,
            options,
        })
    }

    pub(crate) fn metrics_version(&self) -> Option<String> {
        self.inspection.metrics_version().map(printable)
    }

    /// Roles in which the component is tested.
    ///
    /// # Errors
    ///
    /// If the component has no role, or the options are for another role.
    pub(crate) fn roles(&self) -> Result<Vec<Role>, Error> {
        let roles = self.all_roles()?;
        let is_guest = roles.contains(&Role::Guest);
        let receives = roles.iter().any(|role| *role != Role::Guest);
        let name = || self.name.clone();
        if self.options.grants != Default::default() && !receives {
            return Err(Error::GrantsForGuest { name: name() });
        }
        if self.has_input() && !is_guest {
            return Err(Error::InputForProvider { name: name() });
        }
        Ok(roles)
    }

    fn all_roles(&self) -> Result<Vec<Role>, Error> {
        let role = self.inspection.role();
        let mut imports = self.inspection.imports.iter();
        let records = imports.any(|import| import.path() == "solti:metrics/backend");
        Ok(match role {
            Role::Guest | Role::Provider => vec![role],
            // A middleware with a `main` that imports `backend` is also tested as a guest.
            Role::Middleware if records && self.inspection.is_program() => {
                vec![Role::Guest, Role::Middleware]
            }
            Role::Middleware => vec![role],
            _ => {
                let name = self.name.clone();
                return Err(Error::NoRole { name });
            }
        })
    }

    fn has_input(&self) -> bool {
        let task = &self.options.task;
        let none = task.args.is_empty() && task.dirs.is_empty() && task.env.is_empty();
        !none || !matches!(task.stdin, Stdin::Empty)
    }
}
