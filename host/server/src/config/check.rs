//! Rules that connect several values of a configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bytesize::ByteSize;

use super::{BackendConfig, Config, ConfigName, ScheduleConfig, TaskConfig};
use crate::engine::{Admission, MOST_RUNS};
use crate::retired::RETIRED;

/// A violation of a rule, and the keys of its setting.
pub(super) struct Violation {
    pub(super) keys: Vec<String>,
    pub(super) what: String,
}

/// Names that are reserved in the same tables.
const RESERVED: [&str; 4] = ["guests", "runner", "prometheus", RETIRED];

impl Config {
    /// All violations of the rules.
    pub(super) fn check(&self) -> Vec<Violation> {
        let tasks = self.tasks.iter().flat_map(|(name, task)| task.check(name));
        let backends = self.backends.iter();
        let backends = backends.flat_map(|(name, backend)| backend.check(name));
        let mut all: Vec<_> = tasks.chain(backends).collect();
        all.extend(self.check_middlewares());
        all.extend(self.check_stack());
        all.extend(self.check_slots());
        all.extend(self.check_names());
        all
    }

    /// wasmtime accepts no smaller stack, and the address space of a thread is limited.
    fn check_stack(&self) -> Option<Violation> {
        let stack = self.runner.stack.0;
        let fits = (ByteSize::kib(16)..=ByteSize::gib(1)).contains(&stack);
        let what = format!("expected a size from 16KiB to 1GiB, found {stack}");
        (!fits).then(|| wrong(["runner", "stack"], what))
    }

    /// Runs that never end must leave a slot for other runs.
    fn check_slots(&self) -> Option<Violation> {
        let slots = self.runner.concurrency.get();
        let (mut all, mut permanent) = (0_usize, 0_usize);
        let mut beyond = None;
        for (ConfigName(name), task) in &self.tasks {
            all = all.saturating_add(task.concurrency().get());
            if all > MOST_RUNS.get() {
                beyond = beyond.or(Some(name));
            }
            if task.schedule == ScheduleConfig::Restart {
                permanent = permanent.saturating_add(task.concurrency().get());
            }
        }
        if let Some(name) = beyond {
            let what = format!(
                "all tasks together have {all} slots, and at most {MOST_RUNS} are possible; lower `concurrency`, or remove tasks"
            );
            return Some(wrong(["tasks", name, "concurrency"], what));
        }
        let mut schedules = self.tasks.values().map(|task| task.schedule);
        let others = schedules.any(|schedule| schedule != ScheduleConfig::Restart);
        let what = if permanent > slots {
            format!(
                "tasks with `schedule = \"restart\"` need {permanent} slots, and `runner.concurrency` is {slots}; raise `runner.concurrency`"
            )
        } else if others && permanent == slots {
            format!(
                "tasks with `schedule = \"restart\"` need {permanent} of {slots} slots, so no other task could run; raise `runner.concurrency`"
            )
        } else {
            return None;
        };
        Some(wrong(["runner", "concurrency"], what))
    }

    fn check_names(&self) -> Vec<Violation> {
        let mut all = Vec::new();
        let mut names = BTreeSet::new();
        let backends = self
            .backends
            .keys()
            .map(|ConfigName(name)| (["backends", name].map(Into::into).to_vec(), name));
        let middlewares = self.middlewares.iter().enumerate().map(|(at, middleware)| {
            let keys = vec!["middlewares".into(), at.to_string(), "name".into()];
            (keys, &middleware.name.0)
        });
        for (keys, name) in backends.chain(middlewares) {
            let what = if RESERVED.contains(&name.as_str()) {
                reserved(name)
            } else if !names.insert(name) {
                format!("the name {name:?} is used twice; choose another name")
            } else {
                continue;
            };
            all.push(Violation { keys, what });
        }
        all
    }

    fn check_middlewares(&self) -> Vec<Violation> {
        let mut all = Vec::new();
        for (at, middleware) in self.middlewares.iter().enumerate() {
            let keys = vec!["middlewares".into(), at.to_string()];
            let mut found = TableCheck {
                keys,
                all: Vec::new(),
            };
            found.file("component", Some(&middleware.component));
            all.append(&mut found.all);
        }
        all
    }
}

impl TaskConfig {
    fn check(&self, ConfigName(name): &ConfigName) -> Vec<Violation> {
        let mut found = TableCheck::under(["tasks", name]);
        if name == RETIRED {
            found.wrong("", &reserved(name));
        }
        found.file("component", Some(&self.component));
        found.file("stdin", self.stdin.as_ref());
        if self.schedule == ScheduleConfig::Interval && self.interval.is_none() {
            found.wrong(
                "interval",
                "required for `schedule = \"interval\"`: set the time between the starts of two runs, for example `interval = \"30s\"`",
            );
        }
        for (given, key, schedule) in [
            (
                self.interval.is_some(),
                "interval",
                ScheduleConfig::Interval,
            ),
            (self.repeat.is_some(), "repeat", ScheduleConfig::Once),
            (
                self.admission.is_some(),
                "admission",
                ScheduleConfig::Interval,
            ),
            (
                self.queue_capacity.is_some(),
                "queue_capacity",
                ScheduleConfig::Interval,
            ),
            (self.backoff.is_some(), "backoff", ScheduleConfig::Restart),
        ] {
            if given && self.schedule != schedule {
                let written = |schedule| format!("{schedule:?}").to_lowercase();
                let now = match self.schedule {
                    ScheduleConfig::Once => "`once`, the default".to_owned(),
                    other => format!("`{}`", written(other)),
                };
                let what = format!(
                    "only valid for `schedule = \"{}\"` (now: {now}); remove the key, or choose that schedule",
                    written(schedule)
                );
                found.wrong(key, &what);
            }
        }
        if self.schedule == ScheduleConfig::Interval
            && self.queue_capacity.is_some()
            && self.admission() != Admission::Queue
        {
            found.wrong(
                "queue_capacity",
                "only valid for `admission = \"queue\"`; remove the key, or choose that admission",
            );
        }
        if !self.backoff().is_valid() {
            found.wrong(
                "backoff",
                "`initial_backoff` is longer than `max_backoff`; lower `initial_backoff`, or raise `max_backoff`",
            );
        }
        let is_bad = |key: &&String| key.is_empty() || key.contains(['=', '\0']);
        if let Some(name) = self.env.keys().find(is_bad) {
            let what =
                format!("invalid variable name {name:?}: it must not be empty or contain `=`");
            found.wrong("env", &what);
        }
        found.all
    }
}

impl BackendConfig {
    fn check(&self, ConfigName(name): &ConfigName) -> Vec<Violation> {
        let mut found = TableCheck::under(["backends", name]);
        let kinds = [
            self.component.is_some(),
            self.otlp.is_some(),
            self.statsd.is_some(),
        ];
        match kinds.iter().filter(|given| **given).count() {
            0 => found.wrong("", "no kind of backend is set; set one of `component`, `otlp` and `statsd`"),
            1 => {}
            _ => found.wrong(
                "",
                "more than one of `component`, `otlp` and `statsd` is set; make one backend for each",
            ),
        }
        if kinds == [true, false, false] {
            found.file("component", self.component.as_ref());
        }
        if self.component.is_none() {
            let keys = [
                (self.grants.is_some(), "grants"),
                (self.queue_capacity.is_some(), "queue_capacity"),
                (self.timeout.is_some(), "timeout"),
                (self.max_memory.is_some(), "max_memory"),
            ];
            let keys = keys.into_iter().filter_map(|(set, key)| set.then_some(key));
            for key in keys.chain(self.limits.set_keys()) {
                found.wrong(key, "only valid with `component`; remove the key");
            }
        }
        if let Some(otlp) = &self.otlp {
            let mut within = TableCheck::under(["backends", name, "otlp"]);
            within.file("ca_file", otlp.ca_file.as_ref());
            found.all.append(&mut within.all);
        }
        found.all
    }
}

/// Violations of the rules in one table.
struct TableCheck {
    keys: Vec<String>,
    all: Vec<Violation>,
}

impl TableCheck {
    fn under<const N: usize>(keys: [&str; N]) -> Self {
        Self {
            keys: keys.map(Into::into).to_vec(),
            all: Vec::new(),
        }
    }

    /// `key` is empty if the violation concerns the table itself.
    fn wrong(&mut self, key: &str, what: &str) {
        let mut keys = self.keys.clone();
        keys.extend((!key.is_empty()).then(|| key.into()));
        let what = what.into();
        self.all.push(Violation { keys, what });
    }

    /// Rejects an empty file name, which would be the folder of the configuration.
    fn file(&mut self, key: &str, file: Option<&PathBuf>) {
        if file.is_some_and(|file| file.as_os_str().is_empty()) {
            self.wrong(key, "the file name is empty; name a file");
        }
    }
}

fn reserved(name: &str) -> String {
    format!("the name {name:?} is reserved; choose another name")
}

fn wrong<const N: usize>(keys: [&str; N], what: String) -> Violation {
    Violation {
        keys: keys.map(Into::into).to_vec(),
        what,
    }
}
