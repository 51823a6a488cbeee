//! `serve`: runs the server, with the signals and the log of this process.

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
use crate::messages::{MessageNotices, print_message, print_message_within};
use crate::runtime::start_blocking_threads;
use crate::signals::Requests;

/// Stop requests within this time count as one: `timeout` signals a process and then its
/// whole group.
const ONE_REQUEST: Duration = Duration::from_millis(250);

/// Maximum time to write the last messages at the end.
const MESSAGE_TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file in TOML. Relative paths in it start at its folder. Not needed with
    /// `--schema`.
    #[arg(required_unless_present = "schema")]
    config: Option<PathBuf>,

    /// Check the configuration, and run nothing. The stages of the check are the syntax, the
    /// keys and their values, values that belong together, and the files that the
    /// configuration names. All errors of the first stage with errors are printed.
    #[arg(long, conflicts_with = "schema")]
    check: bool,

    /// Print the JSON schema of configurations, for editors.
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
    // The errors follow after all entries of the log.
    drop(logging);
    let errors = match ended {
        Ok(errors) => errors,
        Err(Forced(signal)) => return Ok(Exit::Forced(signal)),
    };
    for error in &errors {
        print_message_within(MESSAGE_TIMEOUT, format_args!("error: {error}"));
    }
    Ok(if errors.is_empty() {
        Exit::Good
    } else {
        Exit::Failed
    })
}

fn misused(errors: impl Iterator<Item = String>) -> Exit {
    for line in errors {
        print_message(format_args!("error: {line}"));
    }
    Exit::Misused
}

/// Checks a configuration and all files that it names, without running anything. Prints
/// every error.
fn check(configuration: Configuration) -> anyhow::Result<Exit> {
    let file = printable(&configuration.file().display().to_string());
    let checked: Checked = builder(configuration)?
        .notices(Arc::new(MessageNotices))
        .check()?;
    for warning in &checked.warnings {
        print_message(format_args!("warning: {warning}"));
    }
    if let Some(errors) = checked.errors {
        return Ok(misused(errors.lines()));
    }
    print(&format!(
        "{file}: valid: {} and {}\n",
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

/// A server that compiles components with this program.
fn builder(configuration: Configuration) -> anyhow::Result<ServerBuilder> {
    Ok(Server::builder(configuration).compiler(compiler()?))
}

/// Signal of the second stop request, which forces the exit.
struct Forced(i32);

/// Runs the server until a stop request. Returns the errors that prevented the start.
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
            tracing::info!("stopped before any task started");
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
        reload_until_stopped(&server, &requests).await;
    }
    if errors.is_empty() {
        tracing::info!("stopping: runs are canceled; a second signal forces the exit");
    }
    stop(server, &requests).await?;
    Ok(errors)
}

/// Reloads the configuration on request, until a stop request. A stop request also
/// interrupts a reload: the reload then starts no further tasks.
async fn reload_until_stopped(server: &Server, requests: &Requests) {
    let reload = async {
        loop {
            requests.reload().notified().await;
            // The server logs and counts the parts of the configuration that it cannot
            // apply.
            let _told = server.reload().await;
        }
    };
    tokio::select! {
        biased;
        () = requests.stop().cancelled() => {}
        () = reload => {}
    }
}

/// Cancels all runs, waits until backends have taken the records in their queues, and logs
/// the results. Scrapes are served until the end.
async fn stop(server: Server, requests: &Requests) -> Result<(), Forced> {
    tokio::select! {
        _ledgers = server.stop() => {
            tracing::info!("stopped");
            Ok(())
        }
        signal = requests.again() => {
            tracing::error!("forced exit: runs were abandoned; records in queues and the last push are lost");
            Err(Forced(signal))
        }
    }
}
