//! Guests and providers in each language, built by the toolchains of
//! `tools/languages.sh`: examples, guides, new projects and other hosts. A missing
//! toolchain is a listed skip.

mod guides;
mod hosts;
mod languages;
mod matrix;
mod new;
mod raises;

use std::process::ExitCode;

use solti_metrics_tests::trial::{Suite, run};

fn main() -> ExitCode {
    run(&[
        Suite {
            name: "guides",
            trials: guides::trials,
        },
        Suite {
            name: "hosts",
            trials: hosts::trials,
        },
        Suite {
            name: "languages",
            trials: languages::trials,
        },
        Suite {
            name: "matrix",
            trials: matrix::trials,
        },
        Suite {
            name: "new",
            trials: new::trials,
        },
        Suite {
            name: "raises",
            trials: raises::trials,
        },
    ])
}
