//! `solti-metrics serve`: a server that is left running, with this process's signals and
//! its log.

mod log;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use solti_metrics_host::text::{causes, printable};
use solti_metrics_server::{Checked, Configuration, Error, Server, ServerBuilder, schema};

use crate::artifacts::compiler;
use crate::exit::{Exit, print};
use crate::runtime::start_blocking_threads;
use crate::signals::Requests;
use crate::voice::{Voice, complain, complain_within};

/// Requests to stop that come within this time are one: `timeout` signals a process and
/// then its whole group.
const ONE_REQUEST: Duration = Duration::from_millis(250);

/// How long the last messages may take.
const STDERR_TAIL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The configuration, a file of TOML. Files in it are named from its folder on.
    #[arg(required_unless_present = "schema")]
    config: Option<PathBuf>,

    /// Tell all that is wrong with it, components and other files included, and run
    /// nothing.
    #[arg(long, conflicts_with = "schema")]
    check: bool,

    /// Write the JSON schema of configurations, for editors.
    #[arg(long)]
    schema: bool,
}

pub(crate) async fn serve(args: ServeArgs) -> anyhow::Result<Exit> {
    let Some(file) = args.config.filter(|_| !args.schema) else {
        let schema = serde_json::to_string_pretty(&schema())?;
        print(&format!("{schema}\n"))?;
        return Ok(Exit::Good);
    };
    let configuration = match Configuration::read(&file).await {
        Ok(configuration) => configuration,
        Err(Error::Configuration(errors)) => return Ok(misused(errors.lines())),
        Err(error) => return Err(error.into()),
    };
    if args.check {
        return check(configuration);
    }
    let logging = log::Logging::start(configuration.log()).context("cannot start the log")?;
    start_blocking_threads(&tokio::runtime::Handle::current());
    let ended = run(configuration, &logging).await;
    // Behind all that is in the log.
    drop(logging);
    let errors = match ended {
        Ok(errors) => errors,
        Err(Forced(signal)) => return Ok(Exit::Forced(signal)),
    };
    for error in &errors {
        complain_within(STDERR_TAIL, format_args!("error: {error}"));
    }
    Ok(if errors.is_empty() {
        Exit::Good
    } else {
        Exit::Failed
    })
}

fn misused(errors: impl Iterator<Item = String>) -> Exit {
    for line in errors {
        complain(format_args!("error: {line}"));
    }
    Exit::Misused
}

/// Looks at all that a configuration names, and runs nothing. Every error is told.
fn check(configuration: Configuration) -> anyhow::Result<Exit> {
    let file = printable(&configuration.file().display().to_string());
    let checked: Checked = builder(configuration)?.notices(Arc::new(Voice)).check()?;
    for warning in &checked.warnings {
        complain(format_args!("warning: {warning}"));
    }
    if let Some(errors) = checked.errors {
        return Ok(misused(errors.lines()));
    }
    print(&format!(
        "{file}: good: {} and {}\n",
        counted(checked.tasks, "task"),
        counted(checked.backends, "backend"),
    ))?;
    Ok(Exit::Good)
}

fn counted(number: usize, of: &str) -> String {
    match number {
        1 => format!("1 {of}"),
        _ => format!("{number} {of}s"),
    }
}

/// A server that compiles with this program.
fn builder(configuration: Configuration) -> anyhow::Result<ServerBuilder> {
    Ok(Server::builder(configuration).compiler(compiler()?))
}

/// The signal by which it was asked a second time to stop.
struct Forced(i32);

/// Serves until it is asked to stop. What it returns has kept it from beginning.
async fn run(configuration: Configuration, logging: &log::Logging) -> Result<Vec<String>, Forced> {
    let requests = match Requests::take(true, ONE_REQUEST) {
        Ok(requests) => requests,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    let warnings = configuration.warnings();
    let builder = match builder(configuration) {
        Ok(builder) => builder.lost_log_entries(logging.lost()),
        Err(error) => return Ok(vec![error.to_string()]),
    };
    let built = tokio::select! {
        biased;
        built = builder.build() => built,
        () = requests.stop().cancelled() => {
            tracing::info!("stopped before anything had begun");
            return Ok(Vec::new());
        }
    };
    let server = match built {
        Ok(server) => server,
        Err(error) => return Ok(vec![causes(&error)]),
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let errors = tokio::select! {
        biased;
        started = server.start() => started.err().map_or_else(Vec::new, |error| error.lines()),
        () = requests.stop().cancelled() => Vec::new(),
    };
    if server.is_started() {
        go_on(&server, &requests).await;
    }
    stop(server, &requests).await?;
    Ok(errors)
}

/// Reloads when it is asked to, until it is asked to stop, be it in the middle of that:
/// what it would have begun does not begin then.
async fn go_on(server: &Server, requests: &Requests) {
    let reload = async {
        loop {
            requests.reload().notified().await;
            // What cannot be applied is in the log, and on what is scraped.
            let _told = server.reload().await;
        }
    };
    tokio::select! {
        biased;
        () = requests.stop().cancelled() => {}
        () = reload => {}
    }
}

/// Ends what runs, as canceled, lets backends take what waits, and says what became of
/// it all. Who scrapes can do so until the end.
async fn stop(server: Server, requests: &Requests) -> Result<(), Forced> {
    tracing::info!("stopping: runs end as canceled; once more to leave at once");
    tokio::select! {
        _ledgers = server.stop() => {
            tracing::info!("stopped");
            Ok(())
        }
        signal = requests.again() => {
            tracing::error!("left at once: what was running is in no ledger");
            Err(Forced(signal))
        }
    }
}
