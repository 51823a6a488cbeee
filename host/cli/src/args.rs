use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use solti_metrics_host::runner::RecordPath;

use crate::artifacts::ArtifactArgs;
use solti_metrics_server::Grant;

use crate::chain::{Chain, Receiver};
use crate::check::CheckArgs;
use crate::conformance::ConformanceArgs;
use crate::limits::{LimitArgs, queue, stack};
use crate::misused::misused;
use crate::new::NewArgs;
use crate::plain::colors;
use crate::serve::ServeArgs;
use solti_metrics_server::Dir;
use solti_metrics_server::http::HostName;
use solti_metrics_server::time::{Bound, Time, Timeout};

/// Run WebAssembly components as tasks, bound them, and see what happened.
#[derive(Debug, Parser)]
#[command(name = "solti-metrics", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// From the arguments of this process. Ends it if they are wrong.
    pub(crate) fn of_process() -> Self {
        let matches = Self::command().color(colors()).try_get_matches();
        let matches =
            matches.unwrap_or_else(|error| misused(&error, Self::command().color(colors())));
        let parsed = Self::from_arg_matches(&matches).and_then(|mut cli| {
            if let (Command::Run(args), Some((_, matches))) =
                (&mut cli.command, matches.subcommand())
            {
                args.chain = Chain::of(&args.backends, &args.middlewares, &args.grants, matches)?;
            }
            Ok(cli)
        });
        parsed.unwrap_or_else(|error| error.exit())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a component, once or many times, and report.
    ///
    /// Any component with a `main` can be run, that is one that exports
    /// `wasi:cli/run`.
    ///
    /// What the guest prints goes to standard output, and the table to standard
    /// error, so that the two can be told apart. With `--format json` or
    /// `prometheus` it is the other way round.
    ///
    /// The exit code is 0 if every task succeeded and nothing was lost, 1 if
    /// not, 2 for wrong use. Ctrl-C ends the tasks as canceled and reports.
    Run(Box<RunArgs>),
    /// Run tasks as a configuration says, until asked to stop, and be looked at.
    ///
    /// SIGHUP reads the configuration again, and changes what has changed. SIGTERM and
    /// Ctrl-C end what runs, as canceled, and let backends take what waits; a second one
    /// ends at once. The log goes to standard error.
    ///
    /// The exit code is 0 after an orderly stop, 1 if something could not be started, 2
    /// if the configuration cannot be used. `docs/serve.md` has every key.
    Serve(ServeArgs),
    /// Tell what a component is, what it needs, and whether it can be run here.
    Check(CheckArgs),
    /// Test a component: a guest, a provider or a middleware.
    ///
    /// A provider or a middleware is given records of every kind, a million of them,
    /// flushed, scraped and restarted; a guest is run, and its records are looked at. A
    /// component is tested in each role that it has. `docs/conformance.md` has every
    /// check.
    ///
    /// The exit code is 0 if it conforms, 1 if not, 2 for wrong use.
    Conformance(Box<ConformanceArgs>),
    /// Make one component of a guest, middlewares and a provider.
    ///
    /// It needs no metrics host: whatever runs components with the guest's other
    /// imports runs it. All exports of the guest are its exports. If it is a
    /// program, and a part keeps records for a while, they are handed on before
    /// the program ends.
    Compose(ComposeArgs),
    /// Compile a component now, into a file that runs in its place.
    ///
    /// Whoever runs the file needs the key, the same version of this command and a
    /// machine that can do the same; it then need not be compiled. The component is in
    /// the file as well: where its code cannot be used, it is compiled as ever, and a
    /// warning says why.
    ///
    /// Without `--artifact-key`, the key is that in the folder of kept code.
    Precompile(PrecompileArgs),
    /// Write the WIT package `solti:metrics`, to build guests against.
    Wit(WitArgs),
    /// Start a project: a component in a language of your choice, that can be built.
    ///
    /// The folder is to be new or empty, and the last part of its path is the
    /// project's name. Its README.md says what has to be installed.
    New(NewArgs),
}

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
    /// swallowed, as long as every task succeeded.
    #[arg(long)]
    pub(crate) tolerate_losses: bool,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "solti-metrics compose <GUEST> [MIDDLEWARE]... <PROVIDER> --output <OUT>"
)]
pub(crate) struct ComposeArgs {
    /// The guest's file; `-` is standard input.
    pub(crate) guest: PathBuf,

    /// The files of those that receive its records, in the order that records
    /// travel: middlewares if there are any, and last the provider.
    #[arg(required = true, value_name = "RECEIVER")]
    pub(crate) receivers: Vec<PathBuf>,

    /// Where the component goes; `-` is standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// Bytes that each component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,
}

#[derive(Debug, Args)]
pub(crate) struct PrecompileArgs {
    /// The component's file; `-` is standard input.
    pub(crate) component: PathBuf,

    /// Where the file goes; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Which path a guest's records are to take.
    #[arg(long, value_enum, default_value_t = Way::Inline)]
    pub(crate) path: Way,

    /// Bytes that the component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    /// Compile a guest for a runner that counts what guests execute, as `serve` does with
    /// `runner.fuel`. Others do not use that code.
    #[arg(long)]
    pub(crate) fuel: bool,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WitArgs {
    /// Where to; it is made if it is not there.
    #[arg(default_value = "wit/deps/solti-metrics")]
    pub(crate) dir: PathBuf,
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

/// The path of a guest's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// Compiled into the guest, at the price of a native call; a guest that cannot
    /// be compiled so takes the other one, which the report says.
    Inline,
    /// A call of a host function for each record.
    Direct,
}

impl From<Way> for RecordPath {
    fn from(way: Way) -> Self {
        match way {
            Way::Inline => Self::Inline,
            Way::Direct => Self::Direct,
        }
    }
}

pub(crate) fn variable(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("expected NAME=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
