//! Messages of errors of loading a component.

use super::{Result, limit, path, system, tell_once, text, unknown};
use crate::component::{LoadError, NetworkGrant, Role};
use crate::limits::CompileLimit;

#[test]
fn an_error_of_loading_tells_its_cause_once() -> Result {
    let all = [
        LoadError::Read {
            path: path(),
            reason: system(),
        },
        LoadError::ProcessLimit {
            name: text(),
            limit: limit()?,
        },
        LoadError::Directory { path: path() },
        LoadError::TooLarge {
            name: text(),
            size: 2,
            limit: 1,
        },
        LoadError::Empty { name: text() },
        LoadError::NotWasm {
            name: text(),
            looks_like: "text",
        },
        LoadError::CoreModule { name: text() },
        LoadError::Invalid {
            name: text(),
            reason: text(),
        },
        LoadError::FixedLimit {
            name: text(),
            what: text(),
        },
        LoadError::TooManyInstances {
            name: text(),
            steps: 1,
        },
        LoadError::MetricsVersion {
            name: text(),
            import: text(),
        },
        LoadError::MetricsInterface {
            name: text(),
            unknown: unknown()?,
        },
        LoadError::UnknownImports {
            name: text(),
            imports: vec![text()],
        },
        LoadError::NotRunnable {
            name: text(),
            role: Role::Provider,
        },
        LoadError::NotAProvider {
            name: text(),
            role: Role::Guest,
        },
        LoadError::WrongExport {
            name: text(),
            interface: text(),
            what: text(),
        },
        LoadError::NeedsAsync {
            name: text(),
            reason: text(),
        },
        LoadError::AsyncRefused {
            name: text(),
            needs: text(),
        },
        LoadError::NoEngine {
            name: text(),
            needs: text(),
            reason: text(),
        },
        LoadError::NotGranted {
            name: text(),
            import: text(),
            grant: NetworkGrant::Socket,
        },
        LoadError::Proposals {
            name: text(),
            proposals: text(),
        },
        LoadError::Compile {
            name: text(),
            reason: text(),
        },
        LoadError::CompileLimit {
            name: text(),
            limit: CompileLimit::Code(1),
        },
        LoadError::Compiler {
            name: text(),
            reason: text(),
        },
        LoadError::Link {
            name: text(),
            reason: text(),
        },
    ];
    tell_once(&all, include_str!("../component/load_error.rs"))
}
