//! Names of interfaces, and the interfaces that this host knows.

use std::fmt;

/// Versions of the metrics package that link with this host's version.
const METRICS_LINE: &str = "0.1";

/// Interfaces of the metrics package that a component can import.
pub(super) const IMPORTS: [&str; 2] = ["backend", "types"];

/// Interfaces of the metrics package that a component can export, for calls of this host.
pub(super) const EXPORTS: [&str; 5] = ["backend", "batch", "lifecycle", "exposition", "accounting"];

/// The name of an import or an export, such as `wasi:cli/run@0.2.6`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Interface {
    name: String,
}

impl Interface {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into() }
    }

    /// The whole name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name without the version: `wasi:cli/run`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.name
            .split_once('@')
            .map_or(&self.name, |(path, _)| path)
    }

    /// The version, if the name has one: `0.2.6`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.name.split_once('@').map(|(_, version)| version)
    }

    /// Whether two versions link: before 1.0, versions with the same minor number do.
    fn is_of_line(&self, line: &str) -> bool {
        self.version()
            .and_then(|version| version.strip_prefix(line))
            .is_some_and(|patch| patch.starts_with('.'))
    }

    /// Whether this host can call an exported interface of that name.
    pub(super) fn is_known_export(&self) -> bool {
        let name = self.metrics_name();
        name.is_some_and(|name| EXPORTS.contains(&name)) && self.is_of_line(METRICS_LINE)
    }

    #[cfg(feature = "provider")]
    pub(crate) fn is_http(&self) -> bool {
        self.path().starts_with("wasi:http/") && self.is_of_line("0.2")
    }

    /// Whether an export of that name is a `main`.
    pub(crate) fn is_main(&self) -> bool {
        self.path() == "wasi:cli/run" && (self.is_of_line("0.2") || self.is_async_main())
    }

    /// Whether an export of that name is an asynchronous `main`.
    pub(crate) fn is_async_main(&self) -> bool {
        self.path() == "wasi:cli/run" && self.is_wasi_0_3()
    }

    /// Whether the interface belongs to a release of WASI 0.3.
    pub(super) fn is_wasi_0_3(&self) -> bool {
        // A version before the release links to nothing but itself.
        let released = self.version().is_some_and(|version| !version.contains('-'));
        // `wasi:io` has become part of the component model.
        let package = self.package();
        self.is_of_line("0.3") && released && is_wasi(package) && package != "wasi:io"
    }

    /// The namespace and the package: `wasi:cli`.
    fn package(&self) -> &str {
        let path = self.path();
        path.split_once('/').map_or(path, |(package, _)| package)
    }

    pub(super) fn is_metrics(&self) -> bool {
        self.metrics_name().is_some()
    }

    /// Name within the metrics package: `backend`.
    pub(super) fn metrics_name(&self) -> Option<&str> {
        self.path().strip_prefix("solti:metrics/")
    }

    /// Whether the interface belongs to a version of the metrics package that this host has.
    pub(super) fn is_of_this_version(&self) -> bool {
        self.is_metrics() && self.is_of_line(METRICS_LINE)
    }

    /// Whether this host defines an interface of that name. Linking checks the functions of the
    /// interface.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self.metrics_name() {
            Some(name) => IMPORTS.contains(&name) && self.is_of_line(METRICS_LINE),
            None => is_wasi(self.package()) && (self.is_of_line("0.2") || self.is_wasi_0_3()),
        }
    }
}

/// Whether this host has a package of WASI.
fn is_wasi(package: &str) -> bool {
    matches!(
        package,
        "wasi:cli" | "wasi:clocks" | "wasi:filesystem" | "wasi:io" | "wasi:random" | "wasi:sockets"
    )
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_one_line_link_and_others_do_not() {
        for (name, known) in [
            ("solti:metrics/backend@0.1.0", true),
            ("solti:metrics/backend@0.1.7", true),
            ("solti:metrics/backend@0.2.0", false),
            ("solti:metrics/backend@0.10.0", false),
            ("solti:metrics/backend", false),
            ("solti:metrics/unheard-of@0.1.0", false),
            ("wasi:cli/environment@0.2.12", true),
            ("wasi:cli/environment@0.3.0", true),
            ("wasi:cli/environment@0.3.0-rc-2025-09-16", false),
            ("wasi:cli/environment@0.30.0", false),
            ("wasi:io/streams@0.2.12", true),
            ("wasi:io/streams@0.3.0", false),
            ("wasi:http/types@0.3.0", false),
            ("wasi:http/types@0.2.0", false),
            ("wasi:clip/environment@0.2.0", false),
            ("env", false),
        ] {
            assert_eq!(Interface::new(name).is_known(), known, "{name}");
        }
    }
}
