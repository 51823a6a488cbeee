use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest};

use crate::bench::synthetic::{RECORDS, Synthetic};
use crate::bench::{Result, Spread, cached};

/// Cost of a component of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sized {
    /// Bytes of the component.
    pub(crate) bytes: usize,
    /// Functions in the component.
    pub(crate) functions: u32,
    /// To compose it with the shim, compile it on every core, and link it.
    pub(crate) compile: Duration,
    /// Bytes of the compiled code.
    pub(crate) artifact: usize,
    /// Time to start from cached code.
    pub(crate) load: Duration,
    /// CPU time of an instance, from creation to removal, in microseconds.
    pub(crate) instance_us: f64,
    /// CPU time of a record on the guest's side, with epoch checks, in nanoseconds.
    pub(crate) record_ns: f64,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Requested sizes of components, in bytes. Real components are a little larger. The
/// smallest one has a single small function.
const SIZES: [usize; 6] = [
    KIB,
    10 * KIB,
    100 * KIB,
    MIB,
    5 * MIB,
    // The size of a component that brings Python along.
    20 * MIB,
];

/// Number of instances that take turns. The position of an instance in memory changes its
/// speed.
const COPIES: usize = 5;

/// Number of measurements of short operations.
const TIMES: usize = 51;

/// Measures components of at most `most` bytes.
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
    let instances = (0..COPIES).map(|_| composed.instance(MeasureTarget::default()));
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

/// The median CPU time of this thread for one call of `work`, in seconds.
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
