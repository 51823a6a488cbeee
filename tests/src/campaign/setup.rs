use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::components::{Program, Provider};
use super::random::Random;

/// A configuration of a campaign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setup {
    pub(crate) tasks: BTreeMap<&'static str, TaskSetup>,
    /// Backends in addition to [`STEADY`].
    pub(crate) backends: BTreeMap<&'static str, BackendSetup>,
    pub(crate) middleware: bool,
}

/// The backend of every configuration. It takes all records.
pub(crate) const STEADY: &str = "steady";

/// The name of the middleware.
pub(crate) const MIDDLEWARE: &str = "contained";

const TASKS: [&str; 6] = ["ant", "bee", "cow", "dog", "elk", "fox"];
const BACKENDS: [&str; 3] = ["north", "south", "west"];

/// A task of a configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TaskSetup {
    pub(crate) program: Program,
    pub(crate) schedule: Schedule,
    pub(crate) concurrency: u64,
    pub(crate) quota: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    /// Whether the limit on memory is below the memory of the guest, so that no run starts.
    pub(crate) starved: bool,
    logged: bool,
}

/// When runs of a task start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Schedule {
    Once {
        repeat: u64,
    },
    Interval {
        ms: u64,
        admission: &'static str,
        queue: u64,
    },
    Restart {
        backoff_ms: u64,
    },
}

/// A backend of a configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum BackendSetup {
    Component {
        provider: Provider,
        queue: u64,
        timeout_ms: u64,
    },
    /// A port without a receiver.
    Statsd,
    /// A port without a collector.
    Otlp,
}

impl Setup {
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut setup = Self {
            tasks: BTreeMap::new(),
            backends: BTreeMap::new(),
            middleware: random.one_in(8),
        };
        for _ in 0..=random.below(4) {
            let name = random.pick(&TASKS);
            setup.tasks.insert(name, TaskSetup::random(random));
        }
        if random.one_in(2) {
            setup.change_backend(random);
        }
        setup
    }

    /// The configuration after one to three random changes. At least one task is left.
    pub(crate) fn changed(&self, random: &mut Random) -> Self {
        let mut setup = self.clone();
        for _ in 0..=random.below(3) {
            match random.below(8) {
                0..=3 => {
                    let name = random.pick(&TASKS);
                    setup.tasks.insert(name, TaskSetup::random(random));
                }
                4 if setup.tasks.len() > 1 => {
                    let names: Vec<_> = setup.tasks.keys().copied().collect();
                    setup.tasks.remove(random.pick(&names));
                }
                7 if random.one_in(3) => setup.middleware = !setup.middleware,
                _ => setup.change_backend(random),
            }
        }
        setup
    }

    fn change_backend(&mut self, random: &mut Random) {
        let name = random.pick(&BACKENDS);
        if random.one_in(3) {
            self.backends.remove(name);
        } else {
            self.backends.insert(name, BackendSetup::random(random));
        }
    }

    /// The text of the configuration, without its first tables.
    pub(crate) fn text(&self) -> Result<String> {
        let mut text = String::from("[tasks]\n");
        for (name, task) in &self.tasks {
            task.write(name, &mut text)?;
        }
        for (name, backend) in &self.backends {
            backend.write(name, &mut text)?;
        }
        if self.middleware {
            writeln!(
                text,
                "[[middlewares]]\nname = \"{MIDDLEWARE}\"\ncomponent = \"middleware.wasm\""
            )?;
        }
        let file = Provider::Takes.file();
        writeln!(
            text,
            "[backends.{STEADY}]\ncomponent = \"{file}\"\nqueue_capacity = 1024"
        )?;
        Ok(text)
    }

    /// The first tables, which a reload cannot change.
    pub(crate) fn first_tables(cache: &Path, concurrency: u64, mode: &str, fuel: bool) -> String {
        format!(
            "[runner]\nconcurrency = {concurrency}\nrecording_mode = \"{mode}\"\nfuel = {fuel}\n\
             drain_timeout = \"300ms\"\n[compilation]\ncache = \"{}\"\n",
            cache.display()
        )
    }
}

impl TaskSetup {
    fn random(random: &mut Random) -> Self {
        let program = random.pick(&Program::ALL);
        let schedule = match random.below(4) {
            0 => Schedule::Once {
                repeat: 1 + random.below(40),
            },
            1 => Schedule::Restart {
                backoff_ms: random.pick(&[10, 30, 100]),
            },
            _ => Schedule::Interval {
                ms: random.pick(&[2, 5, 20, 100]),
                admission: random.pick(&["queue", "queue", "replace", "reject"]),
                queue: random.pick(&[1, 2, 16]),
            },
        };
        let records = program.records();
        let edges = [0, records.saturating_sub(1), records, records + 1];
        Self {
            program,
            schedule,
            // Tasks of this schedule hold their slots, and must leave one to others.
            concurrency: match schedule {
                Schedule::Restart { .. } => 1,
                Schedule::Once { .. } | Schedule::Interval { .. } => random.pick(&[1, 1, 2, 6]),
            },
            quota: random.one_in(3).then(|| random.pick(&edges)),
            timeout_ms: match program {
                Program::Loops => Some(random.pick(&[1, 20, 80])),
                _ => random.one_in(6).then(|| random.pick(&[1, 10, 60])),
            },
            // The only guest with a memory.
            starved: program == Program::Prints && random.one_in(3),
            logged: random.one_in(3),
        }
    }

    fn write(&self, name: &str, text: &mut String) -> Result<()> {
        let (file, concurrency) = (self.program.file(), self.concurrency);
        writeln!(text, "[tasks.{name}]\ncomponent = \"{file}\"")?;
        writeln!(text, "concurrency = {concurrency}\nmax_output = \"1KiB\"")?;
        if !self.logged {
            writeln!(text, "output = \"discard\"")?;
        }
        if self.starved {
            writeln!(text, "max_memory = \"32KiB\"")?;
        }
        if let Some(quota) = self.quota {
            writeln!(text, "quota = {quota}")?;
        }
        if let Some(ms) = self.timeout_ms {
            writeln!(text, "timeout = \"{ms}ms\"")?;
        }
        match self.schedule {
            Schedule::Once { repeat } => writeln!(text, "repeat = {repeat}")?,
            Schedule::Interval {
                ms,
                admission,
                queue,
            } => {
                writeln!(text, "schedule = \"interval\"\ninterval = \"{ms}ms\"")?;
                writeln!(text, "admission = \"{admission}\"")?;
                if admission == "queue" {
                    writeln!(text, "queue_capacity = {queue}")?;
                }
            }
            Schedule::Restart { backoff_ms } => writeln!(
                text,
                "schedule = \"restart\"\nbackoff = {{ initial_backoff = \"{backoff_ms}ms\", \
                 max_backoff = \"{backoff_ms}ms\", jitter = \"none\" }}"
            )?,
        }
        Ok(())
    }
}

impl BackendSetup {
    fn random(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::Statsd,
            1 => Self::Otlp,
            _ => Self::Component {
                provider: random.pick(&Provider::ALL),
                queue: random.pick(&[1, 64, 4096]),
                timeout_ms: random.pick(&[1, 30, 5_000]),
            },
        }
    }

    fn write(&self, name: &str, text: &mut String) -> Result<()> {
        writeln!(text, "[backends.{name}]")?;
        match self {
            Self::Component {
                provider,
                queue,
                timeout_ms,
            } => writeln!(
                text,
                "component = \"{}\"\nqueue_capacity = {queue}\ntimeout = \"{timeout_ms}ms\"",
                provider.file()
            )?,
            Self::Statsd => writeln!(text, "statsd = {{ address = \"127.0.0.1:9\" }}")?,
            Self::Otlp => writeln!(
                text,
                "otlp = {{ endpoint = \"http://127.0.0.1:9/v1/metrics\", interval = \"100ms\" }}"
            )?,
        }
        Ok(())
    }
}
