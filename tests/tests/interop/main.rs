//! Files and the output of other projects' programs: configurations, faults, expositions,
//! alerts, the status page. A missing program is a listed skip.

mod backends;
mod calls;
mod clock;
mod compose;
mod configs;
mod deploy;
mod disks;
mod exposition;
mod faults;
mod operations;
mod page;
mod reference;
mod scale;
mod scraped;

use std::process::ExitCode;

use solti_metrics_tests::trial::{Suite, run};

fn main() -> ExitCode {
    if calls::is_counted() {
        return calls::tasks();
    }
    run(&[
        Suite {
            name: "calls",
            trials: calls::trials,
        },
        Suite {
            name: "clock",
            trials: clock::trials,
        },
        Suite {
            name: "compose",
            trials: compose::trials,
        },
        Suite {
            name: "configs",
            trials: configs::trials,
        },
        Suite {
            name: "deploy",
            trials: deploy::trials,
        },
        Suite {
            name: "disks",
            trials: disks::trials,
        },
        Suite {
            name: "exposition",
            trials: exposition::trials,
        },
        Suite {
            name: "faults",
            trials: faults::trials,
        },
        Suite {
            name: "operations",
            trials: operations::trials,
        },
        Suite {
            name: "page",
            trials: page::trials,
        },
        Suite {
            name: "backends",
            trials: backends::trials,
        },
        Suite {
            name: "reference",
            trials: reference::trials,
        },
        Suite {
            name: "scale",
            trials: scale::trials,
        },
        Suite {
            name: "scraped",
            trials: scraped::trials,
        },
    ])
}
