//! Arguments of `conformance`.

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, ValueEnum, value_parser};
use solti_metrics_conformance::ComponentTest;
use solti_metrics_server::time::{Bound, ShortTime};
use solti_metrics_server::{Dir, Grant};

use crate::artifacts::ArtifactArgs;
use crate::limits::{LimitArgs, stack};
use crate::variable::variable;

const PROVIDERS: &str = "Providers and middlewares";
const GUESTS: &str = "Guests";

#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// File of the component; `-` is standard input.
    pub(super) component: PathBuf,

    /// Arguments of the guest.
    #[arg(last = true)]
    pub(super) args: Vec<String>,

    /// Format of the conformance report.
    #[arg(long, value_enum, default_value_t = ConformanceFormat::Text)]
    pub(super) format: ConformanceFormat,

    /// Maximum memory of the tested component: linear memories, tables and instance data
    /// together.
    ///
    /// Default: 64MiB for providers and middlewares, 256MiB for guests, as in `run`.
    #[arg(long, value_name = "SIZE")]
    pub(super) max_memory: Option<ByteSize>,

    /// Maximum duration of a call of a provider or middleware, or of a run of a guest: from
    /// 1ms to 365d.
    ///
    /// Default: 5s for a call, 1m for a run.
    #[arg(long, value_name = "TIME")]
    pub(super) timeout: Option<Bound>,

    /// Capability of the provider or middleware, as in `run`: `env=NAME=VALUE`,
    /// `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`, `http=HOST[:PORT]`, or
    /// `output` to show the output of the component. Repeat the option for each capability.
    #[arg(long = "grant", value_name = "WHAT", help_heading = PROVIDERS)]
    pub(super) grants: Vec<Grant>,

    /// Folder of test vectors, which replace the built-in vectors.
    #[arg(long, value_name = "DIR", help_heading = PROVIDERS)]
    pub(super) vectors: Option<PathBuf>,

    /// Number of records of each vector with many records, instead of its own number.
    /// `--budget` does not reduce this number.
    #[arg(long, value_name = "N", help_heading = PROVIDERS,
        value_parser = value_parser!(u64).range(1..=ComponentTest::MOST_RECORDS))]
    pub(super) records: Option<u64>,

    /// Time after which a vector ends with fewer records than it defines: from 1ms to 365d.
    /// The report then has the number of records.
    #[arg(long, value_name = "TIME", default_value = "5s", help_heading = PROVIDERS)]
    pub(super) budget: Bound,

    /// Maximum growth of memory, in bytes for each record or each scrape.
    ///
    /// Default: the value of each vector, 1 for a record and 1024 for a scrape.
    #[arg(long, value_name = "BYTES", help_heading = PROVIDERS)]
    pub(super) max_growth: Option<u32>,

    /// Maximum average time of a record (`800ns`, `2us`), over the vector with most
    /// records. Default: no check.
    #[arg(long, value_name = "TIME", help_heading = PROVIDERS)]
    pub(super) max_time_per_record: Option<ShortTime>,

    /// Directory that the tested guest may access, as in `run`. Read-only unless `:rw` is
    /// appended. Repeat the option for each directory.
    #[arg(long = "dir", value_name = "HOST[::GUEST][:rw]", help_heading = GUESTS)]
    pub(super) dirs: Vec<Dir>,

    /// Environment variable of the tested guest.
    #[arg(long = "env", value_name = "K=V", value_parser = variable, help_heading = GUESTS)]
    pub(super) env: Vec<(String, String)>,

    /// File that the tested guest reads as standard input; `-` is the standard input of
    /// this command.
    #[arg(long, value_name = "FILE", help_heading = GUESTS)]
    pub(super) stdin: Option<PathBuf>,

    /// Accept completed tasks without a start, and started tasks without a completion.
    #[arg(long, help_heading = GUESTS)]
    pub(super) allow_unpaired: bool,

    /// Maximum size of the component file.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(super) max_component: ByteSize,

    /// Maximum stack of the tested guest.
    #[arg(long, value_name = "SIZE", default_value = "512KiB", value_parser = stack, help_heading = GUESTS)]
    pub(super) stack: ByteSize,

    #[command(flatten)]
    pub(super) limits: LimitArgs,

    #[command(flatten)]
    pub(super) artifacts: ArtifactArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConformanceFormat {
    /// Readable text.
    Text,
    /// JSON.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
}
