//! Cost of the examples in each language: the tables in `docs/guests/languages.md`. `make
//! languages-table` measures them and writes the page.

mod backend;
mod built;
mod guest;
mod page;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use solti_metrics_host::artifact::Origin;

use super::machine::Machine;
use super::note::note;
use super::write::write;
use super::{Result, Spread};
use crate::reference_tool::ReferenceTool;
use crate::toolchains::examples;

pub use page::row_begins;

use backend::Backend;
use guest::Guest;

/// Number of measurements of short operations.
const TIMES: usize = 5;

/// Maximum number of repetitions in one measurement of a very short operation.
const MOST: usize = 1 << 18;

/// Sufficient length of a measurement, in seconds.
const ENOUGH: f64 = 0.1;

/// Number of loads of cached code. The fastest counts: other load on the machine only
/// slows a load down.
const LOADS: usize = 9;

/// Measures each example and writes the page.
pub fn main() -> ExitCode {
    match measured() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn measured() -> Result<()> {
    let machine = Machine::here();
    // An empty target directory for the examples in Rust.
    let folder = tempfile::tempdir()?;
    let (mut guests, mut backends) = (Vec::new(), Vec::new());
    for example in examples()? {
        note(&format!("{}: {}", example.toolchain, example.role));
        let component = match example.component() {
            ReferenceTool::Here(component) => component,
            missing => return Err(format!("{}: {missing:?}", example.toolchain).into()),
        };
        example.is_of_today(&component)?;
        match &*example.role {
            "reporter" => guests.push(Guest::measure(example, &component, folder.path())?),
            _ => backends.push(Backend::measure(example, &component, folder.path())?),
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guests/languages.md");
    let before = std::fs::read_to_string(&page)?;
    let tables = page::tables(&machine, &guests, &backends);
    write(&page, &page::with(&before, &tables)?)
}

/// The shortest time of a load of cached code. The first load fills the cache.
fn fastest(load: impl Fn() -> Result<Origin>) -> Result<Duration> {
    load()?;
    let times = (0..LOADS).map(|_| {
        let begun = Instant::now();
        match load()? {
            Origin::Cached => Ok(begun.elapsed()),
            origin => Err(format!("{origin:?}, and not cached").into()),
        }
    });
    let times = times.collect::<Result<Vec<_>>>()?;
    Ok(times.into_iter().min().ok_or("not once")?)
}

/// Microseconds of one operation. `seconds` measures a number of operations. If they take
/// too little time, the number grows.
fn us_each(mut number: usize, seconds: impl Fn(usize) -> Result<f64>) -> Result<f64> {
    while number < MOST && seconds(number)? < ENOUGH {
        number *= 4;
    }
    let times = (0..TIMES).map(|_| Ok(1e6 * seconds(number)? / number as f64));
    let spread = Spread::of(times.collect::<Result<_>>()?);
    Ok(spread.ok_or("not once")?.median)
}
