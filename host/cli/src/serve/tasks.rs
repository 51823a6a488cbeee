//! The tasks that run, and how another configuration changes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::runner::{Program, Runner, Stdin, Task as RunnerTask, TaskUsage};
use solti_metrics_host::{LedgerBook, LedgerSnapshot};

use super::config::{self, Name, Source, Text};
use super::printed::Printed;
use super::programs::{Loaded, Programs};
use crate::engine::{Engine, History, Job, Plan, Snapshot};

/// The tasks that run.
pub(crate) struct Tasks {
    engine: Engine,
    programs: Arc<Programs>,
    /// Nobody waits while it is held.
    running: Mutex<BTreeMap<String, Running>>,
    /// Those that are new, and could not be loaded, each with the reason.
    missing: Mutex<BTreeMap<String, (config::Task, String)>>,
}

/// A task that runs, and what it was made of.
struct Running {
    wanted: config::Task,
    loaded: Loaded,
    job: Job,
    kept: Kept,
    /// Why it is not what the configuration says.
    error: Option<String>,
}

/// What is counted of a task, and goes on when it is changed: whoever reads it has seen
/// those numbers.
#[derive(Debug, Clone, Default)]
struct Kept {
    history: History,
    usage: TaskUsage,
    book: LedgerBook,
}

/// What is known of a task, at one moment.
pub(crate) struct TaskView {
    pub(crate) name: String,
    pub(crate) wanted: config::Task,
    /// `None` if it could not be loaded, and nothing of this name was there before.
    pub(crate) program: Option<Program>,
    pub(crate) runs: Snapshot,
    pub(crate) usage: TaskUsage,
    pub(crate) ledger: LedgerSnapshot,
    pub(crate) error: Option<String>,
}

impl Tasks {
    pub(super) fn new(engine: Engine, runner: &Runner) -> Self {
        Self {
            engine,
            programs: Arc::new(Programs::new(runner.clone())),
            running: Mutex::default(),
            missing: Mutex::default(),
        }
    }

    /// Begins with what is new, stops what is gone, and does both with what has
    /// changed, be it the configuration or the component. What cannot be loaded goes on
    /// as it was; those errors are returned.
    pub(super) async fn apply(&self, source: &Source) -> Vec<anyhow::Error> {
        let mut errors = Vec::new();
        self.programs.forget();
        self.stop_all_but(source).await;
        let mut missing = BTreeMap::new();
        for (Name(name), wanted) in &source.config.tasks {
            match self.programs.load(source.path(&wanted.component)).await {
                Ok(loaded) => self.put(source, name, wanted, loaded).await,
                Err(error) => {
                    let error = error.context(format!("task {name}"));
                    let why = crate::causes::causes(&error);
                    match self.running.lock().get_mut(name) {
                        Some(running) => running.error = Some(why),
                        None => drop(missing.insert(name.clone(), (wanted.clone(), why))),
                    }
                    errors.push(error);
                }
            }
        }
        *self.missing.lock() = missing;
        errors
    }

    async fn put(&self, source: &Source, name: &str, wanted: &config::Task, loaded: Loaded) {
        let (over, kept) = match self.running.lock().get_mut(name) {
            Some(same) if same.wanted == *wanted && same.loaded.is_same(&loaded) => {
                same.error = None;
                return;
            }
            Some(before) => {
                before.job.ask_to_stop();
                (Some(before.job.over()), before.kept.clone())
            }
            None => (None, Kept::default()),
        };
        // Until then it is there for whoever looks.
        if let Some(over) = over {
            over.await;
        }
        let plan = Plan {
            name: name.into(),
            task: task(source, wanted, &kept),
            program: loaded.program.clone(),
            schedule: wanted.when(),
            concurrency: wanted.concurrency(),
            history: kept.history.clone(),
        };
        let observer = Arc::new(Printed::new(name, wanted.output));
        let running = Running {
            wanted: wanted.clone(),
            loaded,
            job: self.engine.begin(plan, observer),
            kept,
            error: None,
        };
        self.running.lock().insert(name.into(), running);
        tracing::info!(task = name, "task begun");
    }

    async fn stop_all_but(&self, source: &Source) {
        let gone: Vec<_> = {
            let mut running = self.running.lock();
            let is_gone = |name: &String, _: &mut Running| {
                !source.config.tasks.contains_key(&Name(name.clone()))
            };
            running.extract_if(.., is_gone).collect()
        };
        for (name, running) in gone {
            running.job.stop().await;
            tracing::info!(task = name, "task removed");
        }
    }

    /// How all of them are, in the order of their names.
    pub(crate) fn views(&self) -> Vec<TaskView> {
        let mut views: Vec<_> = {
            let running = self.running.lock();
            let views = running.iter().map(|(name, running)| TaskView {
                name: name.clone(),
                wanted: running.wanted.clone(),
                program: Some(running.loaded.program.clone()),
                runs: running.job.snapshot(),
                usage: running.kept.usage.clone(),
                ledger: running.kept.book.total(),
                error: running.error.clone(),
            });
            views.collect()
        };
        let missing = self.missing.lock();
        views.extend(missing.iter().map(|(name, (wanted, why))| TaskView {
            name: name.clone(),
            wanted: wanted.clone(),
            program: None,
            runs: Snapshot::default(),
            usage: TaskUsage::default(),
            ledger: LedgerBook::default().total(),
            error: Some(why.clone()),
        }));
        views.sort_by(|one, other| one.name.cmp(&other.name));
        views
    }

    /// Ends all of them. Runs that do not end in time are abandoned.
    pub(super) async fn stop(&self) {
        for running in self.running.lock().values() {
            running.job.ask_to_stop();
        }
        if !self.engine.clone().stop().await {
            self.running.lock().values().for_each(|it| it.job.abandon());
        }
    }
}

/// What each run of a task is given.
fn task(source: &Source, wanted: &config::Task, kept: &Kept) -> RunnerTask {
    let mut task = RunnerTask::new();
    task.args.clone_from(&wanted.args);
    task.env = wanted.env.clone().into_iter().collect();
    for Text(dir) in &wanted.dirs {
        task = task.dir(source.path(&dir.host), &dir.guest, dir.access);
    }
    if let Some(file) = &wanted.stdin {
        task.stdin = Stdin::File(source.path(file));
    }
    task.limits.deadline = wanted.timeout();
    if let Some(Text(size)) = wanted.max_memory {
        task.limits.memory = usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
    }
    if let Some(Text(size)) = wanted.max_output {
        task.limits.output = size.as_u64();
    }
    task.quota = wanted.quota;
    task.usage = Some(kept.usage.clone());
    task.book = Some(kept.book.clone());
    task
}
