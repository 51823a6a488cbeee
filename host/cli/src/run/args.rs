use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{ArgMatches, Args, Error, ValueEnum};
use solti_metrics_server::http::HostName;
use solti_metrics_server::time::{Bound, Time, Timeout};
use solti_metrics_server::{Dir, Grant};

use super::chain::{Chain, Receiver};
use crate::artifacts::ArtifactArgs;
use crate::limits::{LimitArgs, queue, stack};
use crate::variable::variable;
use crate::way::Way;

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The component's file; `-` is standard input.
    pub(crate) component: PathBuf,

    /// Arguments for the guest.
    #[arg(last = true)]
    pub(crate) args: Vec<String>,

    /// What receives the records: noop, memory, prometheus, or the file of a
    /// provider. Several receive all of them.
    ///
    /// Default: memory, or prometheus where `--listen` or `--format prometheus`
    /// need it.
    #[arg(long = "backend", value_name = "BACKEND")]
    pub(crate) backends: Vec<Receiver>,

    /// A component that records pass on their way to the backends. Several are
    /// passed in this order.
    #[arg(long = "middleware", value_name = "FILE")]
    pub(crate) middlewares: Vec<PathBuf>,

    /// Grant something to the component named before: `env=NAME=VALUE`,
    /// `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`,
    /// `http=HOST[:PORT]`, `network=none` if it imports the network without need, or
    /// `output`, to see what it prints.
    #[arg(long = "grant", value_name = "WHAT")]
    pub(crate) grants: Vec<Grant>,

    /// How many records may wait for a component.
    #[arg(long, value_name = "N", default_value = "65536", value_parser = queue)]
    pub(crate) queue: NonZeroUsize,

    /// How long a call of a component that receives records may take: from 1ms to 365d,
    /// in ms, s, m, h and d.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub(crate) backend_timeout: Bound,

    /// Maximum memory of a component that receives records: its linear memories, tables and
    /// the data of its instances together.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) backend_memory: ByteSize,

    /// How long to wait, in the end or when one of them is replaced, for components to
    /// take what they were sent: from 0s to 365d.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub(crate) drain_timeout: Time,

    /// Reload a component that receives records when its file changes; SIGHUP
    /// reloads all of them in any case.
    #[arg(long)]
    pub(crate) watch: bool,

    /// The same components, each with its grants.
    #[arg(skip)]
    pub(crate) chain: Chain,

    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// Serve `/metrics` at this address while running; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// A host name that clients call `--listen` by, such as that of a proxy, besides
    /// the names of this machine. Repeat it for each name.
    #[arg(long, value_name = "NAME", requires = "listen")]
    pub(crate) hosts: Vec<HostName>,

    /// How many times to run the component.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) repeat: NonZeroUsize,

    /// How many tasks may run at the same time.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) concurrency: NonZeroUsize,

    /// How long a task may take: from 1ms to 365d (`300ms`, `5s`, `2h`), or `none`.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) timeout: Timeout,

    /// Maximum memory of a task: its linear memories, tables and the data of its instances
    /// together.
    #[arg(long, value_name = "SIZE", default_value = "256MiB")]
    pub(crate) max_memory: ByteSize,

    /// What of a task's output goes on, for each of its two streams.
    #[arg(long, value_name = "SIZE", default_value = "16MiB")]
    pub(crate) max_output: ByteSize,

    /// Bytes that the component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    /// Stack that a task may use.
    #[arg(long, value_name = "SIZE", default_value = "512KiB", value_parser = stack)]
    pub(crate) stack: ByteSize,

    /// How the guest's records travel: compiled into the guest, or as a call of a
    /// host function each. What the backends see is the same.
    #[arg(long, value_enum, default_value_t = Way::Inline)]
    pub(crate) path: Way,

    /// Refuse guests that need component-model async, which is experimental in wasmtime.
    #[arg(long)]
    pub(crate) no_async: bool,

    /// How many records a task may make; those after them are dropped.
    #[arg(long, value_name = "N")]
    pub(crate) quota: Option<u64>,

    /// Grant a directory, read-only unless `:rw` stands at the end.
    #[arg(long = "dir", value_name = "HOST[::GUEST][:rw]")]
    pub(crate) dirs: Vec<Dir>,

    /// Set an environment variable.
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    pub(crate) env: Vec<(String, String)>,

    /// What the guest reads from its standard input; `-` is that of this command, which
    /// all tasks share.
    #[arg(long, value_name = "FILE")]
    pub(crate) stdin: Option<PathBuf>,

    /// Exit with 0 even if records were dropped, durations lowered or output
    /// truncated, as long as every task succeeded.
    #[arg(long)]
    pub(crate) tolerate_losses: bool,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

impl RunArgs {
    /// Gives each grant to the component named before it.
    pub(crate) fn name_chain(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.chain = Chain::of(&self.backends, &self.middlewares, &self.grants, matches)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// The Prometheus text format 0.0.4.
    Prometheus,
    /// For programs.
    Json,
}
