//! The tasks that run, and how another configuration changes them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::runner::{Program, Stdin, Task as RunnerTask, TaskUsage};
use solti_metrics_host::text::causes;
use solti_metrics_host::{LedgerSnapshot, LedgerTotals};

use crate::config::{self, Configuration, Name, Text};
use crate::engine::{Engine, History, Job, Plan, Snapshot};
use crate::not_applied::{NotApplied, Remains};
use crate::printed::Printed;
use crate::programs::{Loaded, Programs};
use crate::retired::Retired;
use crate::task_counts::TaskCounts;

/// The tasks that run.
pub(crate) struct Tasks {
    engine: Engine,
    programs: Arc<Programs>,
    /// Nobody waits while it is held.
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    running: BTreeMap<String, Running>,
    /// Those that are new, and could not be loaded, each with the reason.
    missing: BTreeMap<String, (config::Task, String)>,
    /// What is counted of those that are gone.
    retired: Retired<Kept>,
    /// The same of those whose names are forgotten.
    rest: TaskCounts,
    /// Those that are gone, and may still have runs.
    leaving: Vec<(String, Arc<Job>)>,
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

/// What is counted of a task, and goes on when it is changed, or comes again after it was
/// removed: whoever reads it has seen those numbers.
#[derive(Debug, Clone, Default)]
struct Kept {
    history: History,
    usage: TaskUsage,
    totals: LedgerTotals,
}

impl Kept {
    fn counts(&self, name: &str) -> TaskCounts {
        let runs = self.history.snapshot();
        TaskCounts::new(name, &runs, &self.usage, self.totals.total())
    }
}

/// What is known of all tasks, at one moment.
pub(crate) struct TaskViews {
    /// In the order of their names.
    pub(crate) tasks: Vec<TaskView>,
    /// Those that a reload has removed.
    pub(crate) retired: Vec<TaskCounts>,
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

impl TaskView {
    pub(crate) fn counts(&self) -> TaskCounts {
        TaskCounts::new(&self.name, &self.runs, &self.usage, self.ledger)
    }
}

impl Tasks {
    pub(super) fn new(engine: Engine, programs: Programs) -> Self {
        Self {
            engine,
            programs: Arc::new(programs),
            all: Mutex::default(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        let all = self.all.lock();
        all.running.len() + all.missing.len()
    }

    /// Begins with what is new, stops what is gone, and does both with what has
    /// changed, be it the configuration or the component. What cannot be loaded goes on
    /// as it was; those errors are returned.
    pub(super) async fn apply(&self, source: &Configuration) -> Vec<NotApplied> {
        let mut errors = Vec::new();
        self.programs.forget();
        self.stop_all_but(source).await;
        let (mut missing, mut changed) = (BTreeMap::new(), Vec::new());
        for (Name(name), wanted) in &source.config.tasks {
            match self.programs.load(source.path(&wanted.component)).await {
                Ok(loaded) if self.all.lock().running.contains_key(name) => {
                    changed.push((name, wanted, loaded));
                }
                Ok(loaded) => self.put(source, name, wanted, loaded).await,
                Err(error) => {
                    let error = error.of_task(name);
                    let why = causes(&error);
                    let remains = match self.all.lock().running.get_mut(name) {
                        Some(running) => {
                            running.error = Some(why);
                            Remains::AsItWas
                        }
                        None => {
                            missing.insert(name.clone(), (wanted.clone(), why));
                            Remains::StartFailed
                        }
                    };
                    errors.push(NotApplied::new(error, remains));
                }
            }
        }
        self.all.lock().missing = missing;
        // All are asked before any is waited for.
        changed.retain(|(name, wanted, loaded)| self.ask_to_change(name, wanted, loaded));
        for (name, wanted, loaded) in changed {
            self.put(source, name, wanted, loaded).await;
        }
        errors
    }

    /// Asks a task to stop that is to be another one. Whether it is.
    fn ask_to_change(&self, name: &str, wanted: &config::Task, loaded: &Loaded) -> bool {
        match self.all.lock().running.get_mut(name) {
            Some(same) if same.wanted == *wanted && same.loaded.is_same(loaded) => {
                same.error = None;
                false
            }
            before => {
                before.iter().for_each(|before| before.job.ask_to_stop());
                true
            }
        }
    }

    async fn put(&self, source: &Configuration, name: &str, wanted: &config::Task, loaded: Loaded) {
        let before = self.all.lock().running.get(name).map(|it| it.job.over());
        // Until then it is there for whoever looks.
        if let Some(over) = before {
            over.await;
        }
        let mut all = self.all.lock();
        let kept = match all.running.get(name) {
            Some(before) => before.kept.clone(),
            None => all.retired.take(name).unwrap_or_default(),
        };
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
        all.missing.remove(name);
        all.running.insert(name.into(), running);
        drop(all);
        tracing::info!(task = name, "task begun");
    }

    /// All are asked before any is waited for.
    async fn stop_all_but(&self, source: &Configuration) {
        let gone: Vec<_> = {
            let mut all = self.all.lock();
            let All {
                running,
                retired,
                leaving,
                ..
            } = &mut *all;
            let is_gone = |name: &String, _: &mut Running| {
                !source.config.tasks.contains_key(&Name(name.clone()))
            };
            let gone: Vec<_> = running.extract_if(.., is_gone).collect();
            let gone = gone.into_iter().map(|(name, running)| {
                running.job.ask_to_stop();
                retired.put(&name, running.kept);
                (name, Arc::new(running.job))
            });
            let gone: Vec<_> = gone.collect();
            leaving.extend(gone.iter().cloned());
            gone
        };
        for (name, job) in gone {
            job.over().await;
            self.all
                .lock()
                .leaving
                .retain(|(_, other)| !Arc::ptr_eq(other, &job));
            tracing::info!(task = name, "task removed");
        }
        self.forget();
    }

    /// Forgets the names of those that have been gone for longest, and adds what was
    /// counted of them up. What still has runs goes on counting.
    fn forget(&self) {
        let mut all = self.all.lock();
        let All {
            retired,
            rest,
            leaving,
            ..
        } = &mut *all;
        let leaving: BTreeSet<_> = leaving.iter().map(|(name, _)| &**name).collect();
        while let Some((name, kept)) = retired.take_beyond(|name| leaving.contains(name)) {
            rest.forget(&kept.counts(&name));
        }
    }

    /// How all of them are.
    pub(crate) fn views(&self) -> TaskViews {
        let all = self.all.lock();
        let running = all.running.iter().map(|(name, running)| TaskView {
            name: name.clone(),
            wanted: running.wanted.clone(),
            program: Some(running.loaded.program.clone()),
            runs: running.job.snapshot(),
            usage: running.kept.usage.clone(),
            ledger: running.kept.totals.total(),
            error: running.error.clone(),
        });
        let missing = all.missing.iter().map(|(name, (wanted, why))| {
            let kept = all.retired.get(name).cloned().unwrap_or_default();
            TaskView {
                name: name.clone(),
                wanted: wanted.clone(),
                program: None,
                runs: kept.history.snapshot(),
                usage: kept.usage,
                ledger: kept.totals.total(),
                error: Some(why.clone()),
            }
        });
        let mut tasks: Vec<_> = running.chain(missing).collect();
        tasks.sort_by(|one, other| one.name.cmp(&other.name));
        let retired = all.retired.iter();
        let mut retired: Vec<_> = retired
            .filter(|(name, _)| !all.missing.contains_key(*name))
            .map(|(name, kept)| kept.counts(name))
            .collect();
        // Hardly anybody ever forgets a name.
        if !all.rest.name.is_empty() {
            retired.push(all.rest.clone());
        }
        TaskViews { tasks, retired }
    }

    /// Ends all of them. Runs that do not end in time are abandoned.
    pub(super) async fn stop(&self) {
        self.engine.close();
        for running in self.all.lock().running.values() {
            running.job.ask_to_stop();
        }
        if !self.engine.clone().stop().await {
            let all = self.all.lock();
            all.running.values().for_each(|it| it.job.abandon());
            all.leaving.iter().for_each(|(_, job)| job.abandon());
        }
    }
}

/// What each run of a task is given.
fn task(source: &Configuration, wanted: &config::Task, kept: &Kept) -> RunnerTask {
    let mut task = RunnerTask::new();
    task.args.clone_from(&wanted.args);
    task.env = wanted.env.clone().into_iter().collect();
    for Text(dir) in &wanted.dirs {
        task = task.dir(source.path(&dir.host), &dir.guest, dir.access);
    }
    if let Some(file) = &wanted.stdin {
        task.stdin = Stdin::File(source.path(file));
    }
    task.deadline = wanted.timeout();
    if let Some(Text(size)) = wanted.max_memory {
        task.limits.memory = usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
    }
    if let Some(Text(size)) = wanted.max_output {
        task.limits.output = size.as_u64();
    }
    wanted.limits.given().put(&mut task.limits);
    task.quota = wanted.quota;
    task.usage = Some(kept.usage.clone());
    task.totals = Some(kept.totals.clone());
    task
}
