//! Request to a process that compiles for another one, and its answer.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::address::{CodeKind, Digest};
use crate::engine::EngineSettings;

/// Request to compile, which is passed as the last argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CompileOrder {
    pub(super) kind: CodeKind,
    pub(super) settings: EngineSettings,
    /// Digest of the engine for which the code is made. Another program would make another engine.
    pub(super) engine: String,
    /// Maximum bytes of address space.
    pub(super) memory: u64,
    /// Maximum seconds of processor time.
    pub(super) cpu: u64,
}

impl CompileOrder {
    pub(super) fn new(
        kind: CodeKind,
        settings: EngineSettings,
        engine: Digest,
        memory: u64,
        cpu: Duration,
    ) -> Self {
        // The system counts whole seconds, and does not accept zero.
        let started = u64::from(cpu.subsec_nanos() > 0);
        Self {
            kind,
            settings,
            engine: engine.to_string(),
            memory,
            cpu: cpu.as_secs().saturating_add(started).max(1),
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let find = |name: &str| {
            text.split(',')
                .filter_map(|field| field.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        if find("version")? != env!("CARGO_PKG_VERSION") {
            return None;
        }
        Some(Self {
            kind: CodeKind::of_label(find("kind")?)?,
            settings: EngineSettings::read(find)?,
            engine: find("engine")?.to_owned(),
            memory: find("memory")?.parse().ok()?,
            cpu: find("cpu")?.parse().ok()?,
        })
    }
}

impl fmt::Display for CompileOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            settings,
            engine,
            memory,
            cpu,
        } = self;
        let (version, kind) = (env!("CARGO_PKG_VERSION"), kind.as_label());
        write!(
            f,
            "version={version},kind={kind},engine={engine},memory={memory},cpu={cpu}"
        )?;
        for (name, value) in settings.written() {
            write!(f, ",{name}={value}")?;
        }
        Ok(())
    }
}

/// Reason why there is no code, as an exit code that no other exit uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompileFailure {
    /// The component cannot be composed with the shim.
    NotComposed = 64,
    /// The component does not compile.
    NotCompiled = 65,
    /// The memory limit is too low.
    Memory = 66,
    /// The request is not valid, or cannot be carried out here.
    Misunderstood = 67,
    /// The component needs proposals for WebAssembly that this host does not support.
    Proposals = 68,
    /// Threads cannot be started, with any memory limit.
    Thread = 69,
    /// The component is larger than a limit that cannot be raised.
    FixedLimit = 70,
}

impl CompileFailure {
    pub(super) fn of_code(code: i32) -> Option<Self> {
        [
            Self::NotComposed,
            Self::NotCompiled,
            Self::Memory,
            Self::Misunderstood,
            Self::Proposals,
            Self::Thread,
            Self::FixedLimit,
        ]
        .into_iter()
        .find(|no| *no as i32 == code)
    }

    /// Converts the error of a system call in the process that compiles.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::OutOfMemory => Self::Memory,
            // A thread needs address space too, and other threads were started before memory was
            // limited.
            ErrorKind::WouldBlock => Self::Memory,
            _ => Self::Misunderstood,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_arrives_as_it_was_given() {
        let settings = EngineSettings {
            stack: 1 << 16,
            asynchronous: true,
            fuel: true,
            inlining: false,
        };
        let (engine, time) = (Digest([3; 32]), Duration::from_millis(1_001));
        let order = CompileOrder::new(CodeKind::Plain, settings, engine, 1 << 30, time);
        assert_eq!(order.cpu, 2);
        assert_eq!(CompileOrder::parse(&order.to_string()), Some(order));
    }

    #[test]
    fn an_invalid_order_is_rejected() {
        let settings = EngineSettings::default();
        let order = CompileOrder::new(
            CodeKind::Plain,
            settings,
            Digest([3; 32]),
            1,
            Duration::ZERO,
        );
        assert_eq!(order.cpu, 1);
        let text = order.to_string();
        assert!(CompileOrder::parse(&text).is_some());
        for other in [
            String::new(),
            text.replace("version=", "version=9"),
            text.replace("kind=plain", "kind=other"),
            text.replace("memory=1", "memory=-1"),
            text.replace("stack=", "heap="),
            text.replace("async=false", "async=maybe"),
            text.replace(",async=false", ""),
            text.replace("fuel=false", "fuel=maybe"),
            text.replace(",fuel=false", ""),
            text.replace("inlining=true", "inlining=maybe"),
            text.replace(",inlining=true", ""),
        ] {
            assert_eq!(CompileOrder::parse(&other), None, "{other}");
        }
    }
}
