use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, ValueEnum, value_parser};
use solti_metrics_conformance::ComponentTest;
use solti_metrics_server::time::{Bound, ShortTime};
use solti_metrics_server::{Dir, Grant};

use crate::artifacts::ArtifactArgs;
use crate::limits::{LimitArgs, stack};
use crate::variable::variable;

const RECEIVERS: &str = "Providers and middlewares";
const GUESTS: &str = "Guests";

#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// The component's file; `-` is standard input.
    pub(super) component: PathBuf,

    /// Arguments for the guest.
    #[arg(last = true)]
    pub(super) args: Vec<String>,

    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,

    /// Maximum memory that it gets: its linear memories, tables and the data of its
    /// instances together.
    ///
    /// Default: what it would get from `run`, that is 64MiB for those that receive
    /// records and 256MiB for a guest.
    #[arg(long, value_name = "SIZE")]
    pub(super) memory: Option<ByteSize>,

    /// How long a call of those that receive records may take, or a whole run of a
    /// guest.
    ///
    /// From 1ms to 365d. Default: 5s for a call, 1m for a run.
    #[arg(long, value_name = "TIME")]
    pub(super) timeout: Option<Bound>,

    /// Grant something to a component that receives records, as `run` does:
    /// `env=NAME=VALUE`, `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`,
    /// `http=HOST[:PORT]`, or `output`, to see what it prints.
    #[arg(long = "grant", value_name = "WHAT", help_heading = RECEIVERS)]
    pub(super) grants: Vec<Grant>,

    /// Run the vectors in this folder, and none of those that are built in.
    #[arg(long, value_name = "DIR", help_heading = RECEIVERS)]
    pub(super) vectors: Option<PathBuf>,

    /// How many records are many, whatever a vector says and however long it takes.
    #[arg(long, value_name = "N", help_heading = RECEIVERS,
        value_parser = value_parser!(u64).range(1..=ComponentTest::MOST_RECORDS))]
    pub(super) records: Option<u64>,

    /// How long a vector may take before it is given fewer records than it says, which
    /// is reported: from 1ms to 365d.
    #[arg(long, value_name = "TIME", default_value = "5s", help_heading = RECEIVERS)]
    pub(super) budget: Bound,

    /// By how many bytes memory may grow with each record, or with each scrape.
    ///
    /// Default: what the vectors say, 1 for a record and 1024 for a scrape.
    #[arg(long, value_name = "BYTES", help_heading = RECEIVERS)]
    pub(super) max_growth: Option<u32>,

    /// How long a record may take (`800ns`, `2us`), on average over the vector with
    /// most records. Not judged without.
    #[arg(long, value_name = "TIME", help_heading = RECEIVERS)]
    pub(super) max_time_per_record: Option<ShortTime>,

    /// Grant the guest a directory, read-only unless `:rw` stands at the end.
    #[arg(long = "dir", value_name = "HOST[::GUEST][:rw]", help_heading = GUESTS)]
    pub(super) dirs: Vec<Dir>,

    /// Set an environment variable of the guest.
    #[arg(long = "env", value_name = "K=V", value_parser = variable, help_heading = GUESTS)]
    pub(super) env: Vec<(String, String)>,

    /// What the guest reads from its standard input; `-` is that of this command.
    #[arg(long, value_name = "FILE", help_heading = GUESTS)]
    pub(super) stdin: Option<PathBuf>,

    /// Tolerate completions without a start, and starts that nothing completes.
    #[arg(long, help_heading = GUESTS)]
    pub(super) allow_unpaired: bool,

    /// Bytes that the component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(super) max_component: ByteSize,

    /// Stack that a guest may use.
    #[arg(long, value_name = "SIZE", default_value = "512KiB", value_parser = stack, help_heading = GUESTS)]
    pub(super) stack: ByteSize,

    #[command(flatten)]
    pub(super) limits: LimitArgs,

    #[command(flatten)]
    pub(super) artifacts: ArtifactArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For what shows the results of tests.
    Junit,
}
