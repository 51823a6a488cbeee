//! Every error of this library tells each of its causes once.

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::mem::discriminant;
use std::path::PathBuf;
use std::time::Duration;

use crate::artifact::{CacheError, KeyError, Refusal};
use crate::component::{Interface, LoadError, NetworkGrant, Role, UnknownInterface};
use crate::compose::ComposeError;
use crate::engine::BuildError;
use crate::limits::{CompileLimit, GuestTrap, Limit, Limits};
use crate::process::ProcessLimit;
use crate::provider::{BackendFailure, BackendState, NotRunning, StartError};
use crate::runner::SpawnError;
use crate::text::causes;
use crate::wasi::Holdings;

/// Stands for any part of a message.
fn text() -> String {
    "it".to_owned()
}

fn path() -> PathBuf {
    PathBuf::from("it.wasm")
}

/// An error of the system that no limit of the process is behind.
fn system() -> io::Error {
    io::Error::from_raw_os_error(13)
}

fn trap() -> GuestTrap {
    GuestTrap {
        message: "unreachable".to_owned(),
        backtrace: String::new(),
    }
}

fn limit() -> Result<ProcessLimit, &'static str> {
    ProcessLimit::of_io(&io::Error::from_raw_os_error(24)).ok_or("no limit is behind it")
}

fn unknown() -> Result<UnknownInterface, &'static str> {
    let interface = Interface::new("solti:metrics/other@0.1.0");
    UnknownInterface::imported(&interface).ok_or("it is known")
}

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// Holds all variants of an error, of which its file has so many, to what is promised.
fn tell_once<E: Error + 'static>(errors: &[E], source: &str) -> Result {
    let variants: HashSet<_> = errors.iter().map(discriminant).collect();
    assert_eq!(variants.len(), errors.len(), "{errors:?}");
    let name = std::any::type_name::<E>();
    let name = name.rsplit("::").next().unwrap_or(name);
    let (_, definition) = source
        .split_once(&format!("enum {name} {{"))
        .ok_or("there is no such enumeration")?;
    let definition = definition.split("\n}").next().unwrap_or_default();
    let attributes = definition.matches("#[error(").count();
    assert_eq!(attributes, errors.len(), "a variant of {name} is missing");
    for error in errors {
        tells_once(error);
    }
    Ok(())
}

fn tells_once(error: &(dyn Error + 'static)) {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let cause = source.to_string();
        assert!(!told.contains(&cause), "{told:?} has told {cause:?}");
        told = format!("{told}: {cause}");
        next = source.source();
    }
    assert_eq!(causes(error), told);
}

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
    tell_once(&all, include_str!("component/load_error.rs"))
}

#[test]
fn an_error_of_composing_tells_its_cause_once() -> Result {
    let all = [
        ComposeError::Part(LoadError::Read {
            path: path(),
            reason: system(),
        }),
        ComposeError::TooLarge {
            name: text(),
            size: 2,
            limit: 1,
        },
        ComposeError::TooFew,
        ComposeError::RecordsNothing { name: text() },
        ComposeError::Misplaced {
            name: text(),
            role: Role::Guest,
            expected: Role::Provider,
        },
        ComposeError::MetricsInterface {
            name: text(),
            unknown: unknown()?,
        },
        ComposeError::MetricsVersion {
            name: text(),
            interface: text(),
        },
        ComposeError::WrongTypes {
            name: text(),
            interface: text(),
            reason: text(),
        },
        ComposeError::Mismatch {
            importer: text(),
            exporter: text(),
            interface: text(),
            reason: text(),
        },
        ComposeError::ExportedTwice {
            name: text(),
            other: text(),
            interface: text(),
        },
        ComposeError::ImportConflict {
            name: text(),
            other: text(),
            import: text(),
            reason: text(),
        },
        ComposeError::Unsupported { reason: text() },
    ];
    tell_once(&all, include_str!("compose/error.rs"))
}

#[test]
fn an_error_of_a_runner_tells_its_cause_once() -> Result {
    let reason = Holdings::new(&Limits::new().descriptors(0), 1)
        .err()
        .ok_or("there is a descriptor")?;
    let all = [
        SpawnError::Dir {
            path: path(),
            reason: system().into(),
        },
        SpawnError::Stdin {
            path: path(),
            reason: system(),
        },
        SpawnError::Descriptors { reason },
        SpawnError::Thread { reason: text() },
        SpawnError::NulInText { text: text() },
        SpawnError::Limit {
            limit: Limit::Memory,
            reason: text(),
        },
        SpawnError::ProcessLimit { limit: limit()? },
        SpawnError::NoRoom { reason: text() },
        SpawnError::OtherRunner,
        SpawnError::Exited { code: 1 },
        SpawnError::Instantiate { trap: trap() },
        SpawnError::Deadline {
            deadline: Duration::ZERO,
        },
        SpawnError::Canceled,
    ];
    tell_once(&all, include_str!("runner/error.rs"))?;
    let all = [
        BuildError::Engine { reason: text() },
        BuildError::ProcessLimit { limit: limit()? },
        BuildError::Thread { reason: system() },
    ];
    tell_once(&all, include_str!("engine/build_error.rs"))
}

#[test]
fn an_error_of_a_provider_tells_its_cause_once() -> Result {
    let failures = [
        BackendFailure::Trapped { trap: trap() },
        BackendFailure::Exited { code: 1 },
        BackendFailure::LimitHit {
            limit: Limit::Memory,
            trap: trap(),
        },
        BackendFailure::ProcessLimit { limit: limit()? },
        BackendFailure::TimedOut {
            deadline: Duration::ZERO,
        },
        BackendFailure::Panicked { message: text() },
        BackendFailure::Grant { reason: text() },
    ];
    tell_once(&failures, include_str!("provider/failure.rs"))?;
    let [failure, ..] = failures;
    let all = [
        StartError::Thread {
            name: text(),
            reason: system(),
        },
        StartError::Failed {
            name: text(),
            failure: failure.clone(),
            last_words: Some(text()),
        },
        StartError::NoNext { name: text() },
        StartError::OtherRole {
            name: text(),
            middleware: true,
        },
        StartError::Stopped { name: text() },
    ];
    tell_once(&all, include_str!("provider/error.rs"))?;
    let all = [
        NotRunning::State {
            state: BackendState::Stopped,
        },
        NotRunning::Failed(failure),
        NotRunning::Refused(text()),
        NotRunning::Unsupported("lifecycle"),
    ];
    tell_once(&all, include_str!("provider/error.rs"))
}

#[test]
fn an_error_of_kept_code_tells_its_cause_once() -> Result {
    let keys = [
        KeyError::Read {
            path: path(),
            reason: system(),
        },
        KeyError::Create {
            path: path(),
            reason: system(),
        },
        KeyError::Malformed { path: path() },
    ];
    tell_once(&keys, include_str!("artifact/key.rs"))?;
    let [key, ..] = keys;
    let all = [
        CacheError::Folder {
            path: path(),
            reason: system(),
        },
        CacheError::NotAFolder { path: path() },
        CacheError::NotOurs {
            path: path(),
            owner: 1,
        },
        CacheError::Exposed {
            path: path(),
            mode: 0o777,
        },
        CacheError::Key(key),
    ];
    tell_once(&all, include_str!("artifact/error.rs"))?;
    let all = [
        Refusal::NoKey,
        Refusal::Damaged,
        Refusal::NotAuthentic,
        Refusal::OtherHost,
        Refusal::OtherUse,
        Refusal::NotLoaded,
    ];
    tell_once(&all, include_str!("artifact/error.rs"))
}
