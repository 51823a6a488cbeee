use super::spinners::{Batch, Spinners};
use crate::bench::figure::{count, figure};

/// The section about guests that loop for ever.
pub(super) fn section(found: &Spinners) -> String {
    let (alone, beside) = (&found.alone, &found.beside);
    let all = count(beside.ended as u64);
    let spinning = beside.ended - alone.ended;
    format!(
        "\
## {all} guests, of which {spinning} loop for ever

One `serve` has {places} slots, of which {at_once} are for guests that loop until their
deadline of {deadline} ms. All other guests count to a million and end, and each of them
must succeed. The load before the measurement was {load:.1}.

| measurement | without looping guests | with looping guests |
|---|--:|--:|
{rows}
Guests that loop yield their thread at each tick of 10 ms. A guest on a thread with several
looping guests waits for each of them, which explains the slowest runs.
",
        slots = found.slots,
        at_once = found.spinning_at_once,
        deadline = found.deadline.as_millis(),
        load = found.load,
        rows = rows(alone, beside)
    )
}

fn rows(alone: &Batch, beside: &Batch) -> String {
    let row = |what: &str, of: &dyn Fn(&Batch) -> String| {
        format!("| {what} | {} | {} |\n", of(alone), of(beside))
    };
    let whole = |number: f64| count(number as u64);
    let times = |times: super::spinners::Times| {
        let [median, most, longest] = [times.median, times.most, times.longest].map(figure);
        format!("{median}, {most}, {longest}")
    };
    [
        row("guests that count: successful", &|it| whole(it.succeeded)),
        row("guests that loop: ended at their deadline", &|it| {
            whole(it.timed_out)
        }),
        row("time from the first to the last guest, s", &|it| {
            figure(it.took.as_secs_f64())
        }),
        row(
            "time of a guest that counts, ms: median, 99 %, maximum",
            &|it| times(it.good),
        ),
        row(
            "time of a guest that loops, ms: median, 99 %, maximum",
            &|it| match it.timed_out > 0.0 {
                true => times(it.spinner),
                false => String::new(),
            },
        ),
    ]
    .concat()
}
