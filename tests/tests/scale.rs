//! What many runners cost those who watch them: `docs/scale.md`, whose tables are made
//! of what one runner exposes, and the small end of them against a real Prometheus.
//! `BLESS=1` rewrites the tables.

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_tests::oracle::Oracle;

use measured::Measured;
use runner::{Plan, Runner};

#[path = "scale/arithmetic.rs"]
mod arithmetic;
#[path = "scale/configuration.rs"]
mod configuration;
#[path = "scale/expected.rs"]
mod expected;
#[path = "scale/measured.rs"]
mod measured;
#[path = "scale/page.rs"]
mod page;
#[path = "scale/runner.rs"]
mod runner;
#[path = "scale/targets.rs"]
mod targets;
#[path = "scale/ten.rs"]
mod ten;

fn main() {
    let arguments = Arguments::from_args();
    let promtool = Oracle::promtool();
    let trials = vec![
        trial("the_page_says_what_one_runner_exposes", arithmetic_is_true),
        trial("a_task_more_costs_what_the_page_says", a_task_costs),
        Oracle::prometheus().trial("ten_runners_are_as_many_series_as_predicted", ten::scraped),
        promtool.trial("promtool_accepts_what_the_page_configures", |promtool| {
            configuration::accepted(promtool)
        }),
        promtool.trial("promtool_refuses_what_it_should", configuration::refused),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, check: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, || {
        check().map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn arithmetic_is_true() -> Result<()> {
    let measured = |plan| Measured::of(&Runner::start(plan)?.exposition()?);
    let usual = Plan::USUAL;
    let one = measured(usual)?;
    let more = [
        (
            "a task",
            Plan {
                tasks: usual.tasks + 1,
                ..usual
            },
        ),
        (
            "a backend that is a component",
            Plan {
                backends: usual.backends + 1,
                ..usual
            },
        ),
        (
            "another type of runner, with all outcomes",
            Plan {
                types: usual.types + 1,
                ..usual
            },
        ),
    ];
    let mut added = Vec::new();
    for (what, plan) in more {
        added.push((what, measured(plan)?));
    }
    page::must_have("one runner", &arithmetic::one(usual, &one, &added))?;
    page::must_have("many runners", &arithmetic::many(&one))
}

/// By the families that the contract gives a task, and not by the text.
fn a_task_costs() -> Result<()> {
    let series = |tasks| -> Result<u64> {
        let plan = Plan {
            tasks,
            ..Plan::USUAL
        };
        Ok(Measured::of(&Runner::start(plan)?.exposition()?)?.series)
    };
    let (few, many) = (series(1)?, series(11)?);
    let each = expected::series_of_a_task() as u64;
    ensure!(many - few == 10 * each, "{few} and {many}, at {each} each");
    let page = page::text()?;
    let said = format!("{each} series");
    ensure!(page.contains(&said), "the page does not say {said}");
    Ok(())
}
