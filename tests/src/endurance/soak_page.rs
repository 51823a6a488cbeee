use super::line::share;
use super::soak::Soak;
use super::soak_verdict::{MOST_FDS, MOST_GROWTH, Verdict};
use crate::bench::figure::{count, figure};

/// The work of each task of a soak, in the order of the table.
const TASKS: [(&str, &str); 10] = [
    ("fast", "records 100 tasks; 5 runs a second, two at a time"),
    ("digest", "reads and hashes 20 files, and prints"),
    (
        "queued",
        "sleeps 300 ms, interval 250 ms; at most three runs wait",
    ),
    ("rejected", "sleeps 1 s, interval 400 ms; no run waits"),
    (
        "replaced",
        "sleeps 1 s, interval 700 ms; a new run replaces the current run",
    ),
    ("trapping", "makes records, then traps at `unreachable`"),
    ("looping", "loops for ever, with a deadline of 200 ms"),
    ("flooding", "makes 40,000 records with a quota of 10,000"),
    ("printing", "prints 256 KiB with a limit of 16 KiB"),
    ("failing", "fails, and is restarted with backoff"),
];

const OUTCOMES: [&str; 4] = ["success", "failure", "canceled", "timeout"];

/// The section about a soak.
pub(super) fn section(soak: &Soak) -> String {
    let length = soak.looks.last().map_or(0.0, |look| look.at.as_secs_f64());
    format!(
        "## {:.0} minutes with all guests\n\n{ABOUT}\n{}\n{}\n{}",
        length / 60.0,
        verdicts(soak),
        tasks(soak),
        ledgers(soak)
    )
}

const ABOUT: &str = "\
One `solti-metrics serve` runs guests that end in every possible way, with a provider as
its backend. Each minute, another build of the provider is compiled and replaces the
current one. Each second, a scraper on its own connection reads all ledgers and checks that
they balance. `MALLOC_ARENA_MAX=2` is set, as in `deploy/`.

![Resident memory over time](reliability.svg)
";

fn verdicts(soak: &Soak) -> String {
    let (scrapes, looks) = (soak.looks.len() as u64, &soak.looks);
    let took = |part| share(looks.iter().map(|look| look.took.as_secs_f64() * 1e3), part);
    let most = |of: fn(&super::Look) -> f64| share(looks.iter().map(of), 1.0);
    let unbalanced: usize = looks.iter().map(|look| look.unbalanced.len()).sum();
    let threads = |at: Option<&super::Look>| at.map_or(0, |look| look.threads);
    let (first, last) = (threads(looks.first()), threads(looks.last()));
    let mut rows = Vec::new();
    if let Some(verdict) = Verdict::of(soak) {
        let (resident, anonymous) = (verdict.resident, verdict.anonymous);
        let word = |holds| if holds { "holds" } else { "**does not hold**" };
        rows.push(format!(
            "| growth of resident memory, KiB a minute | {:.1} ± {:.1} | at most {MOST_GROWTH:.0}: {} |",
            resident.slope,
            2.0 * resident.error,
            word(verdict.memory_is_flat())
        ));
        rows.push(format!(
            "| growth of anonymous memory, KiB a minute | {:.1} ± {:.1} | |",
            anonymous.slope,
            2.0 * anonymous.error
        ));
        rows.push(format!(
            "| open files and sockets, first and last minute | {:.0} and {:.0} | at most {MOST_FDS:.0} more: {} |",
            verdict.fds.0,
            verdict.fds.1,
            word(verdict.files_are_closed())
        ));
    }
    rows.extend([
        format!(
            "| maximum of open files and sockets | {:.0} | |",
            most(|look| look.fds as f64)
        ),
        format!("| threads, first and last | {first} and {last} | |"),
        format!(
            "| unbalanced ledgers in {} scrapes | {unbalanced} | none |",
            count(scrapes)
        ),
        format!(
            "| maximum of records in flight | {} | |",
            count(most(|look| look.in_flight) as u64)
        ),
        format!("| replacements of the backend | {} | |", soak.replacements),
        format!(
            "| time of a scrape, ms: median, 99 %, maximum | {}, {}, {} | |",
            figure(took(0.5)),
            figure(took(0.99)),
            figure(took(1.0))
        ),
        format!(
            "| maximum size of a scrape, bytes | {} | |",
            count(most(|look| look.bytes as f64) as u64)
        ),
        format!(
            "| time from SIGTERM to the end, ms | {} | |",
            figure(soak.stopping.as_secs_f64() * 1e3)
        ),
        format!(
            "| load of the machine: median, maximum | {:.1}, {:.1} | |",
            share(looks.iter().map(|look| look.load), 0.5),
            most(|look| look.load)
        ),
    ]);
    format!(
        "| measurement | result | limit |\n|---|--:|---|\n{}\n{PLUS_MINUS}",
        rows.join("\n")
    )
}

const PLUS_MINUS: &str = "
A value after ± is twice the standard error of the growth: the 95 % confidence interval
extends about that far to both sides.
";

fn tasks(soak: &Soak) -> String {
    let mut text = "\
| task | one run | success | failure | canceled | timeout | rejected | records |
|---|---|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    for (task, about) in TASKS {
        let of = |family: &str| {
            soak.last
                .by(family, "task")
                .get(task)
                .copied()
                .unwrap_or_default()
        };
        let label = ("task", task);
        let runs = soak
            .last
            .by_where("solti_metrics_task_runs_total", "outcome", label);
        let runs = OUTCOMES.map(|it| count(runs.get(it).copied().unwrap_or_default() as u64));
        text += &format!(
            "| `{task}` | {about} | {} | {} | {} |\n",
            runs.join(" | "),
            count(of("solti_metrics_task_rejected_total") as u64),
            count(of("solti_metrics_task_records_accepted_total") as u64)
        );
    }
    text
}

fn ledgers(soak: &Soak) -> String {
    let mut text = "\
The log shows these ledgers after the stop. `sink` is the provider, which received the
delivered records of the other two ledgers. `flooding` makes more records than the provider
takes, so records are dropped when the queue of `sink` is full:

| ledger | accepted | delivered | dropped | in flight |
|---|--:|--:|--:|--:|
"
    .to_owned();
    for ledger in &soak.ledgers {
        let numbers = [
            ledger.accepted,
            ledger.delivered,
            ledger.dropped,
            ledger.in_flight,
        ];
        text += &format!(
            "| `{}` | {} |\n",
            ledger.source,
            numbers.map(count).join(" | ")
        );
    }
    let mut reasons = Vec::new();
    for ledger in &soak.ledgers {
        let family = "solti_metrics_records_dropped_total";
        let dropped = soak
            .last
            .by_where(family, "reason", ("source", &ledger.source));
        for (reason, number) in dropped.into_iter().filter(|(_, number)| *number > 0.0) {
            let (number, source) = (count(number as u64), &ledger.source);
            reasons.push(format!("{number} of `{source}` with reason `{reason}`"));
        }
    }
    format!(
        "{text}\nDropped records at the last scrape: {}.\n",
        reasons.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endurance::example::example;
    use crate::endurance::soak_guests::CONFIG;

    #[test]
    fn the_table_has_exactly_one_row_for_each_task() {
        let tables = CONFIG
            .lines()
            .filter_map(|line| line.strip_prefix("[tasks."));
        let names = tables.filter_map(|rest| rest.strip_suffix(']'));
        let mut names: Vec<_> = names.filter(|name| !name.contains('.')).collect();
        let mut rows = TASKS.map(|(task, _)| task);
        names.sort_unstable();
        rows.sort_unstable();
        assert_eq!(names, rows);
    }

    #[test]
    fn excessive_growth_is_reported() {
        assert!(!section(&example(0.0, 0.0)).contains("does not hold"));
        assert!(section(&example(90.0, 0.0)).contains("does not hold"));
    }
}
