//! Providers and middlewares whose functions are random.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use arbitrary::Unstructured;
use solti_metrics::MemoryMetrics;
use solti_metrics_host::limits::Limits as GuestLimits;
use solti_metrics_host::provider::{
    BackendOptions, BackendState, BackendStatus, ComponentBackend, Grants, Providers, RestartPolicy,
};
use solti_metrics_tests::guest::of_module;

use crate::event::event;
use crate::modules::module;
use crate::oracle::{balances, is_one_line, is_settled};
use crate::recorders::block_on;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "providers",
    run,
    seeds: &["fuzz/seeds/records", "fuzz/seeds/queue"],
    words: &[],
    longest: 4 << 10,
    limits: Limits::WASM,
};

/// Bound of the waits for a backend in this process.
const GUARD: Duration = Duration::from_secs(30);

const NEXT: &str = r#"(module
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))
    (import "solti:metrics/backend@0.1.0" "record-task-completed" (func (param i32 i32 i64)))
    (import "solti:metrics/backend@0.1.0" "record-runner-error" (func (param i32 i32))))"#;

/// The functions of each interface.
const EXPORTS: [(&str, &str); 5] = [
    (
        "solti:metrics/backend@0.1.0",
        r#"(memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
        (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64))
        (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32))"#,
    ),
    (
        "solti:metrics/batch@0.1.0",
        r#"(func (export "solti:metrics/batch@0.1.0#record-batch") (param i32 i32))"#,
    ),
    (
        "solti:metrics/lifecycle@0.1.0",
        r#"(func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32) unreachable)"#,
    ),
    (
        "solti:metrics/exposition@0.1.0",
        r#"(func (export "solti:metrics/exposition@0.1.0#expose") (result i32) unreachable)"#,
    ),
    (
        "solti:metrics/accounting@0.1.0",
        r#"(func (export "solti:metrics/accounting@0.1.0#take-discards") (result i32) unreachable)"#,
    ),
];

static PROVIDERS: LazyLock<Result<Providers>> = LazyLock::new(|| Ok(Providers::new()?));

fn run(input: &[u8]) -> Result<()> {
    let mut input = Unstructured::new(input);
    let imports = if input.arbitrary()? { NEXT } else { "(module)" };
    let mut interfaces = vec![EXPORTS[0]];
    for interface in &EXPORTS[1..] {
        if input.arbitrary()? {
            interfaces.push(*interface);
        }
    }
    let mut events = Vec::new();
    for _ in 0..input.int_in_range(0..=40)? {
        events.push(event(&mut input)?);
    }
    let functions: String = interfaces.iter().map(|(_, functions)| *functions).collect();
    let exports = wat::parse_str(format!("(module {functions})"))?;
    let rest = input.take_rest();
    let Some(module) = module(&wat::parse_str(imports)?, &exports, rest)? else {
        return Ok(());
    };
    let exported = |name: &str| interfaces.iter().any(|(it, _)| *it == name);
    // A module that a component cannot have, for example with a memory that is imported.
    let Ok(provider) = of_module(module, exported) else {
        return Ok(());
    };
    let providers = PROVIDERS.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let provider = match providers.load("provider", &provider, &Grants::new()) {
        Ok(provider) => provider,
        Err(error) => return is_one_line(&error.to_string()),
    };
    let next = Arc::new(MemoryMetrics::new());
    let policy = RestartPolicy::new().initial_backoff(Duration::ZERO).failures(3);
    let mut options = BackendOptions::new()
        .deadline(Duration::from_secs(5))
        .limits(GuestLimits::new().memory(16 << 20))
        .restart(policy.open(Duration::from_secs(3600)));
    options.next = provider.is_middleware().then(|| next.clone() as _);
    let backend = match ComponentBackend::start(&provider, options) {
        Ok(backend) => backend,
        Err(error) => return is_one_line(&error.to_string()),
    };
    let (first, second) = events.split_at(events.len() / 2);
    for event in first {
        event.record_into(&backend);
    }
    ask(&backend)?;
    for event in second {
        event.record_into(&backend);
    }
    ask(&backend)?;
    backend.stop_blocking(GUARD);
    let status = backend.status();
    reached();
    ensure!(status.state == BackendState::Stopped, "{status:?}");
    ensure!(status.ledger.accepted() == events.len() as u64, "{status:?}");
    is_settled(&status.ledger)?;
    if let Some(forwarded) = &status.forwarded {
        is_settled(forwarded)?;
        let arrived = next.events().len() as u64;
        ensure!(forwarded.delivered() == arrived, "{arrived} arrived: {status:?}");
    }
    printed(&status)
}

/// Flushes and scrapes, which fail or not.
fn ask(backend: &ComponentBackend) -> Result<()> {
    if let Err(error) = block_on(async { Ok(backend.flush().await) })? {
        is_one_line(&error.to_string())?;
    }
    if let Err(error) = block_on(async { Ok(backend.expose().await) })? {
        is_one_line(&error.to_string())?;
    }
    let status = backend.status();
    balances(&status.ledger)?;
    printed(&status)
}

/// The texts of a status are for lines of a log.
fn printed(status: &BackendStatus) -> Result<()> {
    if let Some(error) = &status.flush_error {
        is_one_line(error)?;
    }
    if let Some(failure) = &status.last_failure {
        is_one_line(&failure.to_string())?;
    }
    Ok(())
}
