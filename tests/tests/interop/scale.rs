//! The load of many runners on Prometheus: `docs/operate/scale.md`, whose tables are made
//! of what one runner exposes, and the small end of them against a real Prometheus.
//! `BLESS=1` rewrites the tables.

use anyhow::{Result, ensure};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use measured::Measured;
use runner::{Plan, Runner};

mod arithmetic;
mod configuration;
mod measured;
mod page;
mod runner;
mod ten;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let promtool = ReferenceTool::promtool();
    Ok(vec![
        trial(
            "the_page_has_the_size_of_a_runners_exposition",
            arithmetic_is_true,
        ),
        trial(
            "an_additional_task_costs_the_figure_of_the_page",
            a_task_costs,
        ),
        ReferenceTool::prometheus().trial("ten_runners_have_the_predicted_series", ten::scraped),
        promtool.trial(
            "promtool_accepts_the_configuration_of_the_page",
            configuration::accepted,
        ),
        promtool.trial("promtool_rejects_a_wrong_text", configuration::refused),
    ])
}

/// Additions to a runner. Each adds several items, since one adds too little, and the
/// cost of one is computed.
const MORE: [(&str, Plan); 3] = [
    (
        "task",
        Plan {
            tasks: Plan::USUAL.tasks + 10,
            ..Plan::USUAL
        },
    ),
    (
        "component backend",
        Plan {
            backends: Plan::USUAL.backends + 4,
            ..Plan::USUAL
        },
    ),
    (
        "runner type with all outcomes",
        Plan {
            types: Plan::USUAL.types + 2,
            ..Plan::USUAL
        },
    ),
];

fn arithmetic_is_true() -> Result<()> {
    let one = measured(Plan::USUAL)?;
    let mut more = Vec::new();
    for (what, plan) in MORE {
        let added = (plan.tasks + plan.backends + plan.types) as u64;
        let usual = (Plan::USUAL.tasks + Plan::USUAL.backends + Plan::USUAL.types) as u64;
        more.push((what, measured(plan)?.more_than(&one, added - usual)));
    }
    page::must_have("one runner", &arithmetic::one(Plan::USUAL, &one, &more))?;
    page::must_have("many runners", &arithmetic::many(&one))
}

fn measured(plan: Plan) -> Result<Measured> {
    Measured::of(&Runner::start(plan)?)
}

/// The cost of a task depends neither on its work nor on the number of tasks.
fn a_task_costs() -> Result<()> {
    let series = |tasks| -> Result<u64> {
        let plan = Plan {
            tasks,
            ..Plan::USUAL
        };
        Ok(measured(plan)?.series)
    };
    let (few, more, many) = (series(1)?, series(2)?, series(11)?);
    let each = more - few;
    ensure!(many - few == 10 * each, "{few} and {many}, at {each} each");
    let page = page::text()?;
    let said = format!("Each task has {each} series");
    ensure!(page.contains(&said), "the page does not have {said}");
    Ok(())
}
