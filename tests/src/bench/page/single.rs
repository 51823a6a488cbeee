//! Times and delays of single records.

use crate::bench::Run;
use crate::bench::delay::Delay;
use crate::bench::figure::{count, seconds};
use crate::bench::latency::{Latency, Times};

pub(super) fn section(run: &Run) -> String {
    let mut threads: Vec<_> = run.latency.iter().map(|latency| latency.threads).collect();
    threads.dedup();
    let mut text = INTRODUCTION.to_owned();
    for threads in threads {
        let of = |latency: &&Latency| latency.threads == threads;
        text += &table(threads, run.latency.iter().filter(of));
    }
    let lost: u64 = run.latency.iter().map(|latency| latency.lost).sum();
    if lost > 0 {
        text += &format!("\n{} records found the queue full.\n", count(lost));
    }
    text + "\n" + &delays(&run.delays)
}

const INTRODUCTION: &str = "\
## Single records

These tables show single records instead of averages: the median, the 99th and the 99.9th
percentile, and the longest of all records, a million for each thread.

A record takes less time than a look at the clock. So **each figure is a record and a look at
the clock**: the thread that records looks at the clock after each record, and a sample is the
time between two looks. The rows of the clock alone are looks without a record: compare a row
with the row of the clock above it. A guest cannot look at the clock without a host call,
which takes longer. In `direct` mode, the host looks at the clock in the call of the record.
In `inline` mode, the guest makes a second host call to look at the clock, which leaves the
records in the ring: a sample in 256 includes the drain of a full ring.

With a scrape, another thread reads the metrics of the backend without a pause. The longest
times are mostly those of other threads that got the processor: the rows of the clock alone
have them, too.
";

fn table<'a>(threads: usize, rows: impl Iterator<Item = &'a Latency>) -> String {
    let mut text = format!(
        "\n**{}**\n\n\
         | a record and a look | 50 % | 99 % | 99.9 % | longest | with a scrape: 50 % | 99 % | 99.9 % | longest |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        match threads {
            1 => "One thread or guest".to_owned(),
            _ => format!("{threads} threads or guests at once"),
        }
    );
    for latency in rows {
        let scraped = match &latency.scraped {
            Some(times) => cells(times),
            None => "| | | |".to_owned(),
        };
        let name = latency.mode.name();
        text += &format!("| {name} | {} | {scraped} |\n", cells(&latency.quiet));
    }
    text
}

fn delays(delays: &[Delay]) -> String {
    let mut text = "\
### Delay of a record

The time from a record until it arrives at the backend. A native record and a record in
`direct` mode arrive within the call. A record in `inline` mode waits in the ring until the
ring is full, the guest calls the host, the epoch ticks, or the guest ends. A record for a
component waits in a queue for its worker.

| | records | 50 % | 99 % | 99.9 % | longest | measured records |
|---|--:|--:|--:|--:|--:|---|
"
    .to_owned();
    for delay in delays {
        let records = count(delay.records as u64);
        let (name, about) = (delay.name, delay.about);
        text += &format!(
            "| {name} | {records} | {} | {about} |\n",
            cells(&delay.times)
        );
    }
    text
}

fn cells(times: &Times) -> String {
    let Times {
        p50,
        p99,
        p999,
        longest,
    } = *times;
    [p50, p99, p999, longest].map(time).join(" | ")
}

fn time(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        _ => seconds(nanoseconds as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::example::example;
    use crate::bench::latency::Mode;

    #[test]
    fn each_mode_has_a_row_for_each_number_of_threads() {
        let text = section(&example());
        for name in Mode::ALL.map(Mode::name) {
            let rows = text.lines().filter(|line| {
                let row = format!("| {name} |");
                line.starts_with(&row)
            });
            assert_eq!(rows.count(), 2, "{name}");
        }
        let line = "| native, Prometheus | 40 ns | 80 ns | 400 ns | 800 µs | 50 ns | 100 ns | 500 ns | 1.00 ms |";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn lost_records_are_shown() {
        let mut run = example();
        assert!(!section(&run).contains("found the queue full"));
        run.latency[3].lost = 1_234;
        assert!(section(&run).contains("1,234 records found the queue full"));
    }
}
