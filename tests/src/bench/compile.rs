//! Time and memory to compile large components, compared with the defaults of the same
//! wasmtime. Each compilation is in a new process.

mod large;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{Artifacts, CompilerProcess, compile_worker};
use solti_metrics_host::runner::Runner;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::{Result, Spread, child};

/// A component, and the cost to compile it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compiled {
    /// The content of the component.
    pub(crate) name: &'static str,
    /// Bytes of the component.
    pub(crate) bytes: usize,
    /// Cost for the runner: compose with the shim, compile in a compiler process, and load.
    pub(crate) ours: Cost,
    /// Cost for `Engine::default()` and `Component::from_binary`.
    pub(crate) stock: Cost,
}

impl Compiled {
    /// Memory relative to the defaults of wasmtime.
    #[must_use]
    pub(crate) fn memory_ratio(&self) -> f64 {
        self.ours.peak_kib as f64 / self.stock.peak_kib as f64
    }

    /// Elapsed time relative to the defaults of wasmtime.
    #[must_use]
    pub(crate) fn time_ratio(&self) -> f64 {
        self.ours.seconds / self.stock.seconds
    }
}

/// Cost of a compilation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Elapsed time, in seconds.
    pub(crate) seconds: f64,
    /// Peak of the resident memory of the process that compiles, in KiB.
    pub(crate) peak_kib: u64,
}

/// The components of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The components of the limits.
    Large,
    /// Small components of the same kinds: only the measurement is tried.
    Small,
}

/// Compilations of each component by each side. They take turns.
const ATTEMPTS: usize = 3;

/// Arguments of child processes.
pub(super) const OURS: &str = "compile-as-the-runner";
pub(super) const STOCK: &str = "compile-as-wasmtime";
pub(super) const WORKER: &str = "compile-worker";

/// Names the file into which a worker writes the peak of its memory. The worker inherits it.
const PEAK: &str = "SOLTI_BENCH_PEAK_OF_WORKER";

/// Compiles each component.
pub(super) fn measure(which: Which) -> Result<Vec<Compiled>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("component.wasm");
    let peak = folder.path().join("peak");
    let components = large::components(which)?;
    components
        .into_iter()
        .map(|(name, component)| {
            fs::write(&file, &component)?;
            let (mut ours, mut stock) = (Vec::new(), Vec::new());
            let attempts = match which {
                Which::Large => ATTEMPTS,
                Which::Small => 1,
            };
            for _ in 0..attempts {
                let mut runner = child::command(OURS)?;
                ours.push(child::ask(runner.arg(&file).env(PEAK, &peak))?);
                stock.push(child::ask(child::command(STOCK)?.arg(&file))?);
            }
            Ok(Compiled {
                name,
                bytes: component.len(),
                ours: median(&ours)?,
                stock: median(&stock)?,
            })
        })
        .collect()
}

fn median(costs: &[Cost]) -> Result<Cost> {
    let of = |figure: fn(&Cost) -> f64| {
        let spread = Spread::of(costs.iter().map(figure).collect());
        spread.map(|spread| spread.median).ok_or("not once")
    };
    Ok(Cost {
        seconds: of(|cost| cost.seconds)?,
        peak_kib: of(|cost| cost.peak_kib as f64)? as u64,
    })
}

/// Compiles the file as `solti-metrics run` does, in a compiler process.
pub(super) fn as_the_runner(file: &Path) -> Result<Cost> {
    let begun = Instant::now();
    let compiler = CompilerProcess::this_program()?
        .arg(child::CHILD)
        .arg(WORKER);
    let runner = Runner::builder(noop_metrics())
        .artifacts(Artifacts::new().compiler(compiler))
        .build()?;
    runner.load_file(file)?;
    Ok(Cost {
        seconds: begun.elapsed().as_secs_f64(),
        peak_kib: fs::read_to_string(env::var(PEAK)?)?.parse()?,
    })
}

/// Compiles for the parent process, and notes the peak of memory.
pub(super) fn worker() -> Result<ExitCode> {
    let status = compile_worker();
    if let Some(file) = env::var_os(PEAK) {
        fs::write(file, child::peak_kib()?.to_string())?;
    }
    Ok(status)
}

/// Compiles the file with the defaults of wasmtime.
pub(super) fn as_wasmtime(file: &Path) -> Result<Cost> {
    let begun = Instant::now();
    let component = fs::read(file)?;
    Component::from_binary(&Engine::default(), &component)?;
    Ok(Cost {
        seconds: begun.elapsed().as_secs_f64(),
        peak_kib: child::peak_kib()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasmtime_compiles_each_component() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("component.wasm");
        for (name, component) in large::components(Which::Small)? {
            fs::write(&file, component)?;
            let cost = as_wasmtime(&file)?;
            assert!(cost.seconds > 0.0 && cost.peak_kib > 0, "{name}: {cost:?}");
        }
        Ok(())
    }

    #[test]
    fn a_cost_is_the_median_of_each_figure() -> Result<()> {
        let cost = |seconds, peak_kib| Cost { seconds, peak_kib };
        let costs = [cost(1.0, 30), cost(9.0, 20), cost(2.0, 10)];
        assert_eq!(median(&costs)?, cost(2.0, 20));
        Ok(())
    }
}
