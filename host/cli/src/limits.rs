//! Limits of components other than memory and time, from the command line.

use std::num::NonZeroUsize;

use bytesize::ByteSize;
use clap::{Args, value_parser};
use solti_metrics_host::limits::{Limit, Limits};
use solti_metrics_host::provider::{BackendFailure, StartError};
use solti_metrics_server::{ComponentLimits, Error};

const HEADING: &str = "Limits of each component";

/// Options that are not set use the defaults of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Args)]
pub(crate) struct LimitArgs {
    /// Maximum number of elements in all tables of a component together.
    ///
    /// Default: 20000.
    #[arg(long, value_name = "N", help_heading = HEADING,
        value_parser = value_parser!(u32).range(..=MAX_TABLE_ELEMENTS))]
    max_table_elements: Option<u32>,

    /// Maximum number of tables of a component.
    ///
    /// Default: 64.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_tables: Option<u32>,

    /// Maximum number of linear memories of a component. Each reserves 4 GiB of address
    /// space.
    ///
    /// Default: 16.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_memories: Option<u32>,

    /// Maximum number of core module instances of a component.
    ///
    /// Default: 1000.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_instances: Option<u32>,

    /// Maximum number of open handles of a component: files, streams and its own resources.
    ///
    /// Default: 1000.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_handles: Option<u32>,

    /// Maximum number of open file descriptors of a component: directories, files and
    /// sockets.
    ///
    /// Default: 256.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_descriptors: Option<u32>,

    /// Maximum number of open file streams and directory listings of a component.
    ///
    /// Default: 256.
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_streams: Option<u32>,

    /// Maximum random bytes that a component gets in one host call.
    ///
    /// Default: 4KiB.
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    max_random: Option<ByteSize>,

    /// Maximum bytes that the host copies for each host call of a component.
    ///
    /// Default: 64KiB for guests, and 16MiB for providers and middlewares.
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    max_host_call_data: Option<ByteSize>,
}

/// Maximum value of `--max-table-elements`.
const MAX_TABLE_ELEMENTS: i64 = solti_metrics_server::MOST_TABLE_ELEMENTS as i64;

impl LimitArgs {
    /// The limits that are set on the command line.
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

    /// Applies the limits of the command line to the limits of a component.
    pub(crate) fn apply_to(&self, limits: &mut Limits) {
        self.given().put(limits);
    }
}

/// Parses the capacity of a queue. A queue allocates 24 bytes for each record when it
/// starts.
pub(crate) fn queue_capacity(text: &str) -> Result<NonZeroUsize, &'static str> {
    match text.parse::<NonZeroUsize>() {
        Ok(records) if records.get() <= 1 << 24 => Ok(records),
        _ => Err("expected a number of records from 1 to 16777216"),
    }
}

/// Parses the size of a stack. wasmtime accepts no smaller stack, and the address space of
/// a thread is limited.
pub(crate) fn stack(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if (ByteSize::kib(16)..=ByteSize::gib(1)).contains(&size) {
        Ok(size)
    } else {
        Err("expected a size from 16KiB to 1GiB".into())
    }
}

/// Adds advice to the error of a backend that failed to start at a limit.
pub(crate) fn advised(error: Error) -> anyhow::Error {
    let Error::Start(StartError::Failed {
        failure: BackendFailure::LimitHit { limit, .. },
        ..
    }) = &error
    else {
        return error.into();
    };
    let advice = match limit {
        Limit::Memory => "raise --backend-max-memory if the component needs more".to_owned(),
        limit => advice(*limit),
    };
    let text = error.to_string();
    // The first line is the error. The following lines are the output of the backend.
    let (first, rest) = text.split_at(text.find('\n').unwrap_or(text.len()));
    anyhow::anyhow!("{first}; {advice}{rest}")
}

/// Advice for a task that reached a limit.
pub(crate) fn advice(limit: Limit) -> String {
    match option(limit) {
        Some(option) => format!("raise {option} if the component needs more"),
        None => "change the guest, because no option raises this limit".into(),
    }
}

/// Option that sets a limit.
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
        Limit::HostCallData => "--max-host-call-data",
        _ => return None,
    })
}
