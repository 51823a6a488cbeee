//! Growth of cost, in tables and in words.

use crate::bench::Run;
use crate::bench::figure::{bytes, count, figure, seconds};
use crate::bench::growth::{CROWD, Guests, Sized};

/// Figures within this factor count as equal, since each was measured once.
const SAME: f64 = 1.5;

pub(super) fn section(run: &Run) -> String {
    let introduction = "\
## As it grows

Measured by themselves and not in turns, so these figures are less certain.
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
### Guests at once

Each on a thread and in a store of its own, all of them into one `PrometheusMetrics`, in
wall-clock time: the best of several attempts.

| guests | million records in a second | × one guest |
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
            "\nTwo guests make {} times as many records as one. Two threads that touch no \
             memory do {} times as much as one: that is what the machine gives.",
            figure(two),
            figure(guests.two_threads)
        );
    }
    if let Some(most) = guests.at_once.last().filter(|most| most.guests > cores) {
        text += &format!(
            " With more guests than its {cores} cores they share them, and {} guests make {} \
             times as many.",
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

All of them through one runner, each of a guest that makes one record: one after another,
and with up to {CROWD} at once on one thread. CPU time of that thread.

| tasks | µs each, alone | µs each, in a crowd | resident memory afterwards |
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
            "\nA task costs {} to {} µs, {}; the process has grown by {} from the first to \
             the last.\n",
            figure(least),
            figure(most),
            match most / least < SAME {
                true => "however many there were before it",
                false => "and so it matters how many there were before it",
            },
            bytes(last.resident_kib.saturating_sub(first.resident_kib) * 1_024)
        );
    }
    text
}

fn components(sizes: &[Sized]) -> String {
    let mut text = "\
### Components

Generated: functions of loads, stores, arithmetic, branches and calls, which take as long
to compile for each byte of code as those of real programs, and a third of data. To
compile is to compose with the sink, compile on all cores, and link, in wall-clock time.
To load is to find that code in a runner's cache, read and authenticate it, and link.
An instance and a record, the guest's side of it with epoch checks, are in CPU time.

"
    .to_owned();
    text += "\
| component | functions | compile | machine code | load from a cache | µs an instance | ns a record |
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
        "From the first to the last the component is {} times as large, and takes {} times as \
         long to compile: in the end {} for each MB, for {} bytes of machine code a byte.",
        figure(grown),
        figure(longer),
        seconds(large.compile.as_secs_f64() / large.bytes as f64 * 1e6),
        figure(large.artifact as f64 / large.bytes as f64),
    );
    let load = large.load.as_secs_f64();
    text += &format!(
        " Where its code is kept, it starts in {}, which is {} times faster.",
        seconds(load),
        figure(large.compile.as_secs_f64() / load)
    );
    let each: Vec<_> = sizes.iter().map(|sized| sized.record_ns).collect();
    let (least, most) = ends(&each);
    let (from, to) = (figure(least), figure(most));
    text += &match most / least < SAME {
        true => format!(" A record costs {from} to {to} ns, however large the component is.\n"),
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
    fn only_flat_growth_is_described_as_flat() {
        let mut run = example();
        let flat = "however many there were before it";
        assert!(section(&run).contains(flat));
        if let Some(last) = run.growth.tasks.last_mut() {
            last.alone_us *= 2.0;
        }
        assert!(!section(&run).contains(flat));

        let flat = "however large the component is";
        assert!(section(&run).contains(flat));
        if let Some(last) = run.growth.components.last_mut() {
            last.record_ns *= 2.0;
        }
        assert!(!section(&run).contains(flat));
    }
}
