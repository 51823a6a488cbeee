use std::fmt;

use super::Interface;
use super::interface::{EXPORTS, IMPORTS};
use crate::WIT_VERSION;
use crate::text::printable;

/// An interface of the metrics package that is in the right version and does not exist in
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownInterface {
    /// As the component names it.
    interface: String,
    /// Within the package.
    name: String,
    exported: bool,
}

impl UnknownInterface {
    /// One that a component imports, if its version is not what is wrong.
    pub(crate) fn imported(interface: &Interface) -> Option<Self> {
        Self::new(interface, false)
    }

    /// One that it exports.
    #[cfg(feature = "provider")]
    pub(crate) fn exported(interface: &Interface) -> Option<Self> {
        Self::new(interface, true)
    }

    fn new(interface: &Interface, exported: bool) -> Option<Self> {
        let name = interface.metrics_name()?;
        interface.is_of_this_version().then(|| Self {
            interface: printable(interface.name()),
            name: printable(name),
            exported,
        })
    }
}

impl fmt::Display for UnknownInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            interface,
            name,
            exported,
        } = self;
        let (verb, there): (_, &[&str]) = match exported {
            true => ("export", &EXPORTS),
            false => ("import", &IMPORTS),
        };
        let there: Vec<_> = there.iter().map(|name| format!("`{name}`")).collect();
        write!(
            f,
            "{verb}s `{interface}`, and solti:metrics@{WIT_VERSION} has no interface `{name}` to {verb}, only {}; build it without that {verb}, or use a host with a version that has it",
            there.join(", ")
        )
    }
}
