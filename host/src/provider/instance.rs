//! One instance of a provider, and the calls of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use solti_metrics::{Event, noop_metrics};
use tokio_util::sync::CancellationToken;
use wasmtime::Store;

use super::calls::{Calls, Discards};
use super::state::{ProviderState, wasi};
use super::streams::{InstanceOutput, Streams};
use super::{BackendFailure, BackendOptions, Provider};
use crate::contained::panic_text;
use crate::engine::Ticker;
use crate::limits::Limit;
use crate::process::ProcessLimit;
use crate::text::{one_line, printable};
use crate::{LedgerTotals, MetricsCtx};

/// One instance of a provider, in its own store.
pub(super) struct ProviderInstance {
    store: Store<ProviderState>,
    calls: Calls,
    deadline: Duration,
    halt: CancellationToken,
    ticker: Arc<Ticker>,
    streams: Streams,
}

/// Time for which single records are handed over before the worker checks for commands.
const SLICE: Duration = Duration::from_millis(100);

/// Number of records after which the time is checked.
const LOOK: usize = 8;

/// Reason why an instance has ended.
#[derive(Debug)]
pub(super) enum InstanceEnd {
    Failed(BackendFailure),
    /// The backend was stopped.
    Halted,
}

/// Reason why an instance could not start.
#[derive(Debug)]
pub(super) struct InstanceStartFailed {
    pub(super) end: InstanceEnd,
    /// Last output on standard error.
    pub(super) stderr_tail: Option<String>,
}

/// Outcome of the records that an instance was given.
pub(super) struct HandedOver {
    /// Number of records for which the call returned.
    pub(super) returned: usize,
    /// Number of records in the call during which the instance ended. The instance has never seen
    /// the records behind them.
    pub(super) under_way: usize,
    /// Discards that the provider reports of the returned records, or the reason why the instance
    /// has ended.
    pub(super) end: Result<Discards, InstanceEnd>,
}

impl ProviderInstance {
    /// Instantiates a provider, within the deadline of a call.
    pub(super) async fn start(
        provider: &Provider,
        options: &BackendOptions,
        forwarded: &LedgerTotals,
        halt: &CancellationToken,
    ) -> Result<Self, InstanceStartFailed> {
        let limits = &options.limits;
        let streams = Streams::new(options);
        let (stdout, stderr) = (streams.stdout.clone(), streams.stderr.clone());
        let started = options.stdout.start().and(options.stderr.start());
        started.map_err(|error| InstanceStartFailed {
            end: InstanceEnd::Failed(BackendFailure::Grant {
                reason: format!("the thread that writes its output cannot start: {error}"),
            }),
            stderr_tail: None,
        })?;
        let wasi =
            wasi(provider.name(), provider.grants(), limits, stdout, stderr).map_err(|error| {
                let failure = match ProcessLimit::behind(&error) {
                    Some(limit) => BackendFailure::ProcessLimit { limit },
                    None => BackendFailure::Grant {
                        reason: one_line(&error),
                    },
                };
                InstanceStartFailed {
                    end: InstanceEnd::Failed(failure),
                    stderr_tail: None,
                }
            })?;
        let next = MetricsCtx::builder()
            .handle(options.next.clone().unwrap_or_else(noop_metrics))
            .identity(provider.name())
            .ledger_totals(forwarded)
            .build();
        let engine = provider.pre.engine();
        let mut store = ProviderState::store(engine, wasi, next, provider.grants(), limits);
        let data = provider.inspection().instance_data;
        if let Err(trap) = store.data_mut().limiter_mut().reserve_instances(data) {
            let limit = Limit::Memory;
            return Err(InstanceStartFailed {
                end: InstanceEnd::Failed(BackendFailure::LimitHit { limit, trap }),
                stderr_tail: None,
            });
        }
        let _ticking = provider.ticker.run();
        let started = bounded(options.deadline, halt, async {
            let instance = provider.pre.instantiate_async(&mut store).await?;
            let mut calls = Calls::find(provider, &instance, &mut store)?;
            calls.batch = calls.batch.filter(|_| options.batches);
            Ok(calls)
        })
        .await;
        match started {
            Ok(calls) => Ok(Self {
                store,
                calls,
                deadline: options.deadline,
                halt: halt.clone(),
                ticker: Arc::clone(&provider.ticker),
                streams,
            }),
            Err(broken) => Err(InstanceStartFailed {
                end: broken.into_end(&store, options.deadline),
                stderr_tail: streams.finish().await.stderr_tail,
            }),
        }
    }

    /// Hands records over, in as few calls as the provider allows. If the provider takes single
    /// records and is slow, some records are left.
    pub(super) async fn hand_over(&mut self, events: &[Event]) -> HandedOver {
        let _ticking = self.ticker.run();
        let mut handed = HandedOver {
            returned: 0,
            under_way: 0,
            end: Ok(Discards::default()),
        };
        let given = if self.calls.batch.is_some() {
            self.hand_over_at_once(events, &mut handed).await
        } else {
            self.hand_over_one_by_one(events, &mut handed).await
        };
        handed.end = match given {
            Ok(()) => self.take_discards().await,
            Err(end) => Err(end),
        };
        handed
    }

    async fn hand_over_at_once(
        &mut self,
        events: &[Event],
        handed: &mut HandedOver,
    ) -> Result<(), InstanceEnd> {
        let Some(batch) = self.calls.batch else {
            return Ok(());
        };
        handed.under_way = events.len();
        let words = words(events);
        let call = batch.call_async(&mut self.store, (words,));
        let called = bounded(self.deadline, &self.halt, call).await;
        called.map_err(|broken| broken.into_end(&self.store, self.deadline))?;
        (handed.returned, handed.under_way) = (events.len(), 0);
        Ok(())
    }

    async fn hand_over_one_by_one(
        &mut self,
        events: &[Event],
        handed: &mut HandedOver,
    ) -> Result<(), InstanceEnd> {
        let started = Instant::now();
        for event in events {
            // A slow provider does not delay the answer to a command.
            let is_due = handed.returned % LOOK == LOOK - 1;
            if is_due && started.elapsed() >= SLICE {
                return Ok(());
            }
            handed.under_way = 1;
            let (calls, store) = (&self.calls, &mut self.store);
            let call = async {
                // Labels without a WIT name were dropped before.
                match *event {
                    Event::TaskStarted { runner } => {
                        calls.started.call_async(store, (runner.try_into()?,)).await
                    }
                    Event::TaskCompleted {
                        runner,
                        outcome,
                        duration_ms,
                    } => {
                        let params = (runner.try_into()?, outcome.try_into()?, duration_ms);
                        calls.completed.call_async(store, params).await
                    }
                    Event::RunnerError { runner, error } => {
                        let params = (runner.try_into()?, error.try_into()?);
                        calls.error.call_async(store, params).await
                    }
                    _ => Ok(()),
                }
            };
            let called = bounded(self.deadline, &self.halt, call).await;
            called.map_err(|broken| broken.into_end(&self.store, self.deadline))?;
            (handed.returned, handed.under_way) = (handed.returned + 1, 0);
        }
        Ok(())
    }

    async fn take_discards(&mut self) -> Result<Discards, InstanceEnd> {
        let Some(take) = self.calls.take_discards else {
            return Ok(Discards::default());
        };
        let call = take.call_async(&mut self.store, ());
        match bounded(self.deadline, &self.halt, call).await {
            Ok((discards,)) => Ok(discards),
            Err(broken) => Err(broken.into_end(&self.store, self.deadline)),
        }
    }

    /// Memory of the instance, in bytes: linear memories, tables and instance data.
    pub(super) fn memory(&self) -> usize {
        self.store.data().limiter().memory()
    }

    pub(super) fn can_flush(&self) -> bool {
        self.calls.flush.is_some()
    }

    /// Tells the provider to flush. The inner error is the provider's own message.
    pub(super) async fn flush(&mut self) -> Result<Result<(), String>, InstanceEnd> {
        let Some(flush) = self.calls.flush else {
            return Ok(Ok(()));
        };
        let _ticking = self.ticker.run();
        let call = flush.call_async(&mut self.store, ());
        match bounded(self.deadline, &self.halt, call).await {
            Ok((result,)) => Ok(result.map_err(|said| printable(&said))),
            Err(broken) => Err(broken.into_end(&self.store, self.deadline)),
        }
    }

    /// Asks for the provider's exposition; `None` if it has none.
    pub(super) async fn expose(&mut self) -> Result<Option<String>, InstanceEnd> {
        let Some(expose) = self.calls.expose else {
            return Ok(None);
        };
        let _ticking = self.ticker.run();
        let call = expose.call_async(&mut self.store, ());
        match bounded(self.deadline, &self.halt, call).await {
            Ok((text,)) => Ok(Some(text)),
            Err(broken) => Err(broken.into_end(&self.store, self.deadline)),
        }
    }

    /// Discards the instance.
    pub(super) async fn discard(self) -> InstanceOutput {
        drop(self.store);
        self.streams.finish().await
    }
}

/// The words of `wit/batch.wit`.
fn words(events: &[Event]) -> Vec<u64> {
    let pairs: Vec<_> = events.iter().map(|event| event.to_words()).collect();
    pairs.into_flattened()
}

/// A call that did not return.
enum CallFailure {
    Error(wasmtime::Error),
    TimedOut,
    Panicked(String),
    Halted,
}

impl CallFailure {
    fn into_end(self, store: &Store<ProviderState>, deadline: Duration) -> InstanceEnd {
        InstanceEnd::Failed(match self {
            Self::Error(error) => BackendFailure::of_error(&error, store.data().limiter()),
            Self::TimedOut => BackendFailure::TimedOut { deadline },
            Self::Panicked(message) => BackendFailure::Panicked { message },
            Self::Halted => return InstanceEnd::Halted,
        })
    }
}

/// Runs a call until it returns, its deadline passes, or the backend is stopped. The provider
/// yields the thread at every tick.
async fn bounded<T>(
    deadline: Duration,
    halt: &CancellationToken,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, CallFailure> {
    let call = tokio::time::timeout(deadline, AssertUnwindSafe(call).catch_unwind());
    tokio::select! {
        biased;
        ended = call => match ended {
            Ok(Ok(Ok(output))) => Ok(output),
            Ok(Ok(Err(error))) => Err(CallFailure::Error(error)),
            Ok(Err(panic)) => Err(CallFailure::Panicked(panic_text(&*panic))),
            Err(_) => Err(CallFailure::TimedOut),
        },
        () = halt.cancelled() => Err(CallFailure::Halted),
    }
}
