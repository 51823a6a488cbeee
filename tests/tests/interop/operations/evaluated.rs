//! Evaluates the dashboard's expressions over all series of a runner: no panel is empty.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::exposition::families;
use solti_metrics_tests::operations::alerts::recordings;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use crate::operations::exposition::exposition;
use crate::operations::expressions::{Asked, asked};
use crate::operations::promtool::{about, said};

pub(crate) fn trials() -> Vec<Trial> {
    let promtool = ReferenceTool::promtool();
    vec![
        promtool.trial("promtool_reads_each_expression_of_the_dashboard", parses),
        promtool.trial("no_panel_is_empty_when_all_series_are_exposed", answers),
        promtool.trial("a_panel_whose_series_do_not_match_is_found", |promtool| {
            let answer = answered(
                promtool,
                &["up * on (job) solti_metrics_task_loaded{task=\"no\"}"],
            )?;
            ensure!(!answer.status.success(), "it has an answer");
            Ok(())
        }),
        trial("each_series_occurs_once", || {
            let mut series: Vec<_> = series()?.into_iter().map(|(series, _)| series).collect();
            let all = series.len();
            series.sort();
            series.dedup();
            ensure!(series.len() == all, "some are twice");
            Ok(())
        }),
    ]
}

/// Each expression becomes a recording rule.
fn parses(promtool: &Path) -> Result<()> {
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    for (number, asked) in asked()?.into_iter().enumerate() {
        let expression = one_line(&asked.text);
        writeln!(
            rules,
            "  - record: 'dashboard:{number}'\n    expr: {expression}"
        )?;
    }
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("rules.yml"), rules)?;
    let answer = about(promtool, ["check", "rules"], folder.path(), "rules.yml")?;
    ensure!(answer.status.success(), "it says {}", said(&answer));
    Ok(())
}

fn answers(promtool: &Path) -> Result<()> {
    let dashboard: Vec<Asked> = asked()?;
    let mut expressions: Vec<_> = dashboard.iter().map(|asked| asked.text.clone()).collect();
    // Series that are recorded from recorded series are missing in a single evaluation.
    let of_series = |text: &String| !text.contains(':');
    expressions.extend(
        recordings()
            .into_iter()
            .map(|it| it.expression)
            .filter(of_series),
    );
    let expressions: Vec<_> = expressions.iter().map(String::as_str).collect();
    let answer = answered(promtool, &expressions)?;
    ensure!(answer.status.success(), "it says {}", said(&answer));
    Ok(())
}

/// Checks that each expression has a result of at least one series.
fn answered(promtool: &Path, expressions: &[&str]) -> Result<std::process::Output> {
    let mut tests = "tests:\n- interval: 1m\n  input_series:\n".to_owned();
    for (series, values) in series()? {
        writeln!(tests, "  - series: '{series}'\n    values: {values}")?;
    }
    writeln!(tests, "  promql_expr_test:")?;
    for expression in expressions {
        let asked = one_line(&format!("count({expression}) > bool 0"));
        writeln!(tests, "  - expr: {asked}\n    eval_time: 1h")?;
        writeln!(
            tests,
            "    exp_samples:\n    - labels: '{{}}'\n      value: 1"
        )?;
    }
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("tests.yml"), tests)?;
    about(promtool, ["test", "rules"], folder.path(), "tests.yml")
}

/// The exposed series, with a target's labels and values for an hour. Counters increase.
fn series() -> Result<Vec<(String, &'static str)>> {
    const TARGET: &str = "job=\"solti-metrics\",instance=\"a:9464\"";
    let mut series = vec![(format!("up{{{TARGET}}}"), "1x60")];
    for family in families(exposition()?)? {
        let values = match family.kind {
            "gauge" => "1x60",
            _ => "0+1x60",
        };
        for sample in family.samples {
            let sample = match sample.series.strip_suffix('}') {
                Some(labelled) => format!("{labelled},{TARGET}}}"),
                None => format!("{}{{{TARGET}}}", sample.name),
            };
            series.push((sample, values));
        }
    }
    Ok(series)
}

/// The expression in single quotes, as YAML writes them.
fn one_line(expression: &str) -> String {
    format!("'{}'", expression.replace('\n', " ").replace('\'', "''"))
}
