//! Arguments of `run`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{ArgMatches, Args, Error, ValueEnum};
use solti_metrics_host::runner::RecordingMode;
use solti_metrics_server::http::HostName;
use solti_metrics_server::time::{Bound, Time, Timeout};
use solti_metrics_server::{Dir, Grant};

use super::chain::{BackendArgument, BackendChain};
use crate::artifacts::ArtifactArgs;
use crate::limits::{LimitArgs, queue_capacity, stack};
use crate::recording_mode::recording_mode;
use crate::variable::variable;

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// File of the component; `-` is standard input.
    pub(crate) component: PathBuf,

    /// Arguments of the guest.
    #[arg(last = true)]
    pub(crate) args: Vec<String>,

    /// Backend that receives the records: `noop`, `memory`, `prometheus`, or the file of a
    /// provider. Repeat the option for several backends; each receives all records.
    ///
    /// The command always adds `memory`, or `prometheus` with `--listen` or
    /// `--format prometheus`. Only `noop` prevents that.
    #[arg(long = "backend", value_name = "BACKEND")]
    pub(crate) backends: Vec<BackendArgument>,

    /// File of a middleware. Records pass all middlewares, in the order of these options,
    /// before they reach the backends. Repeat the option for each middleware.
    #[arg(long = "middleware", value_name = "FILE")]
    pub(crate) middlewares: Vec<PathBuf>,

    /// Capability of the `--backend` or `--middleware` before this option: `env=NAME=VALUE`,
    /// `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`, `http=HOST[:PORT]`,
    /// `network=none` for a component that imports the network and does not need it, or
    /// `output` to show the output of the component. Repeat the option for each capability.
    #[arg(long = "grant", value_name = "WHAT")]
    pub(crate) grants: Vec<Grant>,

    /// Maximum number of records in the queue of each component backend and middleware.
    #[arg(long, value_name = "N", default_value = "65536", value_parser = queue_capacity)]
    pub(crate) backend_queue_capacity: NonZeroUsize,

    /// Maximum duration of a call of a component backend or middleware: from 1ms to 365d.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub(crate) backend_timeout: Bound,

    /// Maximum memory of each component backend and middleware: linear memories, tables and
    /// instance data together.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) backend_max_memory: ByteSize,

    /// Maximum time for component backends to take the records in their queues, at the end
    /// or at a replacement: from 0s to 365d.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub(crate) drain_timeout: Time,

    /// Replace a component backend or middleware when its file changes. SIGHUP always
    /// replaces all of them.
    #[arg(long)]
    pub(crate) watch: bool,

    /// The same backends and middlewares, each with its grants.
    #[arg(skip)]
    pub(crate) chain: BackendChain,

    /// Format of the report.
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(crate) format: ReportFormat,

    /// Address at which `/metrics` is served during the run; port 0 selects a free port.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// Host name that the server of `--listen` accepts in requests, such as
    /// `metrics.example.com` of a proxy. The names of this machine are always accepted.
    /// Repeat the option for each name.
    #[arg(long, value_name = "NAME", requires = "listen")]
    pub(crate) hosts: Vec<HostName>,

    /// Number of runs of the component.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) repeat: NonZeroUsize,

    /// Maximum number of concurrent runs.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) concurrency: NonZeroUsize,

    /// Maximum duration of a run: from 1ms to 365d (`300ms`, `5s`, `2h`), or `none`.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) timeout: Timeout,

    /// Maximum memory of a run (`64MiB`, `1GB`, `512`): linear memories, tables and instance
    /// data together.
    #[arg(long, value_name = "SIZE", default_value = "256MiB")]
    pub(crate) max_memory: ByteSize,

    /// Maximum bytes forwarded from each of standard output and standard error of a run.
    /// Further output is truncated and counted.
    #[arg(long, value_name = "SIZE", default_value = "16MiB")]
    pub(crate) max_output: ByteSize,

    /// Maximum size of the component file.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    /// Maximum stack of a run.
    #[arg(long, value_name = "SIZE", default_value = "512KiB", value_parser = stack)]
    pub(crate) stack: ByteSize,

    /// How records of the guest reach the host. The backends receive the same records in
    /// both modes.
    #[arg(long, value_name = "MODE", default_value = "inline", value_parser = recording_mode())]
    pub(crate) recording_mode: RecordingMode,

    /// Reject guests that use component-model async, which is experimental in wasmtime.
    #[arg(long)]
    pub(crate) no_async: bool,

    /// Maximum number of records of a run. Further records are dropped and counted. 0 drops
    /// all records.
    ///
    /// Default: unlimited.
    #[arg(long, value_name = "N")]
    pub(crate) quota: Option<u64>,

    /// Directory that the guest may access. `HOST` is its path on this machine, and `GUEST`
    /// its path in the guest, by default the same. Read-only unless `:rw` is appended.
    /// Repeat the option for each directory.
    #[arg(long = "dir", value_name = "HOST[::GUEST][:rw]")]
    pub(crate) dirs: Vec<Dir>,

    /// Environment variable of the guest. Repeat the option for each variable.
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    pub(crate) env: Vec<(String, String)>,

    /// File that the guest reads as standard input; `-` is the standard input of this
    /// command, which all runs share.
    #[arg(long, value_name = "FILE")]
    pub(crate) stdin: Option<PathBuf>,

    /// Exit with 0 if all runs succeed, even if records were dropped, durations were
    /// lowered or output was truncated.
    #[arg(long)]
    pub(crate) tolerate_losses: bool,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

impl RunArgs {
    /// Assigns each grant to the component that is named before it.
    pub(crate) fn name_chain(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.chain = BackendChain::of(&self.backends, &self.middlewares, &self.grants, matches)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A readable table.
    Table,
    /// Prometheus text format 0.0.4.
    Prometheus,
    /// JSON.
    Json,
}
