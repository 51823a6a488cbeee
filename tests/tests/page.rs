//! The status page of `serve`, in headless Chromium: it shows what it is told,
//! as it is told, to anybody, and runs nothing that it is told.

use std::path::Path;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};
use solti_metrics_tests::oracle::Oracle;

#[path = "page/browser.rs"]
mod browser;
#[path = "page/hands.rs"]
mod hands;
#[path = "page/hostile.rs"]
mod hostile;
#[path = "page/live.rs"]
mod live;
#[path = "page/looks.rs"]
mod looks;
#[path = "page/numbers.rs"]
mod numbers;
#[path = "page/server.rs"]
mod server;
#[path = "page/trouble.rs"]
mod trouble;

use browser::Browser;
use server::Server;

type Check = fn(&mut Browser, &mut Server) -> Result<()>;

fn main() {
    let arguments = Arguments::from_args();
    let checks = [
        numbers::CHECKS,
        hostile::CHECKS,
        trouble::CHECKS,
        hands::CHECKS,
        looks::CHECKS,
    ];
    let mut trials: Vec<_> = checks.into_iter().flatten().map(trial).collect();
    trials.push(Oracle::chromium().trial(
        "every_number_is_the_one_of_a_runner_that_serves",
        live::every_number,
    ));
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial((name, check): &(&'static str, Check)) -> Trial {
    let check = *check;
    Oracle::chromium().trial(name, move |chromium: &Path| {
        check(&mut Browser::start(chromium)?, &mut Server::start()?)
    })
}
