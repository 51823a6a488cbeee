//! The cost of the examples in each language: see
//! `solti_metrics_tests::bench::languages`.

use std::process::ExitCode;

fn main() -> ExitCode {
    solti_metrics_tests::bench::languages::main()
}
