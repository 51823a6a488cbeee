//! Load and endurance: see `solti_metrics_tests::endurance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    solti_metrics_tests::endurance::main(std::env::args().skip(1))
}
