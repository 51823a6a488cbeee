//! `solti-metrics run`: one component, once or many times, and a report.

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

use self::args::Format;
pub(crate) use self::args::RunArgs;
use self::backend::{Backends, Builtins};
use self::pages::Pages;
use self::progress::Progress;
use self::reload::Reloading;
use self::report::Report;
use self::show::show;
use self::tally::Tally;
use crate::artifacts::tell;
use crate::exit::Exit;
use crate::signals::{Requests, code};
use crate::stdin::named_twice;
use crate::voice::{self, complain};
use solti_metrics_server::engine::{Engine, History, Observer, Plan, Printing, Schedule};
use solti_metrics_server::http::{Hits, HttpAccess, HttpLimits, HttpServer};

/// How long the last messages may take.
const STDERR_TAIL: Duration = Duration::from_millis(500);

/// How long tasks may take to stop: whoever has had enough asks a second time.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(crate) async fn run(args: RunArgs) -> anyhow::Result<Exit> {
    let builtins = match Builtins::choose(&args) {
        Ok(builtins) => builtins,
        Err(misuse) => {
            complain(format_args!("error: {misuse}"));
            return Ok(Exit::Misused);
        }
    };
    let receivers = args.chain.middlewares.iter().chain(&args.chain.backends);
    let receivers = receivers.map(|part| &part.file);
    let files = iter::once(&args.component)
        .chain(receivers)
        .chain(&args.stdin);
    if let Some(misuse) = named_twice(files.map(PathBuf::as_path)) {
        complain(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let artifacts = args.artifacts.artifacts()?;
    let backends = Arc::new(Backends::start(&args, builtins, &artifacts)?);
    voice::start()?;
    // Until it goes out of scope, that is until the report is written.
    let _server = serve(&args, &backends).await?;
    // Without anything to reload, a hangup ends this process, as ever.
    let requests = Requests::take(!backends.components.is_empty(), Duration::ZERO)?;
    let stop = requests.stop().clone();
    leave_when_asked_again(&requests, &backends);
    let reloading = match backends.components.as_slice() {
        [] => None,
        components => {
            let asked = Arc::clone(requests.reload());
            Some(Reloading::start(components.to_vec(), asked, args.watch))
        }
    };
    let progress = Progress::new(&args);
    let runner = Runner::builder(backends.handle.clone())
        .ledger_totals(&backends.guests, &backends.own)
        .stack(usize::try_from(args.stack.as_u64())?)
        .max_component(args.max_component.as_u64())
        .recording_mode(args.path.into())
        .asynchronous(!args.no_async)
        .pool(pool(&args))
        .artifacts(artifacts)
        .build()?;

    let began = Instant::now();
    let watching = Arc::new(Watching {
        progress: progress.clone(),
        format: args.format,
        tally: Mutex::new(Tally::new(&args, progress.clone())),
    });
    progress.say("loading");
    match load(&runner, &args, &stop).await {
        Some(Ok(program)) => {
            tell(program.name(), program.refusal());
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
            Report::new(&backends, &states, &tally, began.elapsed()),
            tally.is_good(args.tolerate_losses),
        )
    };
    // There is nothing left to stop: what is left is for whoever reads it.
    drop(requests);
    show(&report, args.format, &backends)?;
    be_heard(args.format, &stop).await;
    Ok(if good { Exit::Good } else { Exit::Failed })
}

/// Room for as many tasks as there may be at a time.
fn pool(args: &RunArgs) -> Pool {
    let limits = task(args).limits;
    Pool::new(u32::try_from(args.concurrency.get()).unwrap_or(u32::MAX))
        .memory(limits.memory)
        .table_elements(limits.table_elements)
}

async fn serve(args: &RunArgs, backends: &Backends) -> anyhow::Result<Option<HttpServer>> {
    let (Some(address), Some(metrics)) = (args.listen, &backends.prometheus) else {
        return Ok(None);
    };
    let pages = Arc::new(Pages::new(Arc::clone(metrics), backends.components.clone()));
    let access = HttpAccess {
        token: None,
        hosts: args.hosts.clone(),
    };
    let (limits, hits) = (HttpLimits::default(), Arc::new(Hits::default()));
    let server = HttpServer::start(address, pages, access, limits, hits).await?;
    for warning in &server.warnings {
        complain(format_args!("warning: {warning}"));
    }
    complain(format_args!("serving http://{}/metrics", server.address));
    Ok(Some(server))
}

/// Compiling takes seconds for a large component, and one may lose patience:
/// then there is no program, and the process that compiles ends with this one.
async fn load(
    runner: &Runner,
    args: &RunArgs,
    stop: &CancellationToken,
) -> Option<Result<Program, LoadError>> {
    let (runner, path) = (runner.clone(), args.component.clone());
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        // It does not panic, and nobody aborts it.
        loaded = spawn_blocking(move || runner.load_file(&path)) => loaded.ok(),
    }
}

/// One task in the engine that `serve` has many in.
async fn run_all(
    runner: Runner,
    program: Program,
    args: &RunArgs,
    stop: &CancellationToken,
    observer: Arc<Watching>,
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
    let engine = Engine::start(runner, None, FOR_EVER)?;
    let job = engine.start_task(plan, observer);
    tokio::select! {
        () = job.over() => {}
        () = stop.cancelled() => job.stop().await,
    }
    engine.stop().await;
    Ok(())
}

/// Counts how tasks end, and shows how far it has come.
struct Watching {
    progress: Progress,
    format: Format,
    tally: Mutex<Tally>,
}

impl Observer for Watching {
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
    args.limits.put(&mut task.limits);
    task.quota = args.quota;
    task
}

/// The table is what was asked for, so it waits for whoever pages through what
/// came before, until asked to stop; other messages do not wait for long.
async fn be_heard(format: Format, stop: &CancellationToken) {
    if format == Format::Table {
        tokio::select! {
            () = voice::heard() => return,
            () = stop.cancelled() => {}
        }
    }
    let _ = tokio::time::timeout(STDERR_TAIL, voice::heard()).await;
}

/// The first request ends the tasks, as canceled, and the report is written; the second
/// one ends this process.
fn leave_when_asked_again(requests: &Requests, backends: &Arc<Backends>) {
    let (stop, again, backends) = (
        requests.stop().clone(),
        requests.again(),
        Arc::clone(backends),
    );
    tokio::spawn(async move {
        stop.cancelled().await;
        complain(format_args!(
            "stopping: tasks end as canceled; once more to leave at once"
        ));
        let signal = again.await;
        complain(format_args!(
            "left at once: what was running is not in any report{}",
            backends.left()
        ));
        let _ = tokio::time::timeout(STDERR_TAIL, voice::heard()).await;
        std::process::exit(code(signal));
    });
}
