//! What no single value of a configuration tells: whether they go together.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Backend, Config, Name, Schedule, Task};
use crate::engine::{Admission, MOST_RUNS};
use crate::retired::RETIRED;

/// Something that is wrong, and under which keys.
pub(super) struct Wrong {
    pub(super) keys: Vec<String>,
    pub(super) what: String,
}

/// Names that stand for something else in the same tables.
const TAKEN: [&str; 4] = ["guests", "runner", "prometheus", RETIRED];

impl Config {
    /// All that does not go together.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let tasks = self.tasks.iter().flat_map(|(name, task)| task.check(name));
        let backends = self.backends.iter();
        let backends = backends.flat_map(|(name, backend)| backend.check(name));
        let mut all: Vec<_> = tasks.chain(backends).collect();
        all.extend(self.check_middlewares());
        all.extend(self.check_places());
        all.extend(self.check_names());
        all
    }

    /// Runs that never end must leave a place for others.
    fn check_places(&self) -> Option<Wrong> {
        let places = self.runner.concurrency.get();
        let (mut all, mut permanent) = (0_usize, 0_usize);
        for (Name(name), task) in &self.tasks {
            // Those that wait otherwise are no runs yet.
            let waiting = match (task.schedule, task.admission()) {
                (Schedule::Interval, Admission::Queue) => task.queue(),
                (Schedule::Interval, Admission::Replace) => task.concurrency().get(),
                _ => 0,
            };
            all = all.saturating_add(task.concurrency().get().saturating_add(waiting));
            if all > MOST_RUNS.get() {
                return Some(wrong(
                    ["tasks", name, "concurrency"],
                    format!(
                        "with what may wait, more than {MOST_RUNS} runs in all; lower `concurrency` or `queue`"
                    ),
                ));
            }
            if task.schedule == Schedule::Restart {
                permanent = permanent.saturating_add(task.concurrency().get());
            }
        }
        let mut schedules = self.tasks.values().map(|task| task.schedule);
        let others = schedules.any(|schedule| schedule != Schedule::Restart);
        let what = if permanent > places {
            format!(
                "tasks that run all the time take {permanent} places, and there are {places}: raise `runner.concurrency`"
            )
        } else if others && permanent == places {
            format!(
                "tasks that run all the time take all {places} places, so that no other task would ever run: raise it"
            )
        } else {
            return None;
        };
        Some(wrong(["runner", "concurrency"], what))
    }

    fn check_names(&self) -> Vec<Wrong> {
        let mut all = Vec::new();
        let mut names = BTreeSet::new();
        let backends = self
            .backends
            .keys()
            .map(|Name(name)| (["backends", name].map(Into::into).to_vec(), name));
        let middlewares = self.middlewares.iter().enumerate().map(|(at, middleware)| {
            let keys = vec!["middlewares".into(), at.to_string(), "name".into()];
            (keys, &middleware.name.0)
        });
        for (keys, name) in backends.chain(middlewares) {
            let what = if TAKEN.contains(&name.as_str()) {
                taken(name)
            } else if !names.insert(name) {
                format!("the name {name:?} is there twice; choose another one")
            } else {
                continue;
            };
            all.push(Wrong { keys, what });
        }
        all
    }

    fn check_middlewares(&self) -> Vec<Wrong> {
        let mut all = Vec::new();
        for (at, middleware) in self.middlewares.iter().enumerate() {
            let keys = vec!["middlewares".into(), at.to_string()];
            let mut found = Found {
                keys,
                all: Vec::new(),
            };
            found.file("component", Some(&middleware.component));
            all.append(&mut found.all);
        }
        all
    }
}

impl Task {
    fn check(&self, Name(name): &Name) -> Vec<Wrong> {
        let mut found = Found::under(["tasks", name]);
        if name == RETIRED {
            found.wrong("", &taken(name));
        }
        found.file("component", Some(&self.component));
        found.file("stdin", self.stdin.as_ref());
        if self.schedule == Schedule::Interval && self.every.is_none() {
            found.wrong(
                "every",
                "is missing: say how long it is from one run's begin to the next, such as `every = \"30s\"`",
            );
        }
        for (given, key, schedule) in [
            (self.every.is_some(), "every", Schedule::Interval),
            (self.repeat.is_some(), "repeat", Schedule::Once),
            (self.admission.is_some(), "admission", Schedule::Interval),
            (self.queue.is_some(), "queue", Schedule::Interval),
            (self.backoff.is_some(), "backoff", Schedule::Restart),
        ] {
            if given && self.schedule != schedule {
                let schedule = format!("{schedule:?}").to_lowercase();
                let what = format!(
                    "is for `schedule = \"{schedule}\"`; leave it out, or choose that schedule"
                );
                found.wrong(key, &what);
            }
        }
        if self.schedule == Schedule::Interval
            && self.queue.is_some()
            && self.admission() != Admission::Queue
        {
            found.wrong(
                "queue",
                "is for `admission = \"queue\"`; leave it out, or choose that admission",
            );
        }
        if !self.backoff().is_valid() {
            found.wrong(
                "backoff",
                "needs a `first` pause that is no longer than `max`",
            );
        }
        let bad = |text: &String| text.contains('\0');
        let bad_name = |key: &String| key.is_empty() || key.contains('=') || bad(key);
        if self.env.keys().any(bad_name) {
            found.wrong(
                "env",
                "a variable's name must not be empty, and have no `=` in it",
            );
        }
        found.all
    }
}

impl Backend {
    fn check(&self, Name(name): &Name) -> Vec<Wrong> {
        let mut found = Found::under(["backends", name]);
        let kinds = [
            self.component.is_some(),
            self.otlp.is_some(),
            self.statsd.is_some(),
        ];
        match kinds.iter().filter(|given| **given).count() {
            0 => found.wrong("", "needs one of `component`, `otlp` and `statsd`"),
            1 => {}
            _ => found.wrong(
                "",
                "is one of `component`, `otlp` and `statsd`; give each a table of its own",
            ),
        }
        if kinds == [true, false, false] {
            found.file("component", self.component.as_ref());
        }
        if self.component.is_none() {
            for (given, key) in [
                (self.grants.is_some(), "grants"),
                (self.queue.is_some(), "queue"),
                (self.timeout.is_some(), "timeout"),
                (self.memory.is_some(), "memory"),
            ] {
                if given {
                    found.wrong(key, "is for a component; leave it out here");
                }
            }
        }
        if let Some(otlp) = &self.otlp {
            let mut within = Found::under(["backends", name, "otlp"]);
            within.file("ca", otlp.ca.as_ref());
            found.all.append(&mut within.all);
        }
        found.all
    }
}

/// What is wrong in one table.
struct Found {
    keys: Vec<String>,
    all: Vec<Wrong>,
}

impl Found {
    fn under<const N: usize>(keys: [&str; N]) -> Self {
        Self {
            keys: keys.map(Into::into).to_vec(),
            all: Vec::new(),
        }
    }

    /// `key` is empty where it is the table itself.
    fn wrong(&mut self, key: &str, what: &str) {
        let mut keys = self.keys.clone();
        keys.extend((!key.is_empty()).then(|| key.into()));
        let what = what.into();
        self.all.push(Wrong { keys, what });
    }

    /// The folder of the configuration is no file.
    fn file(&mut self, key: &str, file: Option<&PathBuf>) {
        if file.is_some_and(|file| file.as_os_str().is_empty()) {
            self.wrong(key, "must not be empty: name a file");
        }
    }
}

fn taken(name: &str) -> String {
    format!("the name {name:?} is taken; choose another one")
}

fn wrong<const N: usize>(keys: [&str; N], what: String) -> Wrong {
    Wrong {
        keys: keys.map(Into::into).to_vec(),
        what,
    }
}
