use super::crowd::{Crowd, Interest};
use super::line::share;
use super::round::Round;
use crate::bench::figure::{count, figure};

/// Maximum delay of tasks, as a ratio.
pub(super) const MOST_DELAY: f64 = 1.05;

/// A ratio of durations, with its 95 % confidence interval.
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

/// The section about scrapers.
pub(super) fn section(found: &Crowd) -> String {
    let Some((first, _)) = found.crowded.first() else {
        return String::new();
    };
    let (scrapers, loris) = (first.scrapers, first.loris);
    let mut text = format!(
        "\
## {scrapers} scrapers and {loris} slow connections

One `serve` executes {slots} runs at a time, one for each processor, so that the work of
answering takes time from the runs. Rounds with scrapers and rounds without them alternate,
{rounds} of each, in the same process. Each scraper asks as Prometheus does: for a compressed
answer, on a connection that stays open. Each slow connection sends a request one byte at a
time until the server closes it, and then connects again. The load before the measurement
was {load:.1}.

| scrape interval | mean time of a run, ratio | 95th percentile of a run, ratio | processor time of answering | processor time of scrapers | scrapes per second | time of a scrape, ms: median, 99 %, maximum | closed slow connections |
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

/// The share of all processors that was busy with this, beyond quiet rounds. All rounds
/// have the same number of runs, and a run costs the same time in each: a comparison by
/// the second would count runs that other load delays as time of scrapes, or the reverse.
fn percent(found: &Crowd, rounds: &[Round], of: fn(&Round) -> f64) -> f64 {
    let quiet = sum(&found.quiet, of) / found.quiet.len() as f64;
    let beyond = sum(rounds, of) - quiet * rounds.len() as f64;
    100.0 * beyond / sum(rounds, |round| round.seconds) / found.slots as f64
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
                "**does not hold** for tasks that use all processors, by the processor time of answering"
            }
            _ if delay.low > MOST_DELAY => "**does not hold**",
            _ if delay.high <= MOST_DELAY => "holds",
            _ => "holds by the processor time of answering; the ratios do not decide",
        };
        let (every, most) = (interest.every.as_secs_f64(), MOST_DELAY);
        format!("with a scrape every {every} s, the limit of {most} {word}")
    });
    let mut quiet: Vec<_> = found.quiet.iter().map(|round| round.mean_ms).collect();
    quiet.sort_unstable_by(f64::total_cmp);
    format!(
        "\nVerdict: {}. Without scrapers, a run took {} to {} ms on average over a round.\n",
        verdicts.collect::<Vec<_>>().join("; "),
        figure(quiet.first().copied().unwrap_or_default()),
        figure(quiet.last().copied().unwrap_or_default())
    )
}

const READING: &str = "
Every scraper got an answer each time; a missing answer ends the measurement.

- A ratio compares rounds with scrapers to rounds without. It is the geometric mean over
  the rounds, with its 95 % confidence interval. Other load on the machine affects it.
- The processor time of answering is a share of all processors: the time of the runner
  beyond the time of its tasks and of quiet rounds with as many runs. Other load does not
  affect it. Tasks that use all processors can be delayed by this share.
- The processor time of the scrapers takes time from the tasks here. It does not if the
  scrapers run on other machines.
- An answer waits for running guests: guests yield their thread at each tick of 10 ms, and
  a scrape needs several turns. A busy runner answers later, which protects its tasks.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_answering_excludes_the_time_of_as_many_runs() {
        let round = |seconds, serving| Round {
            seconds,
            serving,
            ..Round::default()
        };
        // The runs of a round take 0.2 s of the runner. Other load makes the crowded rounds
        // twice as long.
        let found = Crowd {
            slots: 2,
            quiet: vec![round(1.0, 0.2); 3],
            crowded: Vec::new(),
            fds: (0, 0),
            load: 0.0,
        };
        let crowded = vec![round(2.0, 0.24); 2];
        let answering = percent(&found, &crowded, |round| round.serving);
        assert!((answering - 1.0).abs() < 1e-9, "{answering}");
    }

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
