//! A runner that ends and restarts: its counters start at 0 again.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::prometheus::{Job, Prometheus};
use solti_metrics_tests::served::{FILE, Served, serve};

const STARTED: &str = r#"solti_runner_tasks_started_total{runner="container"}"#;

/// Number of records of a run.
const EACH: u64 = 7;

pub(crate) fn on_the_same_port(prometheus: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let runner = RunnerType::Container;
    let events = [Event::TaskStarted { runner }; EACH as usize];
    fs::write(folder.path().join("guest.wasm"), recording(&events)?)?;
    let start = |listen: &str, repeat: u64| {
        let config = format!(
            "[server]\nlisten = \"{listen}\"\n[log]\nformat = \"json\"\n\
             [tasks.guest]\ncomponent = \"guest.wasm\"\nrepeat = {repeat}\n"
        );
        let mut serve = serve(folder.path(), &[FILE]);
        Served::start_with(&mut serve, folder.path(), &config)
    };
    // The first process makes more runs, so that each value of the second one is lower.
    let (first, second) = (9, 4);
    let served = start("127.0.0.1:0", first)?;
    let address = served.address()?;
    let prometheus = Prometheus::start(prometheus, &[Job::runners(&[address])])?;
    prometheus.until(STARTED, |started| started == (EACH * first) as f64)?;
    ensure!(served.stop()?.code == Some(0));
    prometheus.until("up", |up| up == 0.0)?;
    // The series has ended: its last value is not used.
    ensure!(prometheus.query(STARTED)?.is_none());

    let served = start(&address.to_string(), second)?;
    ensure!(served.address()? == address);
    prometheus.until(STARTED, |started| started == (EACH * second) as f64)?;
    let is = |promql: &str, expected: u64| -> Result<()> {
        let found = prometheus.query(promql)?;
        ensure!(
            found == Some(expected as f64),
            "{promql} is {found:?}, not {expected}"
        );
        Ok(())
    };
    is(&format!("resets({STARTED}[1h])"), 1)?;
    is("changes(process_start_time_seconds[1h])", 1)?;
    is(
        "resets(solti_metrics_task_runs_total{outcome=\"success\"}[1h])",
        1,
    )?;
    // If the process was scraped at its end, no record is missing. `increase()` would not
    // show that: it extrapolates before the first scrape and after the last one.
    let lives = format!("max_over_time({STARTED}[1h]) + {STARTED}");
    is(&lives, EACH * (first + second))?;
    let runs = r#"solti_metrics_task_runs_total{outcome="success"}"#;
    is(
        &format!("max_over_time({runs}[1h]) + {runs}"),
        first + second,
    )?;
    let increase = prometheus.query(&format!("increase({STARTED}[1h])"))?;
    ensure!(increase.is_some_and(|increase| increase >= 0.0));
    Ok(())
}
