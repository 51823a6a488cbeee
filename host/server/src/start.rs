//! Puts a runner together, before anything runs.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Instant, SystemTime};

use prometheus_client::registry::Registry;
use solti_metrics::MetricsHandle;
use solti_metrics_host::LedgerTotals;
use solti_metrics_host::artifact::CompilerProcess;
use solti_metrics_host::provider::Providers;
use solti_metrics_host::runner::{Pool, RecordingMode, Runner};
use tokio::task::spawn_blocking;

use crate::code::{CodeWanted, default_cache};
use crate::collector::{LiveCollector, process_began};
use crate::config::{Cache, Config, Configuration, Way};
use crate::engine::Engine;
use crate::error::Error;
use crate::exported::Exported;
use crate::http::{Access, Hits, HttpServer, Limits, Token};
use crate::live::Live;
use crate::notices::Notices;
use crate::programs::Programs;
use crate::reading::Reads;
use crate::receivers::Receivers;
use crate::site::LiveSite;
use crate::tasks::Tasks;

/// What a server is put together from.
pub(crate) struct Parts {
    pub(crate) configuration: Configuration,
    /// Compiles in a process of its own.
    pub(crate) compiler: Option<CompilerProcess>,
    /// Those that the program has itself.
    pub(crate) native: Vec<MetricsHandle>,
    pub(crate) notices: Arc<dyn Notices>,
    pub(crate) lost_entries: Arc<AtomicU64>,
}

/// All of it, with no task and no backend yet.
pub(crate) async fn prepare(parts: Parts) -> Result<Arc<Live>, Error> {
    // A key is read, a folder looked at, and room set aside: none of that may hold
    // signals up.
    spawn_blocking(move || put_together(parts))
        .await
        .map_err(Error::given_up("putting the server together"))?
}

fn put_together(parts: Parts) -> Result<Arc<Live>, Error> {
    let Parts {
        configuration: source,
        compiler,
        native,
        notices,
        lost_entries,
    } = parts;
    let config = &source.config;
    let code = code_wanted(&source, compiler);
    let cache = code.open(&*notices);
    let artifacts = code.artifacts(cache.as_ref())?;
    let reads = Reads::default();
    let (guests, own) = (LedgerTotals::new(), LedgerTotals::new());
    let exported = Exported::new(&guests, &own);
    let collector = LiveCollector::default();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector.clone()));
    let scraped = Arc::new(exported.prometheus(registry));
    let providers = Providers::builder()
        .artifacts(artifacts.clone())
        .max_component(config.runner.max_component.0.as_u64())
        .build()?;
    let drain_timeout = config.runner.drain_timeout.0.0;
    let receivers = Receivers::new(
        Arc::clone(&scraped),
        native,
        exported,
        providers,
        reads.clone(),
        Arc::clone(&notices),
        drain_timeout,
    );
    let runner = Runner::builder(receivers.handle())
        .ledger_totals(&guests, &own)
        .stack(stack(config))
        .max_component(config.runner.max_component.0.as_u64())
        .path(match config.runner.recording_mode {
            Way::Inline => RecordingMode::Inline,
            Way::Direct => RecordingMode::Direct,
        })
        .asynchronous(config.runner.asynchronous)
        .fuel(config.runner.fuel)
        .pool(pool(config))
        .artifacts(artifacts.clone())
        .build()?;
    let places = config.runner.concurrency;
    let engine = Engine::start(
        runner.clone(),
        Some(places),
        config.runner.shutdown_timeout.0.0,
    )?;
    let programs = Programs::new(runner.clone(), reads.clone(), notices);
    let began_at = SystemTime::now();
    let live = Arc::new(Live {
        file: source.file.display().to_string(),
        began: Instant::now(),
        began_at,
        process_began: process_began(began_at),
        concurrency: places.get(),
        tasks: Tasks::new(engine, programs),
        receivers,
        scraped,
        guests,
        own,
        runner,
        artifacts,
        cache,
        hits: Arc::new(Hits::default()),
        lost_entries,
        reads,
        reloads: Default::default(),
        draining: false.into(),
        begun: false.into(),
    });
    collector.tell(&live);
    Ok(live)
}

/// Serves it, if that is wanted. What has not begun yet is not ready.
pub(crate) async fn listen(
    source: &Configuration,
    live: &Arc<Live>,
) -> Result<Option<HttpServer>, Error> {
    let Some(wanted) = &source.config.server else {
        return Ok(None);
    };
    let access = match &wanted.token_file {
        Some(file) => {
            let (source, file) = (source.clone(), source.path(file));
            live.reads.in_time(&file, move || access(&source)).await??
        }
        None => access(source)?,
    };
    let site = Arc::new(LiveSite(Arc::clone(live)));
    let (limits, hits) = (Limits::default(), Arc::clone(&live.hits));
    let server = HttpServer::start(wanted.listen.0, site, access, limits, hits).await?;
    for warning in &server.warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(address = %server.address, "serving http://{}/", server.address);
    Ok(Some(server))
}

pub(super) fn access(source: &Configuration) -> Result<Access, Error> {
    let server = source.config.server.as_ref();
    let file = server.and_then(|server| server.token_file.as_ref());
    let token = file
        .map(|file| Token::read(&source.path(file)))
        .transpose()?;
    let hosts = server.map(|server| server.hosts.iter().map(|host| host.0.clone()));
    Ok(Access {
        token,
        hosts: hosts.into_iter().flatten().collect(),
    })
}

pub(crate) fn code_wanted(source: &Configuration, compiler: Option<CompilerProcess>) -> CodeWanted {
    let artifacts = &source.config.artifacts;
    CodeWanted {
        compiler,
        cache: match &artifacts.cache {
            Cache::Kept(true) => default_cache(),
            Cache::Kept(false) => None,
            Cache::In(dir) => Some(source.path(dir)),
        },
        size: artifacts.size.0.as_u64(),
        key: artifacts.key.as_ref().map(|file| source.path(file)),
        memory: artifacts.compile_memory.0.as_u64(),
        time: artifacts.compile_timeout.0.0,
    }
}

/// Bytes of stack that a run has.
pub(crate) fn stack(config: &Config) -> usize {
    usize::try_from(config.runner.stack.0.as_u64()).unwrap_or(usize::MAX)
}

/// Room for as many runs as there may be at a time, each as large as the largest.
pub(super) fn pool(config: &Config) -> Pool {
    let mut pool = Pool::new(u32::try_from(config.runner.concurrency.get()).unwrap_or(u32::MAX));
    let sizes = config.tasks.values().filter_map(|task| task.max_memory);
    let largest = sizes.map(|size| size.0.as_u64()).max().unwrap_or(0);
    pool.memory = pool
        .memory
        .max(usize::try_from(largest).unwrap_or(usize::MAX));
    let elements = config
        .tasks
        .values()
        .filter_map(|task| task.limits.max_table_elements);
    let most = elements.max().map_or(0, |most| most as usize);
    pool.table_elements = pool.table_elements.max(most);
    pool
}
