//! Builds a server before anything runs.

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

use crate::backends::Backends;
use crate::collector::process_start;
use crate::compilation_settings::{CompilationSettings, default_cache};
use crate::config::{CacheConfig, Config, Configuration, RecordingModeConfig};
use crate::engine::Engine;
use crate::error::Error;
use crate::exported_metrics::ExportedMetrics;
use crate::http::{Hits, HttpAccess, HttpLimits, HttpServer, Token};
use crate::live::Live;
use crate::notices::Notices;
use crate::programs::Programs;
use crate::reading::Reads;
use crate::running_tasks::RunningTasks;
use crate::site::LiveSite;

/// Settings and parts that a server is built from.
pub(crate) struct Parts {
    pub(crate) configuration: Configuration,
    /// Program that compiles components in a separate process.
    pub(crate) compiler: Option<CompilerProcess>,
    /// Backends of the embedding program.
    pub(crate) native: Vec<MetricsHandle>,
    pub(crate) notices: Arc<dyn Notices>,
    pub(crate) lost_entries: Arc<AtomicU64>,
}

/// Builds the server state, without tasks and backends.
pub(crate) async fn prepare(parts: Parts) -> Result<Arc<Live>, Error> {
    // Reading a key, opening a folder and reserving memory may block. They must not block
    // signals.
    spawn_blocking(move || build(parts))
        .await
        .map_err(Error::aborted("building the server"))?
}

fn build(parts: Parts) -> Result<Arc<Live>, Error> {
    let Parts {
        configuration: source,
        compiler,
        native,
        notices,
        lost_entries,
    } = parts;
    let config = &source.config;
    let code = compilation_settings(&source, compiler);
    let cache = code.open(&*notices);
    let artifacts = code.artifacts(cache.as_ref())?;
    let reads = Reads::default();
    let (guests, own) = (LedgerTotals::new(), LedgerTotals::new());
    let exported = ExportedMetrics::new(&guests, &own);
    let scraped = Arc::new(exported.prometheus(Registry::default()));
    let providers = Providers::builder()
        .artifacts(artifacts.clone())
        .max_component(config.runner.max_component.0.as_u64())
        .build()?;
    let drain_timeout = config.runner.drain_timeout.0.0;
    let backends = Backends::new(
        Arc::clone(&scraped),
        native,
        exported,
        providers,
        reads.clone(),
        Arc::clone(&notices),
        drain_timeout,
    );
    let runner = Runner::builder(backends.handle())
        .ledger_totals(&guests, &own)
        .stack(stack(config))
        .max_component(config.runner.max_component.0.as_u64())
        .recording_mode(match config.runner.recording_mode {
            RecordingModeConfig::Inline => RecordingMode::Inline,
            RecordingModeConfig::Direct => RecordingMode::Direct,
        })
        .asynchronous(config.runner.asynchronous)
        .fuel(config.runner.fuel)
        .pool(pool(config))
        .artifacts(artifacts.clone())
        .build()?;
    let concurrency = config.runner.concurrency;
    let engine = Engine::start(
        runner.clone(),
        Some(concurrency),
        config.runner.shutdown_timeout.0.0,
    )?;
    let programs = Programs::new(runner.clone(), reads.clone(), notices);
    let started_at = SystemTime::now();
    let live = Arc::new(Live {
        file: source.file.display().to_string(),
        start: Instant::now(),
        started_at,
        process_start: process_start(started_at),
        concurrency: concurrency.get(),
        tasks: RunningTasks::new(engine, programs),
        backends,
        scraped,
        exposition_bytes: 0.into(),
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
        is_started: false.into(),
    });
    Ok(live)
}

/// Starts the HTTP server, if it is configured. Until the start is complete, it is not
/// ready.
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
    let (limits, hits) = (HttpLimits::default(), Arc::clone(&live.hits));
    let server = HttpServer::start(wanted.listen.0, site, access, limits, hits).await?;
    for warning in &server.warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(address = %server.address, "serving http://{}/", server.address);
    Ok(Some(server))
}

pub(super) fn access(source: &Configuration) -> Result<HttpAccess, Error> {
    let server = source.config.server.as_ref();
    let file = server.and_then(|server| server.token_file.as_ref());
    let token = file
        .map(|file| Token::read(&source.path(file)))
        .transpose()?;
    let hosts = server.map(|server| server.hosts.iter().map(|host| host.0.clone()));
    Ok(HttpAccess {
        token,
        hosts: hosts.into_iter().flatten().collect(),
    })
}

pub(crate) fn compilation_settings(
    source: &Configuration,
    compiler: Option<CompilerProcess>,
) -> CompilationSettings {
    let config = &source.config.compilation;
    CompilationSettings {
        compiler,
        cache: match &config.cache {
            CacheConfig::Default(true) => default_cache(),
            CacheConfig::Default(false) => None,
            CacheConfig::Folder(dir) => Some(source.path(dir)),
        },
        cache_size: config.cache_size.0.as_u64(),
        artifact_key: config.artifact_key.as_ref().map(|file| source.path(file)),
        compile_memory: config.compile_memory.0.as_u64(),
        compile_timeout: config.compile_timeout.0.0,
    }
}

/// Maximum stack of a run, in bytes.
pub(crate) fn stack(config: &Config) -> usize {
    usize::try_from(config.runner.stack.0.as_u64()).unwrap_or(usize::MAX)
}

/// A slot for each concurrent run, each as large as the largest task needs.
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
