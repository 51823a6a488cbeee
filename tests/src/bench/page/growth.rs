//! Growth of costs, in tables and in sentences.

use crate::bench::Run;
use crate::bench::figure::{bytes, count, figure, seconds};
use crate::bench::growth::{CROWD, Guests, Sized};

/// Maximum ratio of two single measurements that count as equal.
const SAME: f64 = 1.5;

pub(super) fn section(run: &Run) -> String {
    let introduction = "\
## Growth

These measurements do not take turns with other rows, so the figures are less certain.
";
    let sections = [
        introduction.to_owned(),
        guests(&run.growth.guests, run.machine.cores),
        tasks(run),
        components(&run.growth.components),
    ];
    sections.join("\n")
}

fn guests(guests: &Guests, cores: usize) -> String {
    let mut text = "\
### Concurrent guests

Each guest has its own thread and its own store, and all guests record into one
`PrometheusMetrics`. Figures are wall-clock time: the best of several attempts.

| guests | million records per second | × one guest |
|--:|--:|--:|
"
    .to_owned();
    let one = guests.at_once.first().map_or(f64::NAN, |at| at.per_second);
    for at in &guests.at_once {
        let (millions, times) = (figure(at.per_second / 1e6), figure(at.per_second / one));
        text += &format!("| {} | {millions} | {times} |\n", at.guests);
    }
    if let Some(two) = guests.two_over_one() {
        text += &format!(
            "\nTwo guests make {} times as many records as one. Two threads that use no memory \
             do {} times as much work as one, which is the maximum of this machine.",
            figure(two),
            figure(guests.two_threads)
        );
    }
    if let Some(most) = guests.at_once.last().filter(|most| most.guests > cores) {
        text += &format!(
            " More guests share the {cores} cores, and {} guests make {} times as many records \
             as one.",
            most.guests,
            figure(most.per_second / one)
        );
    }
    text + "\n"
}

fn tasks(run: &Run) -> String {
    let mut text = format!(
        "\
### Tasks

All tasks run in one runner, and each guest makes one record. Tasks run one after another,
and with up to {CROWD} concurrent tasks on one thread. Figures are CPU time of that thread.

| tasks | µs per task, one at a time | µs per task, concurrent | resident memory afterwards |
|--:|--:|--:|--:|
"
    );
    let all = &run.growth.tasks;
    for after in all {
        text += &format!(
            "| {} | {} | {} | {} |\n",
            count(u64::from(after.tasks)),
            figure(after.alone_us),
            figure(after.crowd_us),
            bytes(after.resident_kib * 1_024)
        );
    }
    if let [first, .., last] = all.as_slice() {
        let each: Vec<_> = all.iter().map(|after| after.alone_us).collect();
        let (least, most) = ends(&each);
        text += &format!(
            "\nA task costs {} to {} µs, {}; the process grew by {} from the first to the last \
             task.\n",
            figure(least),
            figure(most),
            match most / least < SAME {
                true => "for any number of earlier tasks",
                false => "depending on the number of earlier tasks",
            },
            bytes(last.resident_kib.saturating_sub(first.resident_kib) * 1_024)
        );
    }
    text
}

fn components(sizes: &[Sized]) -> String {
    let mut text = "\
### Components

The components are generated. Two thirds are functions of loads, stores, arithmetic,
branches and calls, which compile as slowly per byte as real programs; one third is data.
*Compile* is the wall-clock time to compose with the shim, compile on all cores, and link.
*Load from a cache* is the time to find the code in a runner's cache, read, authenticate and
link it. An instance, and the guest's part of a record with epoch checks, are CPU time.

"
    .to_owned();
    text += "\
| component | functions | compile | machine code | load from a cache | µs per instance | ns per record |
|--:|--:|--:|--:|--:|--:|--:|
";
    for sized in sizes {
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            bytes(sized.bytes as u64),
            count(u64::from(sized.functions)),
            seconds(sized.compile.as_secs_f64()),
            bytes(sized.artifact as u64),
            seconds(sized.load.as_secs_f64()),
            figure(sized.instance_us),
            figure(sized.record_ns)
        );
    }
    text + "\n" + &in_words(sizes)
}

fn in_words(sizes: &[Sized]) -> String {
    let [first, .., large] = sizes else {
        return String::new();
    };
    let grown = large.bytes as f64 / first.bytes as f64;
    let longer = large.compile.as_secs_f64() / first.compile.as_secs_f64();
    let mut text = format!(
        "The last component is {} times as large as the first, and takes {} times as long to \
         compile: {} per MB, with {} bytes of machine code per byte of the component.",
        figure(grown),
        figure(longer),
        seconds(large.compile.as_secs_f64() / large.bytes as f64 * 1e6),
        figure(large.artifact as f64 / large.bytes as f64),
    );
    let load = large.load.as_secs_f64();
    text += &format!(
        " With cached code, it starts in {}, which is {} times faster.",
        seconds(load),
        figure(large.compile.as_secs_f64() / load)
    );
    let each: Vec<_> = sizes.iter().map(|sized| sized.record_ns).collect();
    let (least, most) = ends(&each);
    let (from, to) = (figure(least), figure(most));
    text += &match most / least < SAME {
        true => format!(" A record costs {from} to {to} ns, for any size of the component.\n"),
        false => format!(" A record costs {from} to {to} ns.\n"),
    };
    text
}

fn ends(numbers: &[f64]) -> (f64, f64) {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(0.0, f64::max);
    (least, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::example::example;

    #[test]
    fn only_flat_growth_is_reported_as_flat() {
        let mut run = example();
        let flat = "for any number of earlier tasks";
        assert!(section(&run).contains(flat));
        if let Some(last) = run.growth.tasks.last_mut() {
            last.alone_us *= 2.0;
        }
        assert!(!section(&run).contains(flat));

        let flat = "for any size of the component";
        assert!(section(&run).contains(flat));
        if let Some(last) = run.growth.components.last_mut() {
            last.record_ns *= 2.0;
        }
        assert!(!section(&run).contains(flat));
    }
}
