//! `otlp.wasm`: it pushes the recorded totals.

use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::script::script;
use solti_metrics_tests::series::Series;
use solti_metrics_tests::trial::Trial;

use crate::backends::server::free_tcp;
use crate::backends::tested_provider::TestedProvider;
use crate::backends::victoria::{Victoria, pushing_to, url};

pub(crate) fn trials() -> Vec<Trial> {
    let victoria = ReferenceTool::victoria_metrics();
    vec![
        victoria.trial("pushed_totals_equal_the_records_in_each_series", totals),
        victoria.trial(
            "a_replacement_and_a_stop_push_what_nobody_had_flushed",
            swap,
        ),
        victoria.trial("a_collector_that_starts_late_gets_all_totals", late),
    ]
}

fn totals(program: &Path) -> Result<()> {
    let victoria = Victoria::start(program)?;
    let otlp = TestedProvider::start("otlp", &pushing_to(victoria.address()))?;
    let mut recorded = script();
    otlp.record(&recorded);
    otlp.flush()?;
    let expected = Series::of(&recorded)?;
    // 3 + 12 + 12 counters, and 12 histograms of 16 buckets, a sum and a count.
    ensure!(expected.len() == 27 + 12 * 18, "{}", expected.len());
    victoria.must_show(&expected)?;

    let more = part();
    otlp.record(&more);
    otlp.flush()?;
    recorded.extend(more);
    victoria.must_show(&Series::of(&recorded)?)?;
    sums_are(&victoria, &recorded)?;
    otlp.stop_without_loss(recorded.len())
}

fn swap(program: &Path) -> Result<()> {
    let victoria = Victoria::start(program)?;
    let grants = pushing_to(victoria.address());
    let otlp = TestedProvider::start("otlp", &grants)?;
    let mut old = script();
    otlp.record(&old);
    otlp.flush()?;
    otlp.record(&part());
    old.extend(part());
    otlp.replace("otlp", &grants)?;
    ensure!(otlp.status().replacements == 1);
    let before = Series::of(&old)?;
    victoria.must_show(&before)?;

    // The new instance counts from zero. Its missing histograms are still the old
    // instance's.
    let new = vec![Event::TaskStarted {
        runner: RunnerType::Wasm,
    }];
    otlp.record(&new);
    otlp.flush()?;
    victoria.must_show(&before.clone().then(Series::of(&new)?))?;

    let last = [new, script()].concat();
    otlp.record(&last[1..]);
    otlp.stop_without_loss(old.len() + last.len())?;
    victoria.must_show(&before.then(Series::of(&last)?))
}

fn late(program: &Path) -> Result<()> {
    let address = free_tcp()?;
    let otlp = TestedProvider::start("otlp", &pushing_to(address))?;
    let mut recorded = script();
    otlp.record(&recorded);
    for _ in 0..2 {
        let said = otlp.refused_flush()?;
        ensure!(said.starts_with(&url(address)), "{said}");
        ensure!(said.contains("ConnectionRefused"), "{said}");
    }
    let status = otlp.status();
    ensure!(status.failures == 0, "a failure is counted: {status:?}");
    ensure!(otlp.settle()?.delivered() == recorded.len() as u64);

    otlp.record(&part());
    recorded.extend(part());
    let victoria = Victoria::start_at(program, address)?;
    otlp.flush()?;
    victoria.must_show(&Series::of(&recorded)?)?;
    otlp.stop_without_loss(recorded.len())
}

/// A part of the script, so that no two series grow alike.
fn part() -> Vec<Event> {
    script().into_iter().step_by(2).collect()
}

/// Checks the sums with queries such as a dashboard's.
fn sums_are(victoria: &Victoria, recorded: &[Event]) -> Result<()> {
    let mut by_runner = Series::default();
    let mut long = Series::default();
    for event in recorded {
        if let Event::TaskCompleted {
            runner,
            duration_ms,
            ..
        } = event
        {
            by_runner.add("", &[("runner", runner.as_label())], 1.0)?;
            if *duration_ms > 3_600_000 {
                long.add("", &[], 1.0)?;
            }
        }
    }
    let histogram = "solti_runner_task_duration_seconds";
    for query in [
        "sum by (runner) (solti_runner_tasks_completed_total)",
        &format!("sum by (runner) ({histogram}_count)"),
    ] {
        by_runner.must_equal(&victoria.query(query)?)?;
    }
    let query = format!(
        "sum({histogram}_bucket{{le=\"+Inf\"}}) - sum({histogram}_bucket{{le=~\"3600(.0)?\"}})"
    );
    long.must_equal(&victoria.query(&query)?)
}
