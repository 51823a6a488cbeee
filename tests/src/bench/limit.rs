use Bound::{AtLeast, AtMost};
use Quotient::{
    CachedStart, CompileMemory, CompileTime, Cores, EngineSwitches, Rows, Scrape, ScrapeShare,
    ScrapedRecord, SingleRecord,
};

/// A limit: a quotient of two figures of one run, and its bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Dividend and divisor, in words.
    pub name: &'static str,
    /// Sources of the two figures.
    pub quotient: Quotient,
    /// Bound of the ratio.
    pub bound: Bound,
}

/// Two figures of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotient {
    /// The medians of two rows, by the names of the rows.
    Rows(&'static str, &'static str),
    /// Records per second of two concurrent guests, relative to one guest.
    Cores,
    /// To start the largest component from cached code, over compiling it.
    CachedStart,
    /// Peak memory to compile a large component, over the defaults of the same wasmtime: the
    /// highest ratio of all large components.
    CompileMemory,
    /// Elapsed time to compile the largest component, over the defaults of the same wasmtime.
    /// Interruption checks make up most of a function without a body, so functions of nothing else
    /// are not compared.
    CompileTime,
    /// Context switches of a run through the engine.
    EngineSwitches,
    /// CPU time of a server to answer 200 scrapers, over all processors.
    ScrapeShare,
    /// CPU time of a scrape of the server with the most tasks, over the encoding of the same
    /// samples by `prometheus-client`.
    Scrape,
    /// Median of an inlined record and a look at the clock, over the look alone.
    SingleRecord,
    /// 99th percentile of an inlined record and a look at the clock, while the backend is
    /// scraped, over the same without a scrape.
    ScrapedRecord,
}

/// The side of the bound on which a ratio must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The ratio is at most this number.
    AtMost(f64),
    /// The ratio is at least this number.
    AtLeast(f64),
}

impl Bound {
    /// The number of the bound.
    #[must_use]
    pub const fn number(self) -> f64 {
        match self {
            AtMost(number) | AtLeast(number) => number,
        }
    }

    /// Returns whether the ratio is on the right side of the bound.
    #[must_use]
    pub fn holds(self, ratio: f64) -> bool {
        match self {
            AtMost(most) => ratio <= most,
            AtLeast(least) => ratio >= least,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AtMost(number) => write!(f, "at most {number}"),
            AtLeast(number) => write!(f, "at least {number}"),
        }
    }
}

/// All limits.
pub const LIMITS: [Limit; 24] = [
    limit(
        "inlined record, no epoch / native dyn atomics",
        Rows("inlined, guest side", "native, atomics"),
        AtMost(0.6),
    ),
    limit(
        "inlined record, epoch on / native dyn atomics",
        Rows("inlined, guest side, epoch", "native, atomics"),
        AtMost(1.2),
    ),
    limit(
        "record of a large guest, epoch on, shim called and not inlined / native dyn atomics",
        Rows("large guest, guest side, epoch", "native, atomics"),
        AtMost(3.0),
    ),
    limit(
        "inlined record with drain into atomics, epoch off / native dyn atomics",
        Rows("inlined into atomics", "native, atomics"),
        AtMost(1.7),
    ),
    limit(
        "inlined record with drain into atomics, epoch on / native dyn atomics",
        Rows("inlined into atomics, epoch", "native, atomics"),
        AtMost(2.3),
    ),
    limit(
        "record in an embedder's store with drain into atomics, epoch on / native dyn atomics",
        Rows("inlined, embedder, epoch", "native, atomics"),
        AtMost(2.3),
    ),
    limit(
        "inlined record with drain into Prometheus, epoch on / native dyn prometheus-client",
        Rows(
            "inlined into Prometheus, epoch",
            "native, prometheus-client",
        ),
        AtMost(1.5),
    ),
    // `PrometheusMetrics` costs two locked additions, as the atomics do. It has the limit
    // of the atomics.
    limit(
        "inlined record with drain into Prometheus, epoch on / native dyn Prometheus",
        Rows("inlined into Prometheus, epoch", "native, Prometheus"),
        AtMost(2.3),
    ),
    limit(
        "direct record / core func_wrap",
        Rows("direct", "core func_wrap"),
        AtMost(12.0),
    ),
    limit(
        "strings and labels / inlined record with drain into Prometheus",
        Rows("strings and labels", "inlined into Prometheus, epoch"),
        AtLeast(20.0),
    ),
    limit(
        "JSON lines / inlined record with drain into Prometheus",
        Rows("JSON lines on stdout", "inlined into Prometheus, epoch"),
        AtLeast(30.0),
    ),
    limit(
        "packed batch, the call alone / core func_wrap",
        Rows("packed batch, the call alone", "core func_wrap"),
        AtMost(0.5),
    ),
    limit(
        "record into a component's queue, worker waits / native dyn atomics",
        Rows("component queue, worker waits", "native, atomics"),
        AtMost(3.0),
    ),
    limit(
        "fixed cost of a task with the shim / bare instance",
        Rows("instance with the shim", "bare instance"),
        AtMost(2.0),
    ),
    limit(
        "run of an empty guest through the engine / through the runner",
        Rows(
            "empty guest through the engine",
            "empty guest through the runner",
        ),
        AtMost(4.0),
    ),
    limit(
        "context switches for each run through the engine",
        EngineSwitches,
        AtMost(2.0),
    ),
    limit(
        "peak memory to compile / defaults of wasmtime, large components",
        CompileMemory,
        AtMost(1.3),
    ),
    limit(
        "time to compile / defaults of wasmtime, largest component",
        CompileTime,
        AtMost(1.2),
    ),
    // The start authenticates the code, and finds its key from all bytes of the component.
    // With inlining, the compilation took longer, and the limit was 0.001.
    limit(
        "start from cached code / compile, large component",
        CachedStart,
        AtMost(0.0025),
    ),
    limit(
        "two guests on two cores / one guest, records per second",
        Cores,
        AtLeast(1.8),
    ),
    limit(
        "200 scrapers, a scrape a second each / all processors",
        ScrapeShare,
        AtMost(0.01),
    ),
    limit(
        "scrape of a server with 1,000 tasks / prometheus-client encodes the same samples",
        Scrape,
        AtMost(1.5),
    ),
    limit(
        "median of an inlined record and a look at the clock / the look alone",
        SingleRecord,
        AtMost(1.2),
    ),
    limit(
        "99th percentile of an inlined record and a look, with a scrape / without",
        ScrapedRecord,
        AtMost(2.0),
    ),
];

const fn limit(name: &'static str, quotient: Quotient, bound: Bound) -> Limit {
    Limit {
        name,
        quotient,
        bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows;

    #[test]
    fn a_bound_holds_on_its_side_and_at_the_edge() {
        assert!(AtMost(2.0).holds(2.0) && !AtMost(2.0).holds(2.1));
        assert!(AtLeast(2.0).holds(2.0) && !AtLeast(2.0).holds(1.9));
        assert!(!AtMost(2.0).holds(f64::NAN) && !AtLeast(2.0).holds(f64::NAN));
    }

    #[test]
    fn every_limit_divides_existing_rows_of_one_unit() -> crate::bench::Result<()> {
        let rows = rows(1, 1, 1)?;
        let unit = |name| {
            let row = rows.iter().find(|row| row.name == name);
            row.map(|row| row.unit)
        };
        for limit in LIMITS {
            if let Rows(of, over) = limit.quotient {
                assert!(unit(of).is_some(), "no row `{of}`");
                assert_eq!(unit(of), unit(over), "{}", limit.name);
            }
        }
        Ok(())
    }
}
