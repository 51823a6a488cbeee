use crate::bench::figure::count;
use crate::crashes::Crashes;

/// The section about kills.
pub(super) fn section(found: &Crashes) -> String {
    let kills: String = found
        .kills
        .iter()
        .map(|(when, number)| format!("| killed: {when} | {} |\n", count(*number)))
        .collect();
    format!(
        "\
## {total} kills

`kill -9` ends a `serve` at a random moment, and the next one starts with the same
configuration and the same compilation cache. Between two processes, cache entries are
sometimes damaged, as by a loss of power. Each checked process became ready, the first run
of each task succeeded, its counters of the cache followed from the configuration, and the
cache had no unfinished file. The seed was {seed}.

| measurement | result |
|---|--:|
{kills}| processes that were checked | {checked} |
| kills that left an unfinished file in the cache, which the next process removed | {unfinished} |
| compiler processes at the time of a kill, which ended with it | {compilers} |
| damaged entries | {damaged} |
| damaged entries that a process needed, rejected and compiled again | {rejected} |
",
        total = count(found.total()),
        seed = found.seed,
        checked = count(found.checked),
        unfinished = count(found.unfinished),
        compilers = count(found.compilers),
        damaged = count(found.damaged),
        rejected = count(found.rejected),
    )
}
