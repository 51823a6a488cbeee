//! The tables of `docs/operate/scale.md`. The page has the source of each factor.

use std::fmt::Write;

use crate::scale::measured::Measured;
use crate::scale::runner::Plan;

/// Series that Prometheus adds for each target, about its scrape.
pub(crate) const SYNTHETIC: u64 = 5;

/// Memory of a series in the head, and of each of its labels, in bytes. Go's garbage
/// multiplies it.
const SERIES: f64 = 732.0;
const LABEL: f64 = 32.0;
const GARBAGE: f64 = 2.0;

/// Bytes of a sample, and the factor of a chunk in memory.
const SAMPLE: f64 = 2.0;
const CHUNK: f64 = 1.5;

/// Time of the samples in memory, in seconds.
const HEAD: f64 = 3.0 * 3_600.0;

/// Labels that Prometheus adds to a series: its name, `instance` and `job`.
const ADDED_LABELS: f64 = 3.0;

/// Each is a thousand times the previous one.
pub(crate) const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];

const DAY: f64 = 86_400.0;

const RUNNERS: [u64; 3] = [10, 1_000, 100_000];
const INTERVALS: [u64; 2] = [15, 60];

/// A row of the large table: its value for a number of runners.
type Cell<'a> = Box<dyn Fn(f64) -> String + 'a>;

/// Series and bytes of one runner, and of each further task and backend.
pub(crate) fn one(plan: Plan, one: &Measured, more: &[(&str, Measured)]) -> String {
    let mut table = "| | Series | Bytes of a scrape | In gzip |\n|---|--:|--:|--:|\n".to_owned();
    let what = format!(
        "A runner with {} tasks and {} component backend",
        plan.tasks, plan.backends
    );
    let mut row = |what: &str, of: &Measured| {
        let [bytes, gzip] = [of.bytes, of.gzip].map(|bytes| about(bytes as f64));
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {what} | {} | {bytes} | {gzip} |",
            whole(of.series)
        );
    };
    row(&what, one);
    for (what, more) in more {
        row(&format!("Each further {what}"), more);
    }
    table
}

/// The load of many runners on one Prometheus.
pub(crate) fn many(one: &Measured) -> String {
    let heads = RUNNERS.map(|runners| format!(" {} runners |", whole(runners)));
    let mut table = format!("| |{}\n|---|--:|--:|--:|\n", heads.concat());
    for (what, cell) in rows(one) {
        let cells = RUNNERS.map(|runners| format!(" {} |", cell(runners as f64)));
        let _ = writeln!(table, "| {what} |{}", cells.concat());
    }
    table
}

fn rows(one: &Measured) -> Vec<(String, Cell<'_>)> {
    let series = (one.series + SYNTHETIC) as f64;
    let mut rows: Vec<(String, Cell<'_>)> = vec![
        ("Series".into(), Box::new(move |n| count(n * series))),
        (
            "Bytes of one scrape of all runners".into(),
            Box::new(|n| about(n * one.bytes as f64)),
        ),
        (
            "Bytes of one scrape of all runners, in gzip".into(),
            Box::new(|n| about(n * one.gzip as f64)),
        ),
    ];
    for every in INTERVALS.map(|every| every as f64) {
        let at = |what: &str| format!("{what}, every {every} s");
        rows.push((
            at("Samples per second"),
            Box::new(move |n| count(n * series / every)),
        ));
        rows.push((
            at("Bytes per second in gzip"),
            Box::new(move |n| about(n * one.gzip as f64 / every)),
        ));
        rows.push((
            at("Memory"),
            Box::new(move |n| bytes(n * series * memory(one, every))),
        ));
        rows.push((
            at("Disk per day"),
            Box::new(move |n| bytes(n * series * SAMPLE * DAY / every)),
        ));
    }
    rows
}

/// Memory of a series with this scrape interval, in bytes.
fn memory(one: &Measured, every: f64) -> f64 {
    let labels = LABEL * (one.labels + ADDED_LABELS);
    let series = SERIES + labels + 2.0 * one.name;
    GARBAGE * (series + CHUNK * SAMPLE * HEAD / every)
}

/// Series of a number of runners in one Prometheus.
pub(crate) fn predicted(runners: u64, one: &Measured) -> u64 {
    runners * (one.series + SYNTHETIC)
}

/// Formats a number with commas between thousands.
pub(crate) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut said = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

fn count(number: f64) -> String {
    match number {
        _ if number < 1e6 => whole(number.round() as u64),
        _ if number < 1e9 => format!("{} million", three(number / 1e6)),
        _ => format!("{} thousand million", three(number / 1e9)),
    }
}

/// Formats an approximate size, which varies with the digits of values.
pub(crate) fn about(number: f64) -> String {
    format!("≈ {}", bytes(number))
}

fn bytes(number: f64) -> String {
    let mut number = number;
    let mut unit = 0;
    while number >= 1_000.0 && unit + 1 < UNITS.len() {
        number /= 1_000.0;
        unit += 1;
    }
    format!("{} {}", three(number), UNITS[unit])
}

/// Formats two digits, or all digits before the point.
fn three(number: f64) -> String {
    if number < 10.0 {
        format!("{number:.1}")
    } else {
        whole(number.round() as u64)
    }
}
