//! The cost of each way of a record: see `solti_metrics_tests::bench`.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    solti_metrics_tests::bench::main(env::args().skip(1))
}
