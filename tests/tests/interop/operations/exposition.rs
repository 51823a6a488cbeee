//! The exposition of a runner that has one of everything.

use std::fs;
use std::sync::OnceLock;

use anyhow::{Result, anyhow, ensure};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::DropReason;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::value;
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::served::Served;
use solti_metrics_tests::trial::{Trial, trial};

/// No server listens at the address of the pushes. Failed pushes are counted, too.
const CONFIG: &str = r#"
    [runner]
    fuel = true

    [tasks.digest]
    component = "guest.wasm"

    [[middlewares]]
    name = "sampler"
    component = "sampler.wasm"

    [backends.sink]
    component = "provider.wasm"

    [backends.collector]
    otlp = { endpoint = "http://127.0.0.1:9/v1/metrics", interval = "100ms" }

    [backends.lines]
    statsd = { address = "127.0.0.1:9" }
"#;

/// `/metrics` of such a runner in text 0.0.4, after its task has run. All trials use the
/// same text.
pub(crate) fn exposition() -> Result<&'static str> {
    static TEXT: OnceLock<Result<String, String>> = OnceLock::new();
    let text = TEXT.get_or_init(|| scraped().map_err(|error| format!("{error:#}")));
    text.as_deref().map_err(|error| anyhow!("{error}"))
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(
        "series_of_alerts_exist_before_their_first_event",
        there_before,
    )]
}

/// `increase()` does not see the first value of a series as an increase.
fn there_before() -> Result<()> {
    let reasons = DropReason::ALL.map(DropReason::as_label);
    let errors = RunnerErrorKind::ALL.map(RunnerErrorKind::as_label);
    let is_there = |series: &str, label: &str, texts: &[&str]| -> Result<()> {
        for text in texts {
            let series = series.replace('?', &format!("{label}=\"{text}\""));
            let value = value(exposition()?, &series)?;
            ensure!(value == 0.0, "{series} is {value} already");
        }
        Ok(())
    };
    for source in ["guests", "runner", "sampler", "sink", "collector", "lines"] {
        let series = format!("solti_metrics_records_dropped_total{{source=\"{source}\",?}}");
        // Sampling is the purpose of the middleware.
        let reasons = reasons
            .iter()
            .filter(|it| source != "sampler" || **it != "sampled");
        let reasons: Vec<_> = reasons.copied().collect();
        is_there(&series, "reason", &reasons)?;
    }
    for backend in ["sampler", "sink"] {
        for family in ["failures", "restarts", "replacements"] {
            let series = format!("solti_metrics_backend_{family}_total{{?}}");
            is_there(&series, "backend", &[backend])?;
        }
        let others = [
            "restarting",
            "circuit_open",
            "half_open",
            "draining",
            "stopped",
        ];
        let series = format!("solti_metrics_backend_state{{backend=\"{backend}\",?}}");
        is_there(&series, "state", &others)?;
    }
    for (series, label, texts) in [
        (
            r#"solti_metrics_task_records_dropped_total{task="digest",?}"#,
            "reason",
            &reasons[..],
        ),
        (
            r#"solti_metrics_task_runs_total{task="digest",?}"#,
            "outcome",
            &["failure", "canceled", "timeout", "start_failed"],
        ),
        ("solti_metrics_task_rejected_total{?}", "task", &["digest"]),
        (
            "solti_metrics_config_reloads_total{?}",
            "result",
            &["applied", "failed"],
        ),
        (
            r#"solti_runner_errors_total{runner="wasm",?}"#,
            "error",
            &errors,
        ),
    ] {
        is_there(series, label, texts)?;
    }
    let successful = value(exposition()?, "solti_metrics_config_last_reload_successful")?;
    ensure!(successful == 1.0, "as if a reload had failed");
    Ok(())
}

fn scraped() -> Result<String> {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    let runner = RunnerType::Wasm;
    let events = TaskOutcome::ALL.map(|outcome| Event::TaskCompleted {
        runner,
        outcome,
        duration_ms: 1,
    });
    fs::write(at("guest.wasm"), recording(&events)?)?;
    for provider in ["sampler", "provider"] {
        let file = format!("{provider}.wasm");
        fs::copy(artifact(provider, WASI), at(&file))?;
    }
    let served = Served::start(folder.path(), CONFIG)?;
    served.until("a record of each outcome has come through", |served| {
        // Without a preference, a client gets text 0.0.4.
        let text = served.page("/metrics")?;
        let all = TaskOutcome::ALL.iter().all(|outcome| {
            let outcome = outcome.as_label();
            text.contains(&format!(
                "solti_runner_task_duration_seconds_count{{runner=\"wasm\",outcome=\"{outcome}\"}}"
            ))
        });
        // The runner counts a request after its answer.
        Ok((all && text.contains("solti_metrics_http_requests_total{")).then_some(text))
    })
}
