//! Interfaces that the metrics package does not have.

use std::fmt;

use super::Interface;
use super::interface::{EXPORTS, IMPORTS};
use crate::WIT_VERSION;
use crate::text::printable;

/// An interface of the metrics package in the right version, in which it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownInterface {
    /// Name of the interface in the component.
    interface: String,
    /// Name within the package.
    name: String,
    exported: bool,
}

impl UnknownInterface {
    /// An interface that a component imports, unless its version is wrong.
    pub(crate) fn imported(interface: &Interface) -> Option<Self> {
        Self::new(interface, false)
    }

    /// An interface that a component exports, unless its version is wrong.
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
            "{verb}s `{interface}`, and solti:metrics@{WIT_VERSION} has no interface `{name}` to {verb}, only {}; build the component without that {verb}, or use a host of a version with that interface",
            there.join(", ")
        )
    }
}
