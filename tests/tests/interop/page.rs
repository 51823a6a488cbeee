//! The status page of `serve`, in headless Chromium. It shows all texts unchanged, in all
//! circumstances, and executes none of them.

use std::path::Path;

use anyhow::Result;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::Trial;

mod browser;
mod hands;
mod hostile;
mod live;
mod looks;
mod numbers;
mod server;
mod trouble;

use browser::Browser;
use server::Server;

type Check = fn(&mut Browser, &mut Server) -> Result<()>;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let checks = [
        numbers::CHECKS,
        hostile::CHECKS,
        trouble::CHECKS,
        hands::CHECKS,
        looks::CHECKS,
    ];
    let mut trials: Vec<_> = checks.into_iter().flatten().map(of_a_check).collect();
    trials.push(
        ReferenceTool::chromium().trial("each_number_is_that_of_a_real_runner", live::every_number),
    );
    Ok(trials)
}

fn of_a_check((name, check): &(&'static str, Check)) -> Trial {
    let check = *check;
    ReferenceTool::chromium().trial(name, move |chromium: &Path| {
        check(&mut Browser::start(chromium)?, &mut Server::start()?)
    })
}
