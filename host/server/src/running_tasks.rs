//! The running tasks, and their changes at a reload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::LedgerTotals;
use solti_metrics_host::runner::{Program, Stdin, Task as RunnerTask, TaskUsage};
use solti_metrics_host::text::causes;

use crate::config::{self, ConfigName, Configuration, TextValue};
use crate::engine::{Engine, History, Job, Plan};
use crate::not_applied::{NotApplied, Remains};
use crate::printed::Printed;
use crate::programs::{LoadedProgram, Programs};
use crate::retired::Retired;
use crate::task_counts::TaskCounts;
use crate::task_samples::{TaskSample, TaskSamples};
use crate::task_views::{TaskView, TaskViews};

/// The running tasks.
pub(crate) struct RunningTasks {
    engine: Engine,
    programs: Arc<Programs>,
    /// No task awaits while it holds this lock.
    all: Mutex<TaskTable>,
}

#[derive(Default)]
struct TaskTable {
    running: BTreeMap<Arc<str>, RunningTask>,
    /// New tasks that could not be loaded, each with the error.
    missing: BTreeMap<String, (config::TaskConfig, String)>,
    /// Counts of removed tasks.
    retired: Retired<TaskTally>,
    /// Sum of the counts of forgotten names.
    rest: TaskCounts,
    /// Removed tasks that may still have runs.
    stopping: Vec<(Arc<str>, Arc<Job>)>,
}

impl TaskTable {
    /// Counts of removed tasks, and of forgotten names.
    fn retired_counts(&self) -> Vec<TaskCounts> {
        let retired = self.retired.iter();
        let mut retired: Vec<_> = retired
            .filter(|(name, _)| !self.missing.contains_key(*name))
            .map(|(name, tally)| tally.counts((**name).into()))
            .collect();
        // The row of forgotten names is shown only if a name was forgotten.
        if !self.rest.name.is_empty() {
            retired.push(self.rest.clone());
        }
        retired
    }
}

/// A running task, and its settings.
struct RunningTask {
    wanted: config::TaskConfig,
    loaded: LoadedProgram,
    job: Job,
    tally: TaskTally,
    /// Error, if the task does not run as configured.
    error: Option<String>,
}

/// Counts of a task. They continue after a change of the task, or when a removed task is
/// added again, because readers have seen the numbers.
#[derive(Debug, Clone, Default)]
struct TaskTally {
    history: History,
    usage: TaskUsage,
    totals: LedgerTotals,
}

impl TaskTally {
    fn counts(&self, name: Arc<str>) -> TaskCounts {
        let runs = self.history.counts();
        TaskCounts::new(name, runs, &self.usage, self.totals.total())
    }

    fn sample(&self, name: Arc<str>, program: Option<&Program>, is_loaded: bool) -> TaskSample {
        let runs = self.history.counts();
        TaskSample {
            counts: TaskCounts::new(name, runs, &self.usage, self.totals.total()),
            running: runs.running,
            waiting: runs.waiting,
            peak_memory: self.usage.peak_memory(),
            recording_mode: program.map(|it| it.recording().as_label()),
            is_loaded,
        }
    }
}

impl RunningTasks {
    pub(super) fn new(engine: Engine, programs: Programs) -> Self {
        Self {
            engine,
            programs: Arc::new(programs),
            all: Mutex::default(),
        }
    }

    /// Number of tasks.
    pub(super) fn count(&self) -> usize {
        let all = self.all.lock();
        all.running.len() + all.missing.len()
    }

    /// Starts new tasks, stops removed ones, and restarts those whose configuration or
    /// component changed. A task that cannot be loaded stays unchanged; the errors are
    /// returned.
    pub(super) async fn apply(&self, source: &Configuration) -> Vec<NotApplied> {
        let mut errors = Vec::new();
        self.programs.forget();
        self.stop_all_but(source).await;
        let (mut missing, mut changed) = (BTreeMap::new(), Vec::new());
        for (ConfigName(name), wanted) in &source.config.tasks {
            match self.programs.load(source.path(&wanted.component)).await {
                Ok(loaded) if self.all.lock().running.contains_key(&**name) => {
                    changed.push((name, wanted, loaded));
                }
                Ok(loaded) => self.put(source, name, wanted, loaded).await,
                Err(error) => {
                    let error = error.of_task(name);
                    let why = causes(&error);
                    let remains = match self.all.lock().running.get_mut(&**name) {
                        Some(running) => {
                            running.error = Some(why);
                            Remains::Unchanged
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
        // All tasks are asked to stop before any is awaited.
        changed.retain(|(name, wanted, loaded)| self.ask_to_change(name, wanted, loaded));
        for (name, wanted, loaded) in changed {
            self.put(source, name, wanted, loaded).await;
        }
        errors
    }

    /// Asks a changed task to stop. Returns whether it changed.
    fn ask_to_change(
        &self,
        name: &str,
        wanted: &config::TaskConfig,
        loaded: &LoadedProgram,
    ) -> bool {
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

    async fn put(
        &self,
        source: &Configuration,
        name: &str,
        wanted: &config::TaskConfig,
        loaded: LoadedProgram,
    ) {
        let before = self.all.lock().running.get(name).map(|it| it.job.over());
        // The previous task stays visible until it has ended.
        if let Some(over) = before {
            over.await;
        }
        let mut all = self.all.lock();
        let tally = match all.running.get(name) {
            Some(before) => before.tally.clone(),
            None => all.retired.take(name).unwrap_or_default(),
        };
        let plan = Plan {
            name: name.into(),
            task: task(source, wanted, &tally),
            program: loaded.program.clone(),
            schedule: wanted.when(),
            concurrency: wanted.concurrency(),
            history: tally.history.clone(),
        };
        let observer = Arc::new(Printed::new(name, wanted.output));
        let running = RunningTask {
            wanted: wanted.clone(),
            loaded,
            job: self.engine.start_task(plan, observer),
            tally,
            error: None,
        };
        all.missing.remove(name);
        all.running.insert(name.into(), running);
        drop(all);
        tracing::info!(task = name, "task started");
    }

    /// Stops removed tasks. All are asked to stop before any is awaited.
    async fn stop_all_but(&self, source: &Configuration) {
        let gone: Vec<_> = {
            let mut all = self.all.lock();
            let TaskTable {
                running,
                retired,
                stopping,
                ..
            } = &mut *all;
            let is_gone = |name: &Arc<str>, _: &mut RunningTask| {
                !source
                    .config
                    .tasks
                    .contains_key(&ConfigName((**name).into()))
            };
            let gone: Vec<_> = running.extract_if(.., is_gone).collect();
            let gone = gone.into_iter().map(|(name, running)| {
                running.job.ask_to_stop();
                retired.put(&name, running.tally);
                (name, Arc::new(running.job))
            });
            let gone: Vec<_> = gone.collect();
            stopping.extend(gone.iter().cloned());
            gone
        };
        for (name, job) in gone {
            job.over().await;
            self.all
                .lock()
                .stopping
                .retain(|(_, other)| !Arc::ptr_eq(other, &job));
            tracing::info!(task = &*name, "task removed");
        }
        self.forget();
    }

    /// Forgets the oldest names of removed tasks, and adds their counts up. A task that
    /// still has runs is not forgotten.
    fn forget(&self) {
        let mut all = self.all.lock();
        let TaskTable {
            retired,
            rest,
            stopping,
            ..
        } = &mut *all;
        let stopping: BTreeSet<_> = stopping.iter().map(|(name, _)| &**name).collect();
        while let Some((name, tally)) = retired.take_beyond(|name| stopping.contains(name)) {
            rest.forget(&tally.counts(name.into()));
        }
    }

    /// State of all tasks.
    pub(crate) fn views(&self) -> TaskViews {
        let all = self.all.lock();
        let running = all.running.iter().map(|(name, running)| TaskView {
            name: (**name).into(),
            wanted: running.wanted.clone(),
            program: Some(running.loaded.program.clone()),
            runs: running.job.snapshot(),
            usage: running.tally.usage.clone(),
            ledger: running.tally.totals.total(),
            error: running.error.clone(),
        });
        let missing = all.missing.iter().map(|(name, (wanted, why))| {
            let tally = all.retired.get(name).cloned().unwrap_or_default();
            TaskView {
                name: name.clone(),
                wanted: wanted.clone(),
                program: None,
                runs: tally.history.snapshot(),
                usage: tally.usage,
                ledger: tally.totals.total(),
                error: Some(why.clone()),
            }
        });
        let mut tasks: Vec<_> = running.chain(missing).collect();
        tasks.sort_by(|one, other| one.name.cmp(&other.name));
        let retired = all.retired_counts();
        TaskViews { tasks, retired }
    }

    /// Numbers of all tasks.
    pub(crate) fn samples(&self) -> TaskSamples {
        let all = self.all.lock();
        let mut tasks = Vec::with_capacity(all.running.len() + all.missing.len());
        tasks.extend(all.running.iter().map(|(name, running)| {
            let program = Some(&running.loaded.program);
            let is_loaded = running.error.is_none();
            running.tally.sample(Arc::clone(name), program, is_loaded)
        }));
        if !all.missing.is_empty() {
            tasks.extend(all.missing.keys().map(|name| {
                let tally = all.retired.get(name).cloned().unwrap_or_default();
                tally.sample((**name).into(), None, false)
            }));
            tasks.sort_by(|one, other| one.counts.name.cmp(&other.counts.name));
        }
        let retired = all.retired_counts();
        TaskSamples { tasks, retired }
    }

    /// Stops all tasks. Runs that do not end within the shutdown timeout are abandoned.
    pub(super) async fn stop(&self) {
        self.engine.close();
        for running in self.all.lock().running.values() {
            running.job.ask_to_stop();
        }
        if !self.engine.clone().stop().await {
            let all = self.all.lock();
            all.running.values().for_each(|it| it.job.abandon());
            all.stopping.iter().for_each(|(_, job)| job.abandon());
        }
    }
}

/// Inputs and limits of each run of a task.
fn task(source: &Configuration, wanted: &config::TaskConfig, tally: &TaskTally) -> RunnerTask {
    let mut task = RunnerTask::new();
    task.args.clone_from(&wanted.args);
    task.env = wanted.env.clone().into_iter().collect();
    for TextValue(dir) in &wanted.dirs {
        task = task.dir(source.path(&dir.host), &dir.guest, dir.access);
    }
    if let Some(file) = &wanted.stdin {
        task.stdin = Stdin::File(source.path(file));
    }
    task.deadline = wanted.timeout();
    if let Some(TextValue(size)) = wanted.max_memory {
        task.limits.memory = usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
    }
    if let Some(TextValue(size)) = wanted.max_output {
        task.limits.output = size.as_u64();
    }
    wanted.limits.given().put(&mut task.limits);
    task.quota = wanted.quota;
    task.usage = Some(tally.usage.clone());
    task.totals = Some(tally.totals.clone());
    task
}
