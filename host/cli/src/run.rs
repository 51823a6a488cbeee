//! `run`: runs a component, once or many times, and prints a report.

mod args;
mod backend;
mod chain;
mod pages;
mod progress;
mod reload;
mod report;
mod show;
mod summary;
mod table;
mod tally;

use std::iter;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use solti_metrics_host::component::LoadError;
use solti_metrics_host::runner::{
    CancellationToken, Pool, Program, Runner, SpawnError, Stdin, Task, TaskReport,
};
use tokio::task::spawn_blocking;

use self::args::ReportFormat;
pub(crate) use self::args::RunArgs;
use self::backend::{Builtins, RunBackends};
use self::pages::RunPages;
use self::progress::RunProgress;
use self::reload::Reloader;
use self::report::RunReport;
use self::show::show;
use self::tally::RunTally;
use crate::artifacts::warn_refusal;
use crate::exit::Exit;
use crate::messages::{self, print_message};
use crate::signals::{Requests, code};
use crate::stdin::named_twice;
use solti_metrics_server::engine::{Engine, History, Observer, Plan, Printing, Schedule};
use solti_metrics_server::http::{Hits, HttpAccess, HttpLimits, HttpServer};

/// Maximum time to write the last messages at the end.
const MESSAGE_TIMEOUT: Duration = Duration::from_millis(500);

/// Maximum time for tasks to stop. A second signal stops the command earlier.
const STOP_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(crate) async fn run(args: RunArgs) -> anyhow::Result<Exit> {
    let builtins = match Builtins::choose(&args) {
        Ok(builtins) => builtins,
        Err(misuse) => {
            print_message(format_args!("error: {misuse}"));
            return Ok(Exit::Misused);
        }
    };
    let components = args.chain.middlewares.iter().chain(&args.chain.backends);
    let components = components.map(|component| &component.file);
    let files = iter::once(&args.component)
        .chain(components)
        .chain(&args.stdin);
    if let Some(misuse) = named_twice(files.map(PathBuf::as_path)) {
        print_message(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let artifacts = args.artifacts.artifacts()?;
    let backends = Arc::new(RunBackends::start(&args, builtins, &artifacts)?);
    messages::start()?;
    // The server runs until the report is written.
    let _server = serve(&args, &backends).await?;
    // Without components to reload, SIGHUP ends this process.
    let requests = Requests::take(!backends.components.is_empty(), Duration::ZERO)?;
    let stop = requests.stop().clone();
    exit_on_second_request(&requests, &backends);
    let reloading = match backends.components.as_slice() {
        [] => None,
        components => {
            let asked = Arc::clone(requests.reload());
            Some(Reloader::start(components.to_vec(), asked, args.watch))
        }
    };
    let progress = RunProgress::new(&args);
    let runner = Runner::builder(backends.handle.clone())
        .ledger_totals(&backends.guests, &backends.own)
        .stack(usize::try_from(args.stack.as_u64())?)
        .max_component(args.max_component.as_u64())
        .recording_mode(args.recording_mode)
        .asynchronous(!args.no_async)
        .pool(pool(&args))
        .artifacts(artifacts)
        .build()?;

    let start = Instant::now();
    let watching = Arc::new(RunObserver {
        progress: progress.clone(),
        format: args.format,
        tally: Mutex::new(RunTally::new(&args, progress.clone())),
    });
    progress.say("loading");
    match load(&runner, &args, &stop).await {
        Some(Ok(program)) => {
            warn_refusal(program.name(), program.refusal());
            progress.say("running");
            watching.tally.lock().loaded(&program);
            run_all(runner, program, &args, &stop, Arc::clone(&watching)).await?;
        }
        Some(Err(error)) => watching.tally.lock().not_loaded(&error),
        None => {}
    }
    drop(reloading);
    let states = backends.drain(args.drain_timeout.0).await;
    progress.finish();
    let (report, good) = {
        let mut tally = watching.tally.lock();
        tally.close(&backends);
        (
            RunReport::new(&backends, &states, &tally, start.elapsed()),
            tally.is_good(args.tolerate_losses),
        )
    };
    // No task is left to stop. From here on, a signal ends the process while the report is
    // written.
    drop(requests);
    show(&report, args.format, &backends)?;
    wait_for_messages(args.format, &stop).await;
    Ok(if good { Exit::Good } else { Exit::Failed })
}

/// A pool with a slot for each concurrent task.
fn pool(args: &RunArgs) -> Pool {
    let limits = task(args).limits;
    Pool::new(u32::try_from(args.concurrency.get()).unwrap_or(u32::MAX))
        .memory(limits.memory)
        .table_elements(limits.table_elements)
}

async fn serve(args: &RunArgs, backends: &RunBackends) -> anyhow::Result<Option<HttpServer>> {
    let (Some(address), Some(metrics)) = (args.listen, &backends.prometheus) else {
        return Ok(None);
    };
    let pages = Arc::new(RunPages::new(
        Arc::clone(metrics),
        backends.components.clone(),
    ));
    let access = HttpAccess {
        token: None,
        hosts: args.hosts.clone(),
    };
    let (limits, hits) = (HttpLimits::default(), Arc::new(Hits::default()));
    let server = HttpServer::start(address, pages, access, limits, hits).await?;
    for warning in &server.warnings {
        print_message(format_args!("warning: {warning}"));
    }
    print_message(format_args!("serving http://{}/metrics", server.address));
    Ok(Some(server))
}

/// Loads the component. Compilation takes seconds for a large component. A request to stop
/// ends the wait, and the compiler process ends with this process.
async fn load(
    runner: &Runner,
    args: &RunArgs,
    stop: &CancellationToken,
) -> Option<Result<Program, LoadError>> {
    let (runner, path) = (runner.clone(), args.component.clone());
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        // The task does not panic and is not aborted.
        loaded = spawn_blocking(move || runner.load_file(&path)) => loaded.ok(),
    }
}

/// Runs one job in the engine, which runs many jobs for `serve`.
async fn run_all(
    runner: Runner,
    program: Program,
    args: &RunArgs,
    stop: &CancellationToken,
    observer: Arc<RunObserver>,
) -> anyhow::Result<()> {
    let plan = Plan {
        name: program.name().into(),
        program,
        task: task(args),
        schedule: Schedule::Once {
            repeat: NonZeroU64::try_from(args.repeat)?,
        },
        concurrency: args.concurrency.min(args.repeat),
        history: History::default(),
    };
    let engine = Engine::start(runner, None, STOP_TIMEOUT)?;
    let job = engine.start_task(plan, observer);
    tokio::select! {
        () = job.over() => {}
        () = stop.cancelled() => job.stop().await,
    }
    engine.stop().await;
    Ok(())
}

/// Counts the ends of tasks, and shows the progress.
struct RunObserver {
    progress: RunProgress,
    format: ReportFormat,
    tally: Mutex<RunTally>,
}

impl Observer for RunObserver {
    fn starts(&self) -> Printing {
        let outputs = self.progress.outputs(self.format);
        Printing {
            stdout: outputs.stdout.clone(),
            stderr: outputs.stderr.clone(),
            finish: Box::new(move || outputs.finish()),
        }
    }

    fn ended(&self, result: Result<TaskReport, SpawnError>) {
        self.progress.task_ended();
        self.tally.lock().ended(result);
    }
}

fn task(args: &RunArgs) -> Task {
    let mut task = Task::new();
    task.args.clone_from(&args.args);
    task.env.clone_from(&args.env);
    for dir in &args.dirs {
        task = task.dir(&dir.host, &dir.guest, dir.access);
    }
    if let Some(file) = &args.stdin {
        task.stdin = Stdin::File(file.clone());
    }
    task.deadline = args.timeout.0;
    task.limits.memory = usize::try_from(args.max_memory.as_u64()).unwrap_or(usize::MAX);
    task.limits.output = args.max_output.as_u64();
    args.limits.apply_to(&mut task.limits);
    task.quota = args.quota;
    task
}

/// The table is the result of the command. It waits for a slow reader until the user
/// requests a stop. Other messages wait only for a short time.
async fn wait_for_messages(format: ReportFormat, stop: &CancellationToken) {
    if format == ReportFormat::Table {
        tokio::select! {
            () = messages::flushed() => return,
            () = stop.cancelled() => {}
        }
    }
    let _ = tokio::time::timeout(MESSAGE_TIMEOUT, messages::flushed()).await;
}

/// The first request cancels the tasks, and the report is written. The second request ends
/// this process.
fn exit_on_second_request(requests: &Requests, backends: &Arc<RunBackends>) {
    let (stop, again, backends) = (
        requests.stop().clone(),
        requests.again(),
        Arc::clone(backends),
    );
    tokio::spawn(async move {
        stop.cancelled().await;
        print_message(format_args!(
            "stopping: tasks are canceled; a second signal forces the exit"
        ));
        let signal = again.await;
        print_message(format_args!(
            "forced exit: running tasks were abandoned and are not reported{}",
            backends.in_flight()
        ));
        let _ = tokio::time::timeout(MESSAGE_TIMEOUT, messages::flushed()).await;
        std::process::exit(code(signal));
    });
}
