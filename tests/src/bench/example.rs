//! An invented run, for the tests of pages and tables that show a run.

use std::time::Duration;

use super::compile::{Compiled, Cost};
use super::delay::Delay;
use super::growth::{After, AtOnce, Growth, Guests, Sized};
use super::latency::{Latency, Mode, Times};
use super::limit::{LIMITS, Quotient};
use super::machine::Machine;
use super::scrape::{Scraped, Scrapes};
use super::{Group, Measured, Run, Spread, Unit};

/// A run with the rows that limits name, and a few more.
pub(super) fn example() -> Run {
    let mut names = vec!["native, no-op"];
    for limit in LIMITS {
        if let Quotient::Rows(of, over) = limit.quotient {
            names.extend([of, over]);
        }
    }
    let mut rows: Vec<Measured> = Vec::new();
    for name in names {
        if rows.iter().all(|row| row.name != name) {
            rows.push(measured(name, rows.len()));
        }
    }
    Run {
        machine: machine(),
        rounds: 301,
        records: 10_000,
        rows,
        growth: growth(),
        compiled: [("CPython", 18_000_000), ("one function", 900_000)]
            .map(|(name, bytes)| compiled(name, bytes))
            .to_vec(),
        switches: 1.2,
        scrapes: Scrapes {
            by_tasks: [10, 1_000].map(scraped).to_vec(),
            scrapers: 200,
            share: 0.004,
        },
        latency: latency(),
        delays: vec![Delay {
            name: "ring, a kind of records",
            about: "What happens.",
            records: 400,
            times: times(3_000),
        }],
    }
}

fn measured(name: &'static str, number: usize) -> Measured {
    let native = ["native", "core", "bare"];
    let median = 1.7 * 1.5_f64.powi(number as i32);
    Measured {
        name,
        group: match name {
            _ if native.iter().any(|start| name.starts_with(start)) => Group::Baseline,
            _ if name.starts_with("strings") || name.starts_with("JSON") => Group::Otherwise,
            _ => Group::Ours,
        },
        unit: match name.contains("instance") || name.contains("empty guest") {
            true => Unit::Task,
            false => Unit::Record,
        },
        about: "What happens.",
        ns: Spread {
            low: 0.9 * median,
            median,
            high: 1.2 * median,
        },
    }
}

fn machine() -> Machine {
    Machine {
        cpu: "a processor".to_owned(),
        cores: 2,
        memory_gib: 24,
        system: "a system".to_owned(),
        rustc: "a compiler".to_owned(),
        wasmtime: "48".to_owned(),
        date: "2026-11-25".to_owned(),
        load: 0.1,
    }
}

fn compiled(name: &'static str, bytes: usize) -> Compiled {
    let cost = |seconds, peak_kib| Cost { seconds, peak_kib };
    Compiled {
        name,
        bytes,
        ours: cost(9.9, 400_000),
        stock: cost(9.0, 370_000),
    }
}

fn scraped(tasks: usize) -> Scraped {
    Scraped {
        tasks,
        samples: 14 * tasks,
        bytes: 1_900 * tasks,
        ms: 0.004 * tasks as f64,
        gzip_ms: 0.009 * tasks as f64,
        encoded_ms: 0.003 * tasks as f64,
    }
}

fn latency() -> Vec<Latency> {
    let of = |threads| {
        Mode::ALL.map(|mode| Latency {
            mode,
            threads,
            quiet: times(40),
            scraped: mode.has_backend().then(|| times(50)),
            lost: 0,
        })
    };
    [1, 2].into_iter().flat_map(of).collect()
}

fn times(p50: u64) -> Times {
    Times {
        p50,
        p99: 2 * p50,
        p999: 10 * p50,
        longest: 20_000 * p50,
    }
}

fn growth() -> Growth {
    let at = |guests, per_second| AtOnce { guests, per_second };
    let after = |tasks| After {
        tasks,
        alone_us: 16.0,
        crowd_us: 17.0,
        resident_kib: 26_000,
    };
    let sized = |bytes: usize| Sized {
        bytes,
        functions: 1,
        compile: Duration::from_millis(bytes as u64),
        artifact: 3 * bytes,
        load: Duration::from_micros(bytes as u64 / 2),
        instance_us: 14.0,
        record_ns: 3.9,
    };
    Growth {
        guests: Guests {
            at_once: vec![at(1, 70e6), at(2, 137e6), at(3, 130e6)],
            two_threads: 1.98,
        },
        tasks: [1, 10, 100].map(after).to_vec(),
        components: [1_000, 20_000_000].map(sized).to_vec(),
    }
}
