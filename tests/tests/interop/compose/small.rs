//! Minimal components, whose interfaces can be wrong in any way.

use anyhow::Result;

/// The interfaces of a minimal component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Small {
    /// The version in the names of imported and exported interfaces.
    pub(crate) version: &'static str,
    /// The cases of `runner-type`.
    pub(crate) runners: &'static str,
    /// The parameters of the only function after the runner.
    pub(crate) parameters: &'static str,
    /// True if the component imports `types`, as toolchains make it.
    pub(crate) imports_types: bool,
    /// Further text of the component.
    pub(crate) more: &'static str,
}

pub(crate) const SMALL: Small = Small {
    version: "0.1.0",
    runners: r#""subprocess" "container" "wasm""#,
    parameters: "",
    imports_types: true,
    more: "",
};

impl Small {
    /// A component that imports `backend`, and exports the contents of `more`.
    pub(crate) fn guest(&self) -> Result<Vec<u8>> {
        self.component(&self.import())
    }

    /// A component that exports `backend`.
    pub(crate) fn provider(&self) -> Result<Vec<u8>> {
        self.component(&self.export())
    }

    /// A component that imports and exports `backend`.
    pub(crate) fn middleware(&self) -> Result<Vec<u8>> {
        self.component(&format!("{}{}", self.import(), self.export()))
    }

    fn component(&self, text: &str) -> Result<Vec<u8>> {
        let Self {
            runners,
            version,
            more,
            ..
        } = self;
        let types = if self.imports_types {
            format!(
                r#"(import "solti:metrics/types@{version}"
                      (instance $types (export "runner-type" (type (eq $enum)))))
                   (alias export $types "runner-type" (type $runner))"#
            )
        } else {
            r#"(import "runner" (type $runner (eq $enum)))"#.into()
        };
        Ok(wat::parse_str(format!(
            "(component (type $enum (enum {runners})) {types} {text} {more})"
        ))?)
    }

    fn import(&self) -> String {
        let Self {
            version,
            parameters,
            ..
        } = self;
        format!(
            r#"(import "solti:metrics/backend@{version}" (instance
                  (export "runner-type" (type $inner (eq $runner)))
                  (export "record-task-started" (func (param "runner" $inner) {parameters}))))"#
        )
    }

    fn export(&self) -> String {
        let Self {
            version,
            parameters,
            ..
        } = self;
        let core = if parameters.is_empty() { "" } else { "i64" };
        format!(
            r#"(core module $code (func (export "started") (param i32 {core})))
               (core instance $code (instantiate $code))
               (func $started (param "runner" $runner) {parameters}
                   (canon lift (core func $code "started")))
               (component $backend
                   (import "runner" (type $outer (eq $enum)))
                   (import "started" (func $started (param "runner" $outer) {parameters}))
                   (export $runner "runner-type" (type $outer))
                   (export "record-task-started" (func $started)
                       (func (param "runner" $runner) {parameters})))
               (instance $backend (instantiate $backend
                   (with "runner" (type $runner)) (with "started" (func $started))))
               (export "solti:metrics/backend@{version}" (instance $backend))"#
        )
    }
}
