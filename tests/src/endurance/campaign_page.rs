use crate::bench::figure::count;
use crate::campaign::Campaign;

/// The section about random scenarios.
pub(super) fn section(found: &Campaign) -> String {
    let missing = match &*found.missing_tools {
        [] => String::new(),
        missing => format!(
            " This machine lacks {}, so scenarios ran without it.",
            missing.join(" and ")
        ),
    };
    format!(
        "\
## {scenarios} random scenarios

Each scenario starts one `serve` and follows from a seed: tasks with guests that end in
every way and limits at their edges, backends that trap, loop or have no receiver, valid
and invalid configurations, other and truncated components, signals, a stopped process, a
slow disk, a clock that is set, half requests, and the end of the process. A model checks
each scrape, the log and the final ledgers. The seed was {seed}.{missing}

| measurement | result |
|---|--:|
| scenarios | {scenarios} |
| steps | {steps} |
| runs of guests in the logs, each explained by its task's configuration | {runs} |
| scrapes: ledgers that do not balance, or counters that go back | 0 of {scrapes} |
",
        scenarios = count(found.scenarios),
        seed = found.seed,
        steps = count(found.steps),
        runs = count(found.runs),
        scrapes = count(found.scrapes),
    )
}
