//! `solti-metrics serve`: a runner that is left running.

mod api;
mod check;
mod collector;
mod config;
mod exporter;
mod leaving;
mod ledgers;
mod live;
mod log;
mod member;
mod not_applied;
mod printed;
mod programs;
mod reading;
mod receivers;
mod reload;
mod retired;
mod site;
mod start;
mod task_counts;
mod tasks;
mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use solti_metrics_host::{DropReason, LedgerSnapshot};

use crate::causes::causes;
use crate::exit::{Exit, print};
use crate::http::Server;
use crate::runtime::start_blocking_threads;
use crate::signals::Requests;
use crate::voice::{complain, complain_within};
use config::Source;
use live::Live;

/// Requests to stop that come within this time are one: `timeout` signals a process and
/// then its whole group.
const ONE_REQUEST: Duration = Duration::from_millis(250);

/// How long the last messages may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

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
        let schema = serde_json::to_string_pretty(&config::schema())?;
        print(&format!("{schema}\n"))?;
        return Ok(Exit::Good);
    };
    let read = {
        let file = file.clone();
        move || Source::read(&file)
    };
    let source = match reading::in_time(&file, read).await? {
        Ok(source) => source,
        Err(errors) => {
            for line in errors.lines() {
                complain(format_args!("error: {line}"));
            }
            return Ok(Exit::Misused);
        }
    };
    if args.check {
        return check::check(&source).await;
    }
    let logging = log::Logging::start(&source.config.log).context("cannot start the log")?;
    start_blocking_threads(&tokio::runtime::Handle::current());
    let ended = run(&source, &logging).await;
    // Behind all that is in the log.
    drop(logging);
    let errors = match ended {
        Ok(errors) => errors,
        Err(Forced(signal)) => return Ok(Exit::Forced(signal)),
    };
    for error in told::first(errors.iter().map(causes).collect()) {
        complain_within(LAST_WORDS, format_args!("error: {error}"));
    }
    Ok(if errors.is_empty() {
        Exit::Good
    } else {
        Exit::Failed
    })
}

/// The signal by which it was asked a second time to stop.
struct Forced(i32);

/// Serves until it is asked to stop. What it returns has kept it from beginning.
async fn run(source: &Source, logging: &log::Logging) -> Result<Vec<anyhow::Error>, Forced> {
    let requests = match Requests::take(true, ONE_REQUEST) {
        Ok(requests) => requests,
        Err(error) => return Ok(vec![error.into()]),
    };
    let preparing = async {
        let live = start::prepare(source, logging).await?;
        let server = start::listen(source, &live).await?;
        anyhow::Ok((live, server))
    };
    let prepared = tokio::select! {
        biased;
        prepared = preparing => prepared,
        () = requests.stop().cancelled() => {
            tracing::info!("stopped before anything had begun");
            return Ok(Vec::new());
        }
    };
    let (live, server) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Ok(vec![error]),
    };
    if let Some(warning) = source.warning() {
        tracing::warn!("{warning}");
    }
    if source.is_a_pipe {
        tracing::warn!(
            "the configuration comes out of a pipe, which cannot be read a second time: to reload it, start with the path of a file"
        );
    }
    let errors = tokio::select! {
        biased;
        errors = begin(source, &live) => errors,
        () = requests.stop().cancelled() => Vec::new(),
    };
    if live.begun.load(Ordering::Relaxed) {
        go_on(source, &live, &requests).await;
    }
    stop(&live, server, &requests).await?;
    Ok(errors)
}

/// Loads and begins with everything. Where some of it cannot be, nothing goes on.
async fn begin(source: &Source, live: &Live) -> Vec<anyhow::Error> {
    let mut errors = live.receivers.apply(source).await;
    if errors.is_empty() {
        errors = live.tasks.apply(source).await;
    }
    let errors: Vec<_> = errors.into_iter().map(|it| it.error).collect();
    if errors.is_empty() {
        live.begun.store(true, Ordering::Relaxed);
        tracing::info!(
            tasks = source.config.tasks.len(),
            backends = live.receivers.members().len(),
            "ready"
        );
    }
    errors
}

/// Reloads when it is asked to, until it is asked to stop, be it in the middle of that:
/// what it would have begun does not begin then.
async fn go_on(source: &Source, live: &Arc<Live>, requests: &Requests) {
    let reload = async {
        loop {
            requests.reload().notified().await;
            reload::reload(source, live).await;
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
async fn stop(live: &Arc<Live>, server: Option<Server>, requests: &Requests) -> Result<(), Forced> {
    live.draining.store(true, Ordering::Relaxed);
    tracing::info!("stopping: runs end as canceled; once more to leave at once");
    let stopping = async {
        live.tasks.stop().await;
        live.receivers.stop().await;
        live.ledgers().iter().for_each(settled);
        if let Some(server) = server {
            server.stop().await;
        }
    };
    tokio::select! {
        () = stopping => {
            tracing::info!("stopped");
            Ok(())
        }
        signal = requests.again() => {
            tracing::error!("left at once: what was running is in no ledger");
            Err(Forced(signal))
        }
    }
}

/// What became of the records that somebody was given. What is left out on purpose is
/// no loss.
fn settled((source, ledger): &(String, LedgerSnapshot)) {
    let lost = ledger.dropped_total() - ledger.dropped(DropReason::Sampled);
    macro_rules! entry {
        ($level:ident) => {
            tracing::$level!(
                source,
                accepted = ledger.accepted(),
                delivered = ledger.delivered(),
                dropped = ledger.dropped_total(),
                in_flight = ledger.in_flight(),
                "records"
            )
        };
    }
    if lost == 0 {
        entry!(info);
    } else {
        entry!(warn);
    }
}
