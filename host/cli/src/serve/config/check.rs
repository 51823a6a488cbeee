//! What no single value of a configuration tells: whether they go together.

use std::collections::BTreeSet;

use super::{Backend, Config, Name, Schedule, Task};
use crate::engine::MOST_RUNS;

/// Something that is wrong, and under which keys.
pub(super) struct Wrong {
    pub(super) keys: Vec<String>,
    pub(super) what: String,
}

type Checked = Result<(), Wrong>;

/// Names that stand for something else in the same tables.
const TAKEN: [&str; 3] = ["guests", "runner", "prometheus"];

impl Config {
    pub(super) fn check(&self) -> Checked {
        for (name, task) in &self.tasks {
            task.check(name)?;
        }
        self.check_places()?;
        for (name, backend) in &self.backends {
            backend.check(name)?;
        }
        self.check_names()
    }

    /// Runs that never end must leave a place for others.
    fn check_places(&self) -> Checked {
        let places = self.runner.concurrency.get();
        let (mut all, mut permanent) = (0_usize, 0_usize);
        for (Name(name), task) in &self.tasks {
            all = all.saturating_add(task.concurrency().get().saturating_add(task.queue()));
            if all > MOST_RUNS.get() {
                return Err(wrong(
                    ["tasks", name, "concurrency"],
                    format!(
                        "with what may wait, more than {MOST_RUNS} runs in all; lower `concurrency` or `queue`"
                    ),
                ));
            }
            if task.schedule == Schedule::Restart {
                permanent = permanent.saturating_add(task.concurrency().get());
                if permanent > places {
                    return Err(wrong(
                        ["tasks", name, "concurrency"],
                        format!(
                            "tasks that run all the time take {permanent} places, and there are {places}: raise `runner.concurrency`"
                        ),
                    ));
                }
            }
        }
        let others = self
            .tasks
            .values()
            .any(|task| task.schedule != Schedule::Restart);
        if others && permanent == places {
            return Err(wrong(
                ["runner", "concurrency"],
                format!(
                    "tasks that run all the time take all {places} places, so that no other task would ever run: raise it"
                ),
            ));
        }
        Ok(())
    }

    fn check_names(&self) -> Checked {
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
                format!("the name {name:?} is taken; choose another one")
            } else if !names.insert(name) {
                format!("the name {name:?} is there twice; choose another one")
            } else {
                continue;
            };
            return Err(Wrong { keys, what });
        }
        Ok(())
    }
}

impl Task {
    fn check(&self, Name(name): &Name) -> Checked {
        let wrong = |key: &str, what: &str| Err(wrong(["tasks", name, key], what.into()));
        if self.component.as_os_str().is_empty() {
            return wrong("component", "name the component's file");
        }
        match (self.schedule, self.every()) {
            (Schedule::Interval, None) => {
                return wrong(
                    "every",
                    "is missing: say how long it is from one run's begin to the next, such as `every = \"30s\"`",
                );
            }
            (Schedule::Interval, Some(every)) if every.as_millis() == 0 => {
                return wrong("every", "must be 1ms or longer");
            }
            _ => {}
        }
        let only = |given: bool, key: &str, schedule: Schedule| {
            if given && self.schedule != schedule {
                let schedule = format!("{schedule:?}").to_lowercase();
                return wrong(
                    key,
                    &format!(
                        "is for `schedule = \"{schedule}\"`; leave it out, or choose that schedule"
                    ),
                );
            }
            Ok(())
        };
        only(self.every.is_some(), "every", Schedule::Interval)?;
        only(self.repeat.is_some(), "repeat", Schedule::Once)?;
        only(self.admission.is_some(), "admission", Schedule::Interval)?;
        only(self.queue.is_some(), "queue", Schedule::Interval)?;
        only(self.backoff.is_some(), "backoff", Schedule::Restart)?;
        if self.queue.is_some() && self.admission() != crate::engine::Admission::Queue {
            return wrong(
                "queue",
                "is for `admission = \"queue\"`; leave it out, or choose that admission",
            );
        }
        if self.backoff().policy().is_none() {
            return wrong(
                "backoff",
                "needs a `factor` of 1.0 or more, and a `first` pause that is no longer than `max`",
            );
        }
        if self
            .env
            .keys()
            .any(|key| key.is_empty() || key.contains(['=', '\0']))
        {
            return wrong(
                "env",
                "a variable's name must not be empty, and have no `=` in it",
            );
        }
        Ok(())
    }
}

impl Backend {
    fn check(&self, Name(name): &Name) -> Checked {
        let wrong = |key: &[&str], what: &str| {
            let keys = [&["backends", name], key].concat();
            Err(Wrong {
                keys: keys.into_iter().map(Into::into).collect(),
                what: what.into(),
            })
        };
        let kinds = [
            self.component.is_some(),
            self.otlp.is_some(),
            self.statsd.is_some(),
        ];
        if kinds.iter().filter(|given| **given).count() != 1 {
            return wrong(&[], "needs one of `component`, `otlp` and `statsd`");
        }
        if self.component.is_none() {
            for (given, key) in [
                (self.grants.is_some(), "grants"),
                (self.queue.is_some(), "queue"),
                (self.timeout.is_some(), "timeout"),
                (self.memory.is_some(), "memory"),
            ] {
                if given {
                    return wrong(&[key], "is for a component; leave it out here");
                }
            }
        }
        if self
            .otlp
            .as_ref()
            .is_some_and(|otlp| otlp.every.0.0.as_millis() < 100)
        {
            return wrong(&["otlp", "every"], "must be 100ms or longer");
        }
        if self.queue.is_some_and(|queue| queue.get() > 1 << 24) {
            return wrong(
                &["queue"],
                "expected a number of records from 1 to 16777216",
            );
        }
        Ok(())
    }
}

fn wrong<const N: usize>(keys: [&str; N], what: String) -> Wrong {
    Wrong {
        keys: keys.map(Into::into).to_vec(),
        what,
    }
}
