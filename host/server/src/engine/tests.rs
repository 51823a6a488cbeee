//! Runs of tasks whose runs fail, wait or do not stop.

use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Result, ensure};
use parking_lot::Mutex;
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::Task;

use super::*;

const HELLO: &str = include_str!("../hello.wat");

/// Called at the start of each run, with its number from 0. Returns the call at the end
/// of the output of the run.
type Starts = dyn Fn(u64) -> Box<dyn FnOnce() + Send> + Send + Sync;

struct Counted {
    next: AtomicU64,
    starts: Box<Starts>,
}

impl Observer for Counted {
    fn starts(&self) -> Printing {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Printing {
            stdout: Output::Discard,
            stderr: Output::Discard,
            finish: (self.starts)(number),
        }
    }

    fn ended(&self, _: Result<TaskReport, SpawnError>) {}
}

fn observer(
    starts: impl Fn(u64) -> Box<dyn FnOnce() + Send> + Send + Sync + 'static,
) -> Arc<dyn Observer> {
    let starts = Box::new(starts);
    let next = AtomicU64::new(0);
    Arc::new(Counted { next, starts })
}

fn unobserved() -> Arc<dyn Observer> {
    observer(|_| Box::new(|| {}))
}

/// An engine, and a maker of plans for a guest whose `main` has this body.
fn engine(
    concurrency: Option<usize>,
    shutdown_timeout: Duration,
    main: &str,
) -> Result<(Engine, impl Fn(Schedule) -> Plan)> {
    let runner = Runner::builder(noop_metrics()).build()?;
    let guest = HELLO.replace("i32.const 0", main);
    let program = runner.load("guest", &wat::parse_str(guest)?)?;
    let concurrency = concurrency.and_then(NonZeroUsize::new);
    let engine = Engine::start(runner, concurrency, shutdown_timeout)?;
    let plan = move |schedule| Plan {
        name: "task".into(),
        program: program.clone(),
        task: Task::new(),
        schedule,
        concurrency: NonZeroUsize::MIN,
        history: History::default(),
    };
    Ok((engine, plan))
}

/// A body that never ends.
const ENDLESS: &str = "(loop br 0) unreachable";

const LONG: Duration = Duration::from_secs(60);

fn once(repeat: u64) -> Schedule {
    let repeat = NonZeroU64::new(repeat).unwrap_or(NonZeroU64::MAX);
    Schedule::Once { repeat }
}

fn each_millisecond(admission: Admission) -> Schedule {
    Schedule::Interval {
        interval: Duration::from_millis(1),
        admission,
        queue_capacity: 3,
    }
}

async fn until(job: &Job, like: impl Fn(&Snapshot) -> bool) -> Snapshot {
    loop {
        let now = job.snapshot();
        if like(&now) {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_failure_of_its_run_and_the_slot_continues() -> Result<()> {
    let (engine, plan) = engine(None, LONG, "i32.const 0")?;
    for schedule in [
        once(5),
        each_millisecond(Admission::Queue),
        each_millisecond(Admission::Replace),
    ] {
        let panicking = observer(|number| {
            assert!(number % 2 == 0, "a panic of an observer");
            Box::new(|| {})
        });
        let job = engine.start_task(plan(schedule), panicking);
        let enough = |now: &Snapshot| now.runs.iter().sum::<u64>() >= 5;
        let now = until(&job, enough).await;
        ensure!(now.runs[RunOutcome::Success as usize] >= 2, "{now:?}");
        ensure!(now.runs[RunOutcome::Failure as usize] >= 2, "{now:?}");
        job.stop().await;
    }
    ensure!(engine.stop().await);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_slots_of_a_task_that_panics_run_as_often_as_planned() -> Result<()> {
    let (engine, plan) = engine(None, LONG, "i32.const 0")?;
    let panicking = observer(|number| {
        assert!(number % 3 != 0, "a panic of an observer");
        Box::new(|| {})
    });
    let plan = Plan {
        concurrency: NonZeroUsize::MIN.saturating_add(3),
        ..plan(once(90))
    };
    let job = engine.start_task(plan, panicking);
    job.over().await;
    let now = job.snapshot();
    ensure!(now.runs[RunOutcome::Success as usize] == 60, "{now:?}");
    ensure!(now.runs[RunOutcome::Failure as usize] == 30, "{now:?}");
    ensure!(now.state() == TaskStatus::Done, "{now:?}");
    ensure!(now.waiting == 0 && now.rejected == 0, "{now:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_many_runs_leaves_permits_to_another_task() -> Result<()> {
    let (engine, plan) = engine(Some(1), LONG, "i32.const 0")?;
    let busy = engine.start_task(plan(once(u64::MAX)), unobserved());
    until(&busy, |now| now.runs[RunOutcome::Success as usize] > 0).await;
    let other = engine.start_task(plan(once(10)), unobserved());
    other.over().await;
    let now = busy.snapshot();
    ensure!(now.state() != TaskStatus::Done, "{now:?}");
    busy.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_runs_of_a_stopped_task_never_start_and_are_not_rejected() -> Result<()> {
    let (engine, plan) = engine(Some(1), LONG, ENDLESS)?;
    let holder = engine.start_task(plan(once(1)), unobserved());
    until(&holder, |now| now.running == 1).await;
    for (schedule, waiting) in [
        (once(7), 1),
        (each_millisecond(Admission::Queue), 4),
        (each_millisecond(Admission::Replace), 1),
        (each_millisecond(Admission::Reject), 1),
    ] {
        let intervals = matches!(schedule, Schedule::Interval { .. });
        let job = engine.start_task(plan(schedule.clone()), unobserved());
        let full = |now: &Snapshot| now.waiting == waiting && (now.rejected >= 3 || !intervals);
        let before = until(&job, full).await;
        ensure!(before.running == 0, "{schedule:?}: {before:?}");
        job.ask_to_stop();
        job.over().await;
        let after = job.snapshot();
        ensure!(after.runs == [0; 5], "{schedule:?}: {after:?}");
        ensure!(after.waiting == 0, "{schedule:?}: {after:?}");
        ensure!(intervals || after.rejected == 0, "{schedule:?}: {after:?}");
        ensure!(after.state() == TaskStatus::Stopped, "{after:?}");
    }
    holder.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_engine_starts_no_further_run() -> Result<()> {
    let (engine, plan) = engine(None, LONG, "i32.const 0")?;
    let job = engine.start_task(plan(once(u64::MAX)), unobserved());
    until(&job, |now| now.runs[RunOutcome::Success as usize] > 0).await;
    engine.close();
    job.over().await;
    let now = job.snapshot();
    ensure!(now.state() == TaskStatus::Stopped, "{now:?}");
    ensure!(now.running == 0 && now.waiting == 0, "{now:?}");
    ensure!(now.rejected == 0, "{now:?}");
    Ok(())
}

/// An observer whose first run blocks its thread until the returned sender is dropped.
fn blocking() -> (Sender<()>, Arc<dyn Observer>) {
    let (release, released): (_, Receiver<()>) = channel();
    let released = Mutex::new(Some(released));
    let observer = observer(move |_| {
        let released = released.lock().take();
        Box::new(move || {
            // The error says that the sender was dropped.
            let _ = released.map(|released| released.recv());
        })
    });
    (release, observer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_run_that_does_not_stop_is_abandoned_and_its_replacement_starts() -> Result<()> {
    let (engine, plan) = engine(None, Duration::from_millis(1), "i32.const 0")?;
    let (release, observer) = blocking();
    let job = engine.start_task(plan(each_millisecond(Admission::Replace)), observer);
    let now = until(&job, |now| now.runs[RunOutcome::Success as usize] >= 3).await;
    ensure!(now.running >= 1, "{now:?}");
    drop(release);
    // The first run still counts, once.
    until(&job, |now| now.running == 0).await;
    job.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_stop_does_not_wait_for_a_run_that_does_not_stop() -> Result<()> {
    let (engine, plan) = engine(None, Duration::from_millis(1), "i32.const 0")?;
    let (release, observer) = blocking();
    let job = engine.start_task(plan(once(3)), observer);
    until(&job, |now| now.running == 1).await;
    job.ask_to_stop();
    job.over().await;
    job.abandon();
    let now = job.snapshot();
    ensure!(now.runs[RunOutcome::Success as usize] == 0, "{now:?}");
    ensure!(now.runs[RunOutcome::Canceled as usize] == 1, "{now:?}");
    ensure!(now.waiting == 0 && now.running == 0, "{now:?}");
    drop(release);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_newest_due_run_waits_for_a_replaced_run() -> Result<()> {
    let (engine, plan) = engine(None, LONG, ENDLESS)?;
    let plan = Plan {
        concurrency: NonZeroUsize::MIN.saturating_add(1),
        ..plan(each_millisecond(Admission::Replace))
    };
    let job = engine.start_task(plan, unobserved());
    let canceled = |now: &Snapshot| now.runs[RunOutcome::Canceled as usize];
    let now = until(&job, |now| {
        assert!(now.waiting <= 2 && now.running <= 2, "{now:?}");
        canceled(now) >= 20
    });
    let now = now.await;
    ensure!(canceled(&now) == now.runs.iter().sum::<u64>(), "{now:?}");
    job.ask_to_stop();
    job.over().await;
    let now = job.snapshot();
    ensure!(now.waiting == 0 && now.running == 0, "{now:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_a_task_that_the_supervisor_stops_are_canceled() -> Result<()> {
    let (engine, plan) = engine(None, LONG, ENDLESS)?;
    for schedule in [
        once(3),
        each_millisecond(Admission::Queue),
        each_millisecond(Admission::Replace),
    ] {
        let endless = engine.start_task(plan(schedule), unobserved());
        until(&endless, |now| now.running == 1).await;
        drop(endless);
    }
    let job = engine.start_task(plan(once(3)), unobserved());
    until(&job, |now| now.running == 1).await;
    ensure!(engine.stop().await);
    job.over().await;
    let now = job.snapshot();
    let canceled = now.runs[RunOutcome::Canceled as usize];
    ensure!(canceled == 1 && now.running == 0, "{now:?}");
    // Runs that the supervisor no longer starts are rejected.
    ensure!(now.rejected == 2 && now.waiting == 0, "{now:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_waits_for_other_tasks_is_a_waiting_run() -> Result<()> {
    let (engine, plan) = engine(Some(1), LONG, "i32.const 1")?;
    let backoff = RestartBackoff {
        initial_backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(1),
        multiplier: 1.0,
        jitter: Jitter::None,
        max_retries: None,
    };
    let plan = plan(Schedule::Restart { backoff });
    let history = plan.history.clone();
    let job = engine.start_task(plan, unobserved());
    let failures = |now: &Snapshot| now.runs[RunOutcome::Failure as usize];
    until(&job, |now| failures(now) > 0).await;
    let of_another_task = engine.permits.acquire().await?;
    let now = until(&job, |now| now.waiting == 1).await;
    ensure!(now.state() == TaskStatus::Waiting, "{now:?}");
    drop(of_another_task);
    until(&job, |later| failures(later) > failures(&now)).await;
    job.stop().await;
    let now = history.snapshot();
    ensure!(now.waiting == 0 && now.running == 0, "{now:?}");
    ensure!(now.rejected == 0, "{now:?}");
    Ok(())
}
