//! `docs/performance.md`.

mod growth;

use super::figure::{count, figure};
use super::limit::LIMITS;
use super::{Group, Measured, Run, Unit};

/// The whole page.
pub(super) fn page(run: &Run) -> String {
    let sections = [
        INTRODUCTION.to_owned(),
        machine(run),
        reading(run),
        records(run),
        tasks(run),
        limits(run),
        growth::section(run),
        NOT_MEASURED.to_owned(),
    ];
    sections.join("\n")
}

const INTRODUCTION: &str = "\
# Performance

What a record costs and what a task costs, which limits that has, and how it grows.
`make bench` has measured all of this and written this page, so edit
`tests/src/bench/page.rs` instead; `make bench-check` measures, and fails if a limit
does not hold.

![What one record costs on each way, on a logarithmic scale](performance.svg)
";

fn machine(run: &Run) -> String {
    let machine = &run.machine;
    let about = [
        (
            "processor",
            format!("{}, {} cores", machine.cpu, machine.cores),
        ),
        ("memory", format!("{} GiB", machine.memory_gib)),
        ("system", machine.system.clone()),
        ("compiler", machine.rustc.clone()),
        ("runtime", format!("wasmtime {}", machine.wasmtime)),
        ("day", machine.date.clone()),
        ("load in the minute before", format!("{:.2}", machine.load)),
    ];
    let rows = about.map(|(what, is)| format!("| {what} | {is} |\n"));
    let busy = match machine.load > machine.most_load() {
        true => {
            "\n**The machine was busy with other things**, which slows some rows down more than others: run `make bench` again when it is not.\n"
        }
        false => "",
    };
    format!(
        "## Where it was measured\n\n| | |\n|---|---|\n{}{busy}",
        rows.concat()
    )
}

fn reading(run: &Run) -> String {
    let (rounds, records) = (run.rounds, count(u64::from(run.records)));
    format!(
        "\
## How to read it

- **Trust the ratios, not the nanoseconds.** All rows are measured in one process and
  take turns: {rounds} rounds, in each of which each row makes at least {records} records,
  or {tasks} tasks, once more before that to be warm. What slows the machine down for a
  while slows all of them.
- Figures are medians over the rounds, and half of all rounds lie between the quartiles.
  They are **CPU time of the thread that records**, the host's functions included. What
  goes on in other threads, such as the worker of a provider, is not in them.
- A record is a task that has completed. Into the atomics that is two relaxed additions,
  into a Prometheus backend a counter and a histogram.
- Guests are a loop, written by hand: what a language's bindings add is not in there.
- Each row is set up several times in one process, and each round measures another of
  them, because it matters where in memory a store lies.
- Everything with a typed import runs without component-model concurrency, what people
  would do otherwise included; what it costs is in the row of the default engine.
",
        tasks = count(u64::from(run.records.div_ceil(100))),
    )
}

fn records(run: &Run) -> String {
    let mut text = "## A record\n".to_owned();
    for group in Group::ALL {
        text += &format!(
            "\n**{}**\n\n\
             | | ns | quartiles | × native | × core | what happens |\n\
             |---|--:|--:|--:|--:|---|\n",
            capital(group.title())
        );
        let rows = run.rows.iter();
        for row in rows.filter(|row| row.unit == Unit::Record && row.group == group) {
            let times = |other| match run.median(other) {
                Some(other) => figure(row.ns.median / other),
                None => String::new(),
            };
            text += &format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                row.name,
                figure(row.ns.median),
                quartiles(row, 1.0),
                times("native, atomics"),
                times("core func_wrap"),
                row.about
            );
        }
    }
    text += "\n× native: against `native, atomics`. × core: against `core func_wrap`.\n";
    text
}

fn tasks(run: &Run) -> String {
    let mut text = "\
## A task

One after another, each in a store of its own.

| | µs | quartiles | what happens |
|---|--:|--:|---|
"
    .to_owned();
    for row in run.rows.iter().filter(|row| row.unit == Unit::Task) {
        text += &format!(
            "| {} | {} | {} | {} |\n",
            row.name,
            figure(row.ns.median / 1e3),
            quartiles(row, 1e3),
            row.about
        );
    }
    text
}

fn quartiles(row: &Measured, unit: f64) -> String {
    let (low, high) = (figure(row.ns.low / unit), figure(row.ns.high / unit));
    format!("{low} to {high}")
}

/// All limits, also those without a measurement.
fn limits(run: &Run) -> String {
    let mut text = "\
## Limits

Each is a quotient of two figures of one run.

| | limit | measured | |
|---|--:|--:|---|
"
    .to_owned();
    let verdicts = run.verdicts();
    for limit in LIMITS {
        let (name, bound) = (limit.name, limit.bound);
        let verdict = verdicts.iter().find(|verdict| verdict.limit == limit);
        let (ratio, word) = match verdict {
            Some(verdict) => (figure(verdict.ratio), verdict.word()),
            None => (String::new(), "not measured"),
        };
        text += &format!("| {name} | {bound} | {ratio} | {word} |\n");
    }
    for verdict in verdicts {
        if let Some(why) = verdict.not_judged {
            text += &format!("\nNot judged: {}, since {why}.\n", verdict.limit.name);
        }
    }
    text
}

const NOT_MEASURED: &str = "\
## What was not measured

- **Single records.** A figure is an average over thousands; how long the slowest of a
  million takes is not known. Into a component's queue, the first record after a pause
  also wakes a thread.
- **How late a record arrives.** On the inlined path it waits in the ring until that is
  full, the guest calls the host, a tick of 10 ms passes, or the guest ends.
- **Bindings.** What the Rust SDK, or Python's or JavaScript's bindings, do before they
  call the import.
- **Exporters.** Scraping, OTLP and statsd cost when they send, and not when something
  is recorded.
- **Other machines.** More cores than these, other processors, other systems.
- **Guests that use component-model async**, which need another engine.
";

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if !text.starts_with("solti") => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::bench::example::example;
    use crate::bench::{Limit, Quotient, Result, rows};

    #[test]
    fn the_page_has_each_row_and_each_limit_with_its_figure() {
        let run = example();
        let page = page(&run);
        for row in &run.rows {
            assert!(page.contains(&format!("| {} |", row.name)), "{}", row.name);
        }
        for verdict in run.verdicts() {
            let (name, bound) = (verdict.limit.name, verdict.limit.bound);
            let line = format!("| {name} | {bound} | {} |", figure(verdict.ratio));
            assert!(page.contains(&line), "no {line}");
        }
        assert!(!page.contains("not measured |"));
    }

    #[test]
    fn a_missing_figure_is_shown_as_not_measured() {
        let mut run = example();
        run.growth.components.clear();
        let page = page(&run);
        let large = |limit: &Limit| limit.quotient == Quotient::CachedStart;
        for limit in LIMITS.into_iter().filter(large) {
            let line = format!("| {} | {} |  | not measured |", limit.name, limit.bound);
            assert!(page.contains(&line));
        }
    }

    #[test]
    fn a_busy_machine_is_reported_and_judges_no_limit_on_cores() {
        let mut run = example();
        run.machine.load = 7.0;
        let page = page(&run);
        assert!(page.contains("not judged"), "{page}");
        assert!(page.contains("the load was 7.0"), "{page}");
    }

    /// Figures change from day to day. Names do not.
    #[test]
    fn the_stored_page_has_the_rows_and_the_limits_of_the_code() -> Result<()> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let page = fs::read_to_string(docs.join("performance.md"))?;
        for row in rows(1, 1)? {
            let line = format!("| {} |", row.name);
            assert!(page.contains(&line), "no {line}: run `make bench`");
            assert!(page.contains(row.about), "{}: run `make bench`", row.about);
        }
        for limit in LIMITS {
            let line = format!("| {} | {} |", limit.name, limit.bound);
            assert!(page.contains(&line), "no {line}: run `make bench`");
        }
        for text in [INTRODUCTION, NOT_MEASURED] {
            assert!(page.contains(text), "run `make bench`, for it lacks {text}");
        }
        Ok(())
    }
}
