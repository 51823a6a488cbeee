//! Trials: tests that a test binary finds when it starts, such as one for each file,
//! example or language. Several suites share a binary, since each binary links wasmtime.

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed};

/// A test with a name.
pub struct Trial {
    name: String,
    skipped: Option<String>,
    check: Box<dyn FnOnce() -> Result<()> + Send>,
}

/// Makes a trial of a check. A failing trial prints the error with all its causes.
pub fn trial(
    name: impl Into<String>,
    check: impl FnOnce() -> Result<()> + Send + 'static,
) -> Trial {
    Trial {
        name: name.into(),
        skipped: None,
        check: Box::new(check),
    }
}

impl Trial {
    /// Lists the trial as skipped, with this reason. A flag of the user still runs it.
    #[must_use]
    pub fn skipped(self, reason: &str) -> Self {
        Self {
            skipped: Some(reason.to_owned()),
            ..self
        }
    }

    /// Name of the trial within its suite.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn of(self, suite: &Suite) -> libtest_mimic::Trial {
        let name = format!("{}::{}", suite.name, self.name);
        let check = self.check;
        let trial = libtest_mimic::Trial::test(name, || {
            check().map_err(|error| Failed::from(format!("{error:#}")))
        });
        match self.skipped {
            Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
            None => trial,
        }
    }
}

/// The trials about one subject.
#[derive(Clone, Copy)]
pub struct Suite {
    /// Prefix of the names of its trials, before `::`.
    pub name: &'static str,
    /// Finds its trials.
    pub trials: fn() -> Result<Vec<Trial>>,
}

/// Runs the suites that the arguments of this process select. The default is all suites.
///
/// A filter that starts with the name of a suite and `::` searches that suite alone for
/// the rest of the filter: `matrix::direct::zig` also runs `matrix::python::direct::zig`.
#[must_use]
pub fn run(suites: &[Suite]) -> ExitCode {
    let mut arguments = arguments();
    let asked = arguments.filter.clone().unwrap_or_default();
    let (suites, rest) = narrowed(suites, &asked);
    if !arguments.exact && suites.len() == 1 {
        arguments.filter = Some(rest.to_owned());
    }
    let trials = suites.iter().flat_map(trials_of).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Arguments of this process, with the number of threads that the environment selects.
#[must_use]
pub fn arguments() -> Arguments {
    let mut arguments = Arguments::from_args();
    let threads = || std::env::var("RUST_TEST_THREADS").ok()?.parse().ok();
    // The test harness of Rust reads this variable by itself.
    arguments.test_threads = arguments.test_threads.or_else(threads);
    arguments
}

/// The suites that a filter can match, and the text to find there.
fn narrowed<'a, 'f>(suites: &'a [Suite], filter: &'f str) -> (&'a [Suite], &'f str) {
    let (name, rest) = filter.split_once("::").unwrap_or(("", filter));
    match suites.iter().position(|suite| suite.name == name) {
        Some(at) => (&suites[at..=at], rest),
        None => (suites, filter),
    }
}

fn trials_of(suite: &Suite) -> Vec<libtest_mimic::Trial> {
    let trials = (suite.trials)()
        .unwrap_or_else(|error| vec![trial("trials_are_found", move || Err(error))]);
    trials.into_iter().map(|trial| trial.of(suite)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITES: [Suite; 2] = [suite("matrix"), suite("new")];

    const fn suite(name: &'static str) -> Suite {
        Suite {
            name,
            trials: || Ok(vec![trial("works", || Ok(()))]),
        }
    }

    fn found(filter: &str) -> (Vec<&'static str>, &str) {
        let (suites, rest) = narrowed(&SUITES, filter);
        (suites.iter().map(|suite| suite.name).collect(), rest)
    }

    #[test]
    fn a_filter_with_a_suite_searches_only_that_suite() {
        let both = vec!["matrix", "new"];
        assert_eq!(
            found("matrix::direct::zig"),
            (vec!["matrix"], "direct::zig")
        );
        assert_eq!(found("new::"), (vec!["new"], ""));
        assert_eq!(found("direct::zig"), (both.clone(), "direct::zig"));
        assert_eq!(found("matrix"), (both.clone(), "matrix"));
        assert_eq!(found(""), (both, ""));
    }

    #[test]
    fn a_suite_whose_trials_cannot_be_found_fails() {
        let broken = Suite {
            name: "broken",
            trials: || Err(anyhow::anyhow!("no folder")),
        };
        let both = [trials_of(&SUITES[0]), trials_of(&broken)];
        let trials = both.iter().flatten();
        let names: Vec<_> = trials.map(libtest_mimic::Trial::name).collect();
        assert_eq!(names, ["matrix::works", "broken::trials_are_found"]);
    }
}
