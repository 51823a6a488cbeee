//! The results of a run, for the terminal.

#![allow(clippy::print_stdout, reason = "what it is for")]

use super::latency::Times;
use super::{Run, Unit};

/// Prints all results.
pub(super) fn show(run: &Run) {
    print!("{}", text(run));
}

fn text(run: &Run) -> String {
    let mut lines = Vec::new();
    for (unit, title) in [(Unit::Record, "a record"), (Unit::Task, "a task")] {
        lines.push(format!(
            "{title:<32} {:>10} {:>21} {:>9} {:>8}",
            "ns", "quartiles", "x native", "x core"
        ));
        for row in run.rows.iter().filter(|row| row.unit == unit) {
            let ns = row.ns;
            let quartiles = format!("{:.1} – {:.1}", ns.low, ns.high);
            let times = |other| match run.median(other) {
                Some(other) if unit == Unit::Record => format!("{:.2}", ns.median / other),
                _ => String::new(),
            };
            let (native, core) = (times("native, atomics"), times("core func_wrap"));
            lines.push(format!(
                "{:<32} {:>10.1} {quartiles:>21} {native:>9} {core:>8}",
                row.name, ns.median
            ));
        }
        lines.push(String::new());
    }

    lines.push("guests at once: million records in a second".to_owned());
    for at in &run.growth.guests.at_once {
        let millions = at.per_second / 1e6;
        lines.push(format!("{:>8} {millions:>10.1}", at.guests));
    }
    let two = run.growth.guests.two_threads;
    lines.push(format!("two threads without memory: {two:.2} of one\n"));

    lines.push("tasks: µs of each, alone and in a crowd; KiB resident".to_owned());
    for after in &run.growth.tasks {
        lines.push(format!(
            "{:>8} {:>8.1} {:>8.1} {:>9}",
            after.tasks, after.alone_us, after.crowd_us, after.resident_kib
        ));
    }
    lines.push(String::new());

    lines.push(
        "bytes: functions, ms to compile, bytes compiled, ms to load, µs an instance, ns a record"
            .to_owned(),
    );
    for sized in &run.growth.components {
        let load = sized.load.as_secs_f64() * 1e3;
        lines.push(format!(
            "{:>9} {:>7} {:>10.1} {:>10} {load:>8.2} {:>8.1} {:>6.2}",
            sized.bytes,
            sized.functions,
            sized.compile.as_secs_f64() * 1e3,
            sized.artifact,
            sized.instance_us,
            sized.record_ns,
        ));
    }
    lines.push(String::new());

    lines
        .push("single records: ns at 50 %, 99 %, 99.9 % and the longest; with a scrape".to_owned());
    for latency in &run.latency {
        let scraped = latency.scraped.as_ref().map_or(String::new(), times);
        lines.push(format!(
            "{} {:<32} {} {scraped}",
            latency.threads,
            latency.mode.name(),
            times(&latency.quiet)
        ));
    }
    lines.push("delays: ns at 50 %, 99 %, 99.9 % and the longest".to_owned());
    for delay in &run.delays {
        lines.push(format!("{:<40} {}", delay.name, times(&delay.times)));
    }
    lines.push(String::new());

    lines.push("compilation: seconds and KiB, and those of wasmtime's defaults".to_owned());
    for compiled in &run.compiled {
        let (ours, stock) = (compiled.ours, compiled.stock);
        lines.push(format!(
            "{:<16} {:>8.2} {:>8.2} {:>9} {:>9}",
            compiled.name, ours.seconds, stock.seconds, ours.peak_kib, stock.peak_kib
        ));
    }
    lines.push(
        "scrapes: tasks, samples, bytes, ms, ms with gzip, ms of prometheus-client".to_owned(),
    );
    for scraped in &run.scrapes.by_tasks {
        lines.push(format!(
            "{:>6} {:>8} {:>9} {:>8.3} {:>8.3} {:>8.3}",
            scraped.tasks,
            scraped.samples,
            scraped.bytes,
            scraped.ms,
            scraped.gzip_ms,
            scraped.encoded_ms
        ));
    }
    lines.push(String::new());

    for verdict in run.verdicts() {
        let (name, ratio, bound) = (verdict.limit.name, verdict.ratio, verdict.limit.bound);
        let why = verdict.not_judged.as_deref();
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        lines.push(format!(
            "{name}: {ratio:.3}, {bound}: {}{why}",
            verdict.word()
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn times(times: &Times) -> String {
    let Times {
        p50,
        p99,
        p999,
        longest,
    } = times;
    format!("{p50:>8} {p99:>8} {p999:>8} {longest:>10}")
}
