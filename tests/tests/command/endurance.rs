//! Load and endurance: a short form of `make soak`, which takes half an hour.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::endurance::{Crowd, Extent, Interest, Soak, Spinners};
use solti_metrics_tests::served::Served;

#[test]
fn ledgers_balance_at_each_scrape_while_guests_end_in_every_way_and_a_backend_is_replaced()
-> Result<()> {
    let extent = Extent {
        length: Duration::from_secs(10),
        scrape: Duration::from_millis(250),
        swap: Duration::from_millis(2500),
    };
    let soak = Soak::run(extent, |_| {})?;
    ensure!(soak.imbalances().is_empty(), "{:#?}", soak.imbalances());
    ensure!(soak.replacements == 3, "{}", soak.replacements);
    for (task, outcome) in [
        ("fast", "success"),
        ("digest", "success"),
        ("replaced", "canceled"),
        ("trapping", "failure"),
        ("failing", "failure"),
        ("looping", "timeout"),
    ] {
        let runs =
            format!("solti_metrics_task_runs_total{{task=\"{task}\",outcome=\"{outcome}\"}}");
        ensure!(soak.last.get(&runs) > 0.0, "{runs}");
    }
    for task in ["queued", "rejected"] {
        let rejected = format!("solti_metrics_task_rejected_total{{task=\"{task}\"}}");
        ensure!(soak.last.get(&rejected) > 0.0, "{rejected}");
    }
    let over_quota = "solti_metrics_records_dropped_total{source=\"guests\",reason=\"quota\"}";
    ensure!(soak.last.get(over_quota) > 0.0, "{over_quota}");
    Ok(())
}

#[test]
fn guests_end_while_others_loop_for_ever() -> Result<()> {
    let found = Spinners::run(495, 5, 64)?;
    ensure!(found.alone.succeeded == 495.0, "{found:?}");
    ensure!(found.beside.succeeded == 495.0, "{found:?}");
    ensure!(found.beside.timed_out == 5.0, "{found:?}");
    ensure!(found.beside.ended == 500, "{found:?}");
    Ok(())
}

#[test]
fn all_scrapers_get_answers_while_others_never_finish_a_request() -> Result<()> {
    let interest = Interest {
        scrapers: 40,
        every: Duration::from_millis(500),
        loris: 10,
    };
    let crowd = Crowd::run(3, 20, 2, &[interest])?;
    // A scraper without an answer would have caused an error.
    let (_, rounds) = &crowd.crowded[0];
    ensure!(rounds.len() == 3 && crowd.quiet.len() == 4);
    ensure!(rounds.iter().any(|round| !round.scrapes_ms.is_empty()));
    Ok(())
}

#[test]
fn threads_for_many_guests_exist_from_the_start() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::copy(artifact("digest", WASI), folder.path().join("digest.wasm"))?;
    for number in 0..40 {
        fs::write(folder.path().join(format!("{number}.txt")), "of no use\n")?;
    }
    // Reading a file takes a blocking thread.
    let served = Served::start(
        folder.path(),
        "[tasks.many]\ncomponent = \"digest.wasm\"\nargs = [\"/texts\"]\n\
         dirs = [\".::/texts\"]\noutput = \"discard\"\nrepeat = 120\nconcurrency = 100\n",
    )?;
    let successes = "solti_metrics_task_runs_total{task=\"many\",outcome=\"success\"}";
    let threads =
        || -> Result<usize> { Ok(fs::read_dir(format!("/proc/{}/task", served.id()))?.count()) };
    let first = threads()?;
    let mut most = 0;
    while served.sample(successes)? < 120.0 {
        most = most.max(threads()?);
    }
    // The blocking threads, one for each processor, and a few that serve all.
    let processors = std::thread::available_parallelism()?.get();
    let bound = processors.max(16) + processors + 10;
    ensure!(most <= bound, "{most} threads");
    // The first run starts a few threads that serve all runs.
    ensure!(most <= first + 4, "{first} threads at first, then {most}");
    ensure!(served.stop()?.code == Some(0));
    Ok(())
}
