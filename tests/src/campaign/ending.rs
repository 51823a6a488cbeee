use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::log::Log;
use super::model::Model;
use super::player::Player;
use super::scenario::Ending;
use super::setup::{STEADY, Setup};
use crate::child::End;
use crate::endurance::Reading;

/// Ends a runner, and checks its log and its ledgers. Returns the number of runs and of
/// scrapes.
pub(crate) fn play(mut player: Player, ending: Ending) -> Result<[u64; 2]> {
    let quiet = match ending {
        Ending::Quiet => Some(quiet(&mut player)?),
        Ending::Stop(_) | Ending::Twice | Ending::Kill => None,
    };
    let Player {
        served,
        model,
        scrapes,
        ..
    } = player;
    match ending {
        Ending::Quiet => served.signal("TERM")?,
        Ending::Stop(signal) => served.signal(signal)?,
        Ending::Kill => served.signal("KILL")?,
        Ending::Twice => {
            served.signal("TERM")?;
            // The process may have ended by now.
            let _ = served.signal("TERM");
        }
    }
    let end = served.end()?;
    let log = Log::read(&end.stderr)?;
    for run in &log.runs {
        model.ran(run)?;
    }
    let code = match (ending, end.code) {
        (Ending::Kill, None) | (Ending::Twice, Some(143)) => None,
        (_, Some(0)) => Some(0),
        _ => return Err(anyhow::anyhow!("{end}")),
    };
    if code.is_some() {
        ledgers(&log, &model).with_context(|| tail(&end))?;
    }
    if let Some(quiet) = quiet {
        explained(&log, &quiet, &model)?;
    }
    Ok([log.runs.len() as u64, scrapes])
}

/// Waits for all runs whose number is known, removes all tasks, and reads `/metrics` after
/// the last run.
fn quiet(player: &mut Player) -> Result<Reading> {
    for name in player.setup.tasks.keys() {
        let Some(all) = player.model.all_runs(name) else {
            continue;
        };
        player.served.until("all runs end", |served| {
            let reading = Reading::of(&served.page("/metrics")?)?;
            let runs = reading.by("solti_metrics_task_runs_total", "task");
            Ok((runs.get(*name) == Some(&(all as f64))).then_some(()))
        })?;
    }
    player.setup = Setup {
        tasks: BTreeMap::new(),
        ..player.setup.clone()
    };
    player.configure("")?;
    player.reload(true)?;
    player.served.until("no run is left", |served| {
        let tasks = served.json("/api/tasks")?;
        let none = tasks["tasks"].as_array().is_some_and(Vec::is_empty);
        Ok((none && tasks["runner"]["running"] == 0).then_some(()))
    })?;
    // No page is older than the last reload.
    player.reload(true)?;
    let text = player.served.page("/metrics")?;
    player.model.scraped(&text)
}

/// Checks the final ledgers.
fn ledgers(log: &Log, model: &Model) -> Result<()> {
    for ledger in &log.ledgers {
        ensure!(ledger.is_closed(), "{ledger:?}");
    }
    let (guests, runner) = (log.ledger("guests")?, log.ledger("runner")?);
    let records: u64 = log.runs.iter().map(|run| run.records).sum();
    let dropped: u64 = log.runs.iter().map(|run| run.dropped).sum();
    ensure!(
        [guests.accepted, guests.dropped] == [records, dropped],
        "{records} records, {dropped} dropped, and {guests:?}"
    );
    // The runner also records components that it cannot load.
    let runs: u64 = log.runs.iter().map(|run| run.of_runner).sum();
    let most = runs + if model.failed_loads { model.reloads } else { 0 };
    ensure!(
        (runs..=most).contains(&runner.accepted),
        "{runs} to {most} and {runner:?}"
    );
    if !model.had_middleware() {
        let (given, steady) = (guests.delivered + runner.delivered, log.ledger(STEADY)?);
        ensure!(steady.accepted == given, "{given} and {steady:?}");
    }
    Ok(())
}

/// Checks that the log has exactly the runs and the records of a scrape after the last run.
fn explained(log: &Log, quiet: &Reading, model: &Model) -> Result<()> {
    let mut runs: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let mut records: BTreeMap<&str, f64> = BTreeMap::new();
    for run in &log.runs {
        *runs.entry((&run.task, &run.outcome)).or_default() += 1.0;
        *records.entry(&run.task).or_default() += run.records as f64;
    }
    for ((task, outcome), logged) in runs {
        let series =
            format!("solti_metrics_task_runs_total{{task=\"{task}\",outcome=\"{outcome}\"}}");
        let counted = quiet.get(&series);
        ensure!(counted == logged, "{series}: {counted}, log {logged}");
    }
    let counted = quiet.by("solti_metrics_task_records_accepted_total", "task");
    for (task, counted) in counted {
        let logged = records.get(&*task).copied().unwrap_or_default();
        ensure!(counted == logged, "{task}: {counted} records, log {logged}");
    }
    if !model.had_middleware() {
        let delivered = quiet.by("solti_metrics_records_delivered_total", "source");
        let delivered = ["guests", "runner"].map(|source| delivered.get(source).copied());
        let delivered: f64 = delivered.into_iter().flatten().sum();
        let families = ["tasks_started", "tasks_completed", "errors"];
        let exposed = families.map(|family| {
            let sums = quiet.by(&format!("solti_runner_{family}_total"), "runner");
            sums.values().sum::<f64>()
        });
        let exposed: f64 = exposed.into_iter().sum();
        ensure!(exposed == delivered, "{exposed} of {delivered} are exposed");
    }
    Ok(())
}

/// The last entries of a log.
fn tail(end: &End) -> String {
    let lines: Vec<_> = end.stderr.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
