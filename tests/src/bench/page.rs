//! `docs/performance.md`.

mod growth;
mod large;
mod scrapes;
mod single;

use super::figure::{count, figure};
use super::limit::LIMITS;
use super::{Group, Measured, Run, Unit, Verdict};

/// The whole page.
pub(super) fn page(run: &Run) -> String {
    let sections = [
        INTRODUCTION.to_owned(),
        machine(run),
        reading(run),
        records(run),
        single::section(run),
        tasks(run),
        limits(run),
        large::section(run),
        scrapes::section(run),
        growth::section(run),
        NOT_MEASURED.to_owned(),
    ];
    sections.join("\n")
}

const INTRODUCTION: &str = "\
# Performance

After this page you know the cost of a record, of a task, of a compilation and of a scrape,
the limits of these costs, and how they grow. `make bench` measures the costs and writes this page; to change its text, edit
`tests/src/bench/page.rs`. `make bench-check` measures, and fails if a limit does not hold.

![Cost of a record for each row, on a logarithmic scale](performance.svg)
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
            "\n**Other programs used the machine during this measurement**, which slows some rows more than others: run `make bench` again on an idle machine.\n"
        }
        false => "",
    };
    format!("## Machine\n\n| | |\n|---|---|\n{}{busy}", rows.concat())
}

fn reading(run: &Run) -> String {
    let (rounds, records) = (run.rounds, count(u64::from(run.records)));
    format!(
        "\
## How to read the tables

- **Trust the ratios, not the nanoseconds.** All rows are measured in one process and
  take turns: {rounds} rounds. In each round, each row makes at least {records} records
  or {tasks} tasks, after one warm-up run. A disturbance that slows the machine for a
  while slows all rows alike.
- Figures are medians over the rounds, and half of all rounds lie between the quartiles.
  They are **CPU time of the thread that records**, including the host's functions. Work in
  other threads, such as the worker of a provider, does not count.
- A record is a completed task. The backend of atomics makes two relaxed additions. A
  Prometheus backend updates a counter and a histogram.
- Guests are handwritten loops, without the bindings of a language.
- Each row has several copies in one process, and each round measures another copy,
  because the address of a store in memory affects the figure.
- All rows with a typed import run without component-model concurrency, including the
  alternatives. The row of the default engine shows the cost of concurrency.
",
        tasks = count(u64::from(run.records.div_ceil(100))),
    )
}

fn records(run: &Run) -> String {
    let mut text = "## A record\n".to_owned();
    for group in Group::ALL {
        text += &format!(
            "\n**{}**\n\n\
             | | ns | quartiles | × native | × core | measured operation |\n\
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
    text += "\n× native: ratio to `native, atomics`. × core: ratio to `core func_wrap`.\n";
    text
}

fn tasks(run: &Run) -> String {
    let mut text = "\
## A task

Tasks run one after another, each in its own store. Figures are CPU time of the thread that
runs the tasks. The row of the engine has the CPU time of all threads of the process.

| | µs | quartiles | measured operation |
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
    text += &format!(
        "\nA run through the engine takes {} context switches of all threads.\n",
        figure(run.switches)
    );
    text
}

fn quartiles(row: &Measured, unit: f64) -> String {
    let (low, high) = (figure(row.ns.low / unit), figure(row.ns.high / unit));
    format!("{low} to {high}")
}

/// All limits, including limits without a measurement.
fn limits(run: &Run) -> String {
    let mut text = "\
## Limits

Each limit is a ratio of two figures of one run.

| ratio | limit | measured | verdict |
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
    if verdicts.iter().any(Verdict::fails) {
        text += &format!(
            "\nOther programs on the machine can cause a verdict `DOES NOT HOLD`: the load in the \
             minute before this measurement was {:.2}. `make bench-check` on an idle machine \
             decides.\n",
            run.machine.load
        );
    }
    for verdict in verdicts {
        if let Some(why) = verdict.not_judged {
            text += &format!("\nNot judged: {}, because {why}.\n", verdict.limit.name);
        }
    }
    text
}

const NOT_MEASURED: &str = "\
## Not measured

- **Bindings.** The Rust SDK and the bindings of Python and JavaScript run code before they
  call the import.
- **Exporters.** OTLP and statsd cost time when they send, not when a guest records.
- **Other machines.** More cores, other processors and other systems.
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
    fn a_limit_without_a_figure_is_not_measured() {
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
    fn a_busy_machine_is_reported_and_judges_no_cores() {
        let mut run = example();
        run.machine.load = 7.0;
        let page = page(&run);
        assert!(page.contains("not judged"), "{page}");
        assert!(page.contains("the load before the run was 7.0"), "{page}");
    }

    /// Figures change from day to day. Names do not.
    #[test]
    fn the_committed_page_names_the_rows_and_the_limits_of_the_code() -> Result<()> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let page = fs::read_to_string(docs.join("performance.md"))?;
        for row in rows(1, 1, 1)? {
            let line = format!("| {} |", row.name);
            assert!(page.contains(&line), "no {line}: run `make bench`");
            assert!(page.contains(row.about), "{}: run `make bench`", row.about);
        }
        for limit in LIMITS {
            let line = format!("| {} | {} |", limit.name, limit.bound);
            assert!(page.contains(&line), "no {line}: run `make bench`");
        }
        for text in [INTRODUCTION, NOT_MEASURED] {
            assert!(
                page.contains(text),
                "run `make bench`: the page lacks {text}"
            );
        }
        Ok(())
    }
}
