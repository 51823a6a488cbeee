//! What a component may use besides memory and time, as it was asked for.

use std::num::NonZeroUsize;

use bytesize::ByteSize;
use clap::{Args, value_parser};
use solti_metrics_host::limits::{Limit, Limits};
use solti_metrics_host::provider::{BackendFailure, StartError};
use solti_metrics_server::{ComponentLimits, Error};

const HEADING: &str = "Limits of each component";

/// What is not given is as the library has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Args)]
pub(crate) struct LimitArgs {
    /// Maximum elements of all tables together.
    ///
    /// Default: 20000.
    #[arg(long, value_name = "N", help_heading = HEADING,
        value_parser = value_parser!(u32).range(..=MOST_TABLE_ELEMENTS))]
    max_table_elements: Option<u32>,

    /// Maximum number of tables.
    ///
    /// Default: 64.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_tables: Option<u32>,

    /// Maximum number of linear memories, each of which reserves 4 GiB of address space.
    ///
    /// Default: 16.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_memories: Option<u32>,

    /// Maximum number of instances of core modules.
    ///
    /// Default: 1000.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_instances: Option<u32>,

    /// Maximum number of open handles: files, streams, and the component's own resources.
    ///
    /// Default: 1000.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_handles: Option<u32>,

    /// Maximum number of open file descriptors: of directories, files and sockets.
    ///
    /// Default: 256.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_descriptors: Option<u32>,

    /// Maximum number of open streams of files and directory listings.
    ///
    /// Default: 256.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_streams: Option<u32>,

    /// Maximum random bytes that one call may ask for.
    ///
    /// Default: 4KiB.
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    max_random: Option<ByteSize>,

    /// Maximum bytes that one call may make the host copy.
    ///
    /// Default: 64KiB for tasks, and 16MiB for components that receive records.
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    max_host_call_data: Option<ByteSize>,
}

/// The most elements of tables that may be asked for.
const MOST_TABLE_ELEMENTS: i64 = solti_metrics_server::MOST_TABLE_ELEMENTS as i64;

impl LimitArgs {
    /// What was given.
    pub(crate) fn given(&self) -> ComponentLimits {
        let mut limits = ComponentLimits::default();
        limits.table_elements = self.max_table_elements;
        limits.tables = self.max_tables;
        limits.memories = self.max_memories;
        limits.instances = self.max_instances;
        limits.handles = self.max_handles;
        limits.descriptors = self.max_descriptors;
        limits.streams = self.max_streams;
        limits.random = self.max_random;
        limits.host_call_data = self.max_host_call_data;
        limits
    }

    /// Puts what was given into the limits of a component.
    pub(crate) fn put(&self, limits: &mut Limits) {
        self.given().put(limits);
    }
}

/// The queue is made at once, with 24 bytes for each record.
pub(crate) fn queue(text: &str) -> Result<NonZeroUsize, &'static str> {
    match text.parse::<NonZeroUsize>() {
        Ok(records) if records.get() <= 1 << 24 => Ok(records),
        _ => Err("expected a number of records from 1 to 16777216"),
    }
}

/// wasmtime takes no smaller stack, and a thread's address space ends somewhere.
pub(crate) fn stack(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if (ByteSize::kib(16)..=ByteSize::gib(1)).contains(&size) {
        Ok(size)
    } else {
        Err("expected a size from 16KiB to 1GiB".into())
    }
}

/// A backend that cannot be started, and what to do if it has hit a limit.
pub(crate) fn advised(error: Error) -> anyhow::Error {
    let Error::Start(StartError::Failed {
        failure: BackendFailure::LimitHit { limit, .. },
        ..
    }) = &error
    else {
        return error.into();
    };
    let advice = match limit {
        Limit::Memory => "raise --backend-max-memory if it needs more".to_owned(),
        limit => advice(*limit),
    };
    let text = error.to_string();
    // Beneath the first line is what the backend itself has said.
    let (first, rest) = text.split_at(text.find('\n').unwrap_or(text.len()));
    anyhow::anyhow!("{first}; {advice}{rest}")
}

/// What somebody can do whose task has hit a limit.
pub(crate) fn advice(limit: Limit) -> String {
    match option(limit) {
        Some(option) => format!("raise {option} if it needs more"),
        None => "the guest has to ask for less".into(),
    }
}

/// The option that sets a limit.
pub(crate) fn option(limit: Limit) -> Option<&'static str> {
    Some(match limit {
        Limit::Memory => "--max-memory",
        Limit::Stack => "--stack",
        Limit::TableElements => "--max-table-elements",
        Limit::Tables => "--max-tables",
        Limit::Memories => "--max-memories",
        Limit::Instances => "--max-instances",
        Limit::Handles => "--max-handles",
        Limit::Descriptors => "--max-descriptors",
        Limit::Streams => "--max-streams",
        Limit::Random => "--max-random",
        Limit::HostCallFuel => "--max-host-call-data",
        _ => return None,
    })
}
