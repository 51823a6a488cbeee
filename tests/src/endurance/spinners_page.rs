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

In one `serve` with {slots} places, of which {at_once} are for guests that loop until
their deadline of {deadline} ms. The others count to a million and are done. Every one of
them has to complete, and they do. The load before was {load:.1}.

| | without spinners | with them |
|---|--:|--:|
{rows}
Guests that loop let go of their thread at each tick of 10 ms. Whoever comes to a thread
that has several of them waits for their turns, which is what the slowest runs did.
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
        row("guests that end, and were successful", &|it| {
            whole(it.succeeded)
        }),
        row("guests that loop, and ended at their deadline", &|it| {
            whole(it.timed_out)
        }),
        row("from the first to the last, s", &|it| {
            figure(it.took.as_secs_f64())
        }),
        row("a guest that ends took, ms: median, 99 %, longest", &|it| {
            times(it.good)
        }),
        row(
            "a guest that loops took, ms",
            &|it| match it.timed_out > 0.0 {
                true => times(it.spinner),
                false => String::new(),
            },
        ),
    ]
    .concat()
}
