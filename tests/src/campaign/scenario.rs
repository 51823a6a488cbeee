use std::fmt;

use super::components::{Program, Provider};
use super::random::Random;
use super::setup::Setup;

/// A course of events that a runner lives through.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// The seed from which the rest follows.
    pub(crate) seed: u64,
    /// `runner.concurrency`.
    pub(crate) concurrency: u64,
    /// `runner.recording_mode`.
    pub(crate) mode: &'static str,
    /// `runner.fuel`.
    pub(crate) fuel: bool,
    /// Whether the disk is slow.
    pub(crate) slow_disk: bool,
    /// Whether the clock is set during the scenario.
    pub(crate) set_clock: bool,
    pub(crate) first: Setup,
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Time passes.
    Wait { ms: u64 },
    /// A client requests a page.
    Request(&'static str),
    /// A client sends a part of a request, and keeps the connection or closes it.
    HalfRequest { stays: bool },
    /// The process is stopped and continued.
    Freeze { ms: u64 },
    /// SIGHUP several times, without a change.
    Hangups(u64),
    /// A signal that a runner ignores.
    Ignored(&'static str),
    /// The clock is set to this distance from the true time.
    Clock { seconds: i64 },
    /// A changed configuration is reloaded.
    Apply(Setup),
    /// A bad configuration is reloaded, and then the good one.
    Break(Broken),
    /// Another build of a component is reloaded.
    Rebuild(&'static str),
    /// A truncated component is reloaded, and then the whole one.
    Damage(&'static str),
}

/// Why a configuration is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Syntax,
    UnknownKey,
    NoTasks,
    MissingFile,
    NotAComponent,
    FixedTable,
}

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All tasks are removed, and then the runner is asked to stop.
    Quiet,
    /// The runner is asked to stop, with this signal.
    Stop(&'static str),
    /// The runner is asked twice.
    Twice,
    /// The runner is killed.
    Kill,
}

const PAGES: [&str; 7] = [
    "/",
    "/metrics",
    "/api/tasks",
    "/api/backends",
    "/healthz",
    "/readyz",
    "/nowhere",
];

impl Scenario {
    /// The scenario of this seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let first = Setup::random(random);
        let mut now = first.clone();
        let (slow_disk, set_clock) = (random.one_in(6), random.one_in(4));
        let steps = (0..6 + random.below(10))
            .map(|_| {
                let step = Step::random(random, &now, set_clock);
                if let Step::Apply(setup) = &step {
                    now = setup.clone();
                }
                step
            })
            .collect();
        Self {
            seed,
            concurrency: random.pick(&[7, 8, 16]),
            mode: random.pick(&["inline", "inline", "direct"]),
            fuel: random.one_in(4),
            slow_disk,
            set_clock,
            first,
            steps,
            ending: match random.below(8) {
                0..=3 => Ending::Quiet,
                4..=5 => Ending::Stop(random.pick(&["TERM", "INT"])),
                6 => Ending::Twice,
                _ => Ending::Kill,
            },
        }
    }
}

impl Step {
    fn random(random: &mut Random, now: &Setup, set_clock: bool) -> Self {
        match random.below(16) {
            0..=2 => Self::Wait {
                ms: random.below(250),
            },
            3 => Self::Request(random.pick(&PAGES)),
            4 => Self::HalfRequest {
                stays: random.one_in(2),
            },
            5 => Self::Freeze {
                ms: 1 + random.below(120),
            },
            6 => Self::Hangups(1 + random.below(5)),
            7 if set_clock => Self::Clock {
                seconds: random.pick(&[-3_600, -1, 0, 1, 86_400, 365 * 86_400]),
            },
            7 => Self::Ignored(random.pick(&["WINCH", "URG", "CHLD", "PIPE"])),
            8..=11 => Self::Apply(now.changed(random)),
            12 => Self::Break(random.pick(&[
                Broken::Syntax,
                Broken::UnknownKey,
                Broken::NoTasks,
                Broken::MissingFile,
                Broken::NotAComponent,
                Broken::FixedTable,
            ])),
            13 | 14 => Self::Rebuild(random_file(random)),
            _ => Self::Damage(Provider::Takes.file()),
        }
    }
}

fn random_file(random: &mut Random) -> &'static str {
    if random.one_in(3) {
        random.pick(&Provider::ALL).file()
    } else {
        random.pick(&Program::ALL).file()
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            concurrency,
            mode,
            fuel,
            slow_disk,
            set_clock,
            first,
            steps,
            ending,
        } = self;
        writeln!(
            f,
            "seed {seed}: concurrency {concurrency}, {mode}, fuel {fuel}, slow disk {slow_disk}, \
             set clock {set_clock}"
        )?;
        writeln!(f, "first {first:?}")?;
        for (number, step) in steps.iter().enumerate() {
            writeln!(f, "{number}: {step:?}")?;
        }
        write!(f, "end {ending:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_scenario_again() {
        assert_eq!(Scenario::of(5).to_string(), Scenario::of(5).to_string());
        assert_ne!(Scenario::of(5).to_string(), Scenario::of(6).to_string());
    }

    #[test]
    fn each_kind_of_step_and_end_occurs() {
        let all: String = (0..200)
            .map(|seed| Scenario::of(seed).to_string())
            .collect();
        for kind in [
            "Wait",
            "Request",
            "HalfRequest",
            "Freeze",
            "Hangups",
            "Ignored",
            "Clock",
            "Apply",
            "Break",
            "Rebuild",
            "Damage",
            "Quiet",
            "Stop",
            "Twice",
            "Kill",
            "Restart",
            "Interval",
            "Once",
            "Statsd",
            "Otlp",
            "TrapsSometimes",
        ] {
            assert!(all.contains(kind), "{kind}");
        }
    }
}
