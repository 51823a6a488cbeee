use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest};

use crate::bench::synthetic::{RECORDS, Synthetic};
use crate::bench::{Result, Spread, cached};

/// What a component of this size costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sized {
    /// Bytes of the component.
    pub(crate) bytes: usize,
    /// Functions in it.
    pub(crate) functions: u32,
    /// To compose it with the shim, compile it on every core, and link it.
    pub(crate) compile: Duration,
    /// Bytes of what it was compiled to.
    pub(crate) artifact: usize,
    /// To start from that, where it is kept.
    pub(crate) load: Duration,
    /// CPU time of an instance, from nothing to nothing.
    pub(crate) instance_us: f64,
    /// CPU time of a record, the guest's side, with epoch checks.
    pub(crate) record_ns: f64,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What components are asked to be like. They are a little larger, and the smallest
/// one is what is left of a component without functions.
const SIZES: [usize; 6] = [
    KIB,
    10 * KIB,
    100 * KIB,
    MIB,
    5 * MIB,
    // As large as one that brings Python along.
    20 * MIB,
];

/// Instances that take turns, since it matters where in memory one lies.
const PLACES: usize = 5;

/// How often what takes little time is measured.
const TIMES: usize = 51;

/// Those of at most so many bytes.
pub(super) fn measure(most: usize) -> Result<Vec<Sized>> {
    let sizes = SIZES.into_iter().filter(|size| *size <= most);
    sizes.map(of).collect()
}

fn of(size: usize) -> Result<Sized> {
    let Synthetic {
        component,
        functions,
    } = Synthetic::of(size)?;
    let begun = Instant::now();
    let composed = MeasuredGuest::new(&component, true)?;
    let compile = begun.elapsed();

    let once = || composed.instance(MeasureTarget::default()).map(drop);
    let instances = (0..PLACES).map(|_| composed.instance(MeasureTarget::default()));
    let mut instances = instances.collect::<wasmtime::Result<Vec<_>>>()?;
    let mut next = || {
        instances.rotate_left(1);
        Ok(instances[0].call()?)
    };
    Ok(Sized {
        bytes: component.len(),
        functions,
        compile,
        artifact: composed.artifact_size()?,
        load: cached::start(&component)?,
        instance_us: 1e6 * median(|| Ok(once()?))?,
        record_ns: 1e9 * median(&mut next)? / f64::from(RECORDS),
    })
}

/// Seconds of this thread's CPU time, of what is done many times.
fn median(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let times = (0..TIMES).map(|_| {
        let start = ThreadTime::now();
        work()?;
        Ok(start.elapsed().as_secs_f64())
    });
    let spread = Spread::of(times.collect::<Result<_>>()?);
    Ok(spread.ok_or("not once")?.median)
}
