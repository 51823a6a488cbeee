use super::crowd::{Crowd, Interest};
use super::line::share;
use super::round::Round;
use crate::bench::figure::{count, figure};

/// Maximum delay of tasks, as a factor.
pub(super) const MOST_DELAY: f64 = 1.05;

/// A delay as a factor, and its 95% confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Delay {
    pub(super) times: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Delay {
    /// The delay of rounds. Each is compared with the quiet rounds before and after it.
    pub(super) fn of(quiet: &[Round], crowded: &[Round], of: fn(&Round) -> f64) -> Self {
        let both = quiet.windows(2).zip(crowded);
        let times = both.map(|(quiet, crowd)| {
            let around: f64 = quiet.iter().map(|round| of(round).ln()).sum();
            of(crowd).ln() - around / 2.0
        });
        let times: Vec<f64> = times.collect();
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let spread: f64 = times.iter().map(|it| (it - mean).powi(2)).sum();
        // Student's t for about ten rounds and more.
        let off = 2.2 * (spread / (count - 1.0) / count).sqrt();
        Self {
            times: mean.exp(),
            low: (mean - off).exp(),
            high: (mean + off).exp(),
        }
    }
}

/// The section about clients.
pub(super) fn section(found: &Crowd) -> String {
    let Some((first, _)) = found.crowded.first() else {
        return String::new();
    };
    let (scrapers, loris) = (first.scrapers, first.loris);
    let mut text = format!(
        "\
## {scrapers} scrapers and {loris} slow connections

A `serve` that does nothing but work, {slots} runs at a time: as many as there are
processors, so that whatever answering takes is missing somewhere. Rounds with a crowd
and rounds without take turns, {rounds} with each, in the same process. The crowd asks as
Prometheus does, for a compressed answer on a connection that it keeps; its slow
connections send a request a byte at a time until they are closed, and come again.
The load before was {load:.1}.

| each scrapes every | a run took on average, times as long | 95 of 100 runs | answering took, of all processors | scrapers took | scrapes a second | a scrape took, ms: median, 99 %, longest | slow connections closed |
|---|--:|--:|--:|--:|--:|--:|--:|
",
        slots = found.slots,
        rounds = found.quiet.len().saturating_sub(1),
        load = found.load,
    );
    for (interest, rounds) in &found.crowded {
        text += &row(found, interest, rounds);
    }
    text + &verdict(found) + READING
}

fn row(found: &Crowd, interest: &Interest, rounds: &[Round]) -> String {
    let quiet = &found.quiet;
    let mean = Delay::of(quiet, rounds, |round| round.mean_ms);
    let most = Delay::of(quiet, rounds, |round| round.most_ms);
    let seconds = sum(rounds, |round| round.seconds);
    let scrapes = rounds.iter().flat_map(|it| it.scrapes_ms.iter().copied());
    let scrapes: Vec<f64> = scrapes.collect();
    let took = |part| figure(share(scrapes.iter().copied(), part));
    let percent = |of| percent(found, rounds, of);
    format!(
        "| {} s | {} | {} | {:.1} % | {:.1} % | {} | {}, {}, {} | {} |\n",
        interest.every.as_secs_f64(),
        between(mean),
        between(most),
        percent(|round| round.serving),
        percent(|round| round.scraping),
        figure(scrapes.len() as f64 / seconds),
        took(0.5),
        took(0.99),
        took(1.0),
        count(rounds.iter().map(|round| round.closed as u64).sum())
    )
}

/// Share of all processors that was busy with `of`, beyond quiet rounds, in percent.
fn percent(found: &Crowd, rounds: &[Round], of: fn(&Round) -> f64) -> f64 {
    100.0 * (busy(rounds, of) - busy(&found.quiet, of)) / found.slots as f64
}

/// Average number of processors that were busy with `of`.
fn busy(rounds: &[Round], of: fn(&Round) -> f64) -> f64 {
    sum(rounds, of) / sum(rounds, |round| round.seconds)
}

fn sum(rounds: &[Round], of: fn(&Round) -> f64) -> f64 {
    rounds.iter().map(of).sum()
}

fn between(delay: Delay) -> String {
    let Delay { times, low, high } = delay;
    format!("{times:.3} ({low:.3} to {high:.3})")
}

fn verdict(found: &Crowd) -> String {
    let verdicts = found.crowded.iter().map(|(interest, rounds)| {
        let delay = Delay::of(&found.quiet, rounds, |round| round.mean_ms);
        let answering = percent(found, rounds, |round| round.serving);
        let word = match delay {
            _ if 1.0 + answering / 100.0 > MOST_DELAY => {
                "**does not hold** for tasks that want all processors, by what answering took"
            }
            _ if delay.low > MOST_DELAY => "**does not hold**",
            _ if delay.high <= MOST_DELAY => "holds",
            _ => "holds by what answering took, and cannot be told from the durations",
        };
        let (every, most) = (interest.every.as_secs_f64(), MOST_DELAY);
        format!("with a scrape every {every} s, the limit of {most} {word}")
    });
    let mut quiet: Vec<_> = found.quiet.iter().map(|round| round.mean_ms).collect();
    quiet.sort_unstable_by(f64::total_cmp);
    format!(
        "\nThe verdict: {}. Without anybody, a run of a round took {} to {} ms.\n",
        verdicts.collect::<Vec<_>>().join("; "),
        figure(quiet.first().copied().unwrap_or_default()),
        figure(quiet.last().copied().unwrap_or_default())
    )
}

const READING: &str = "
Every scraper was answered each time; one that was not would have ended the measurement.
Times as long: the geometric mean over the rounds, and where it lies in 95 of 100 cases;
whatever else the machine does is in it. What answering took is processor time of the
runner beyond that of its tasks, and of quiet rounds, and does not depend on that: tasks
that want all processors can be delayed by so much. What the scrapers took themselves is
missing to the tasks here, and is not where they are on other machines.

An answer waits for the runs: guests let go of their thread at each tick of 10 ms, and a
scrape needs several turns. Those of a busy runner come later, which is what the tasks
are spared.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_compares_rounds_with_the_quiet_rounds_around_them() {
        let rounds = |times: &[f64]| -> Vec<_> {
            let round = |&mean_ms| Round {
                mean_ms,
                ..Round::default()
            };
            times.iter().map(round).collect()
        };
        // A machine that slows down steadily: the drift cancels out.
        let quiet = rounds(&[10.0, 20.0, 40.0, 80.0]);
        let between = [200.0_f64, 800.0, 3200.0].map(|it| 1.1 * it.sqrt());
        let delay = Delay::of(&quiet, &rounds(&between), |round| round.mean_ms);
        for times in [delay.times, delay.low, delay.high] {
            assert!((times - 1.1).abs() < 1e-9, "{delay:?}");
        }
    }
}
