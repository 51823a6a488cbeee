//! The worker of a backend: it serves records, restarts the instance and stops.

use std::sync::Arc;

use solti_metrics::Event;
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::circuit::{Circuit, CircuitVerdict};
use super::command::{BackendCommand, refuse};
use super::instance::{InstanceEnd, InstanceStartFailed, ProviderInstance};
use super::supervision::Supervision;
use super::{BackendFailure, BackendOptions, BackendState, Provider};
use crate::DropReason;

/// Owns the instance, and starts another one when it fails.
pub(super) struct BackendWorker {
    pub(super) shared: Arc<Supervision>,
    pub(super) provider: Provider,
    pub(super) options: BackendOptions,
    pub(super) commands: mpsc::UnboundedReceiver<BackendCommand>,
    /// Set to the moment until which the remaining records may be handed over.
    pub(super) stop: watch::Receiver<Option<Instant>>,
    /// Canceled at that moment.
    pub(super) halt: CancellationToken,
    pub(super) circuit: Circuit,
    /// Records that were taken out of the queue, and not handed over yet.
    pub(super) taken: Vec<Event>,
    /// Time of the next flush, if the provider has anything to flush.
    pub(super) flush_at: Option<Instant>,
}

/// Next step of a worker.
pub(super) enum NextStep {
    Serve(Box<ProviderInstance>),
    Rest(CircuitVerdict),
    End,
}

impl BackendWorker {
    /// Works until the backend is stopped. Without a first instance, the work starts with a pause.
    pub(super) async fn work(mut self, first: Result<ProviderInstance, InstanceStartFailed>) {
        let mut next = match first {
            Ok(instance) => NextStep::Serve(Box::new(instance)),
            Err(InstanceStartFailed { end, stderr_tail }) => self.ended(end, stderr_tail),
        };
        tokio::spawn(halt_in_time(self.stop.clone(), self.halt.clone()));
        loop {
            next = match next {
                NextStep::Serve(instance) => self.serve(*instance).await,
                NextStep::Rest(verdict) => self.rest(verdict).await,
                NextStep::End => break,
            };
        }
        self.close().await;
    }

    /// Hands records over until the instance ends.
    async fn serve(&mut self, mut instance: ProviderInstance) -> NextStep {
        let state = if self.stopping() {
            BackendState::Draining
        } else if self.circuit.half_open() {
            BackendState::HalfOpen
        } else {
            BackendState::Running
        };
        self.shared.has_memory(instance.memory());
        self.open(state);
        let end = self.serve_until_end(&mut instance).await;
        let stderr_tail = self.let_go(instance).await;
        self.shared.has_memory(0);
        self.flush_at = None;
        match end {
            Ok(()) => NextStep::End,
            Err(end) => self.ended(end, stderr_tail),
        }
    }

    /// Sets the state, and queues records for an instance from now on.
    pub(super) fn open(&self, state: BackendState) {
        self.shared.change(|condition| condition.state = state);
        self.shared.queue.close_circuit();
    }

    /// Discards the instance, and returns its stderr tail.
    pub(super) async fn let_go(&self, instance: ProviderInstance) -> Option<String> {
        let remains = instance.discard().await;
        self.shared
            .change(|condition| condition.output_truncated += remains.truncated);
        remains.stderr_tail
    }

    async fn serve_until_end(
        &mut self,
        instance: &mut ProviderInstance,
    ) -> Result<(), InstanceEnd> {
        loop {
            if self.stopping() {
                self.shared
                    .change(|condition| condition.state = BackendState::Draining);
                self.drain(instance).await?;
                return self.flush(instance).await.map(drop);
            }
            if let Ok(command) = self.commands.try_recv() {
                self.execute(command, instance).await?;
                continue;
            }
            if self.flush_at.is_some_and(|at| at <= Instant::now()) {
                // The status holds the provider's message.
                self.flush(instance).await.map(drop)?;
            }
            let handed = self.hand_over(instance, self.options.batch).await?;
            if handed == self.options.batch || !self.taken.is_empty() {
                // Other tasks use this thread too, such as the write of a file.
                tokio::task::yield_now().await;
            } else if let Some(command) = self.wait(handed).await {
                self.execute(command, instance).await?;
            }
        }
    }

    /// Waits for work: for any record, or, right after a batch, until more records gather.
    async fn wait(&mut self, handed: usize) -> Option<BackendCommand> {
        let Self {
            shared,
            commands,
            stop,
            flush_at,
            options,
            ..
        } = self;
        let records = async {
            if handed == 0 {
                shared.queue.some().await;
            } else {
                let _ = timeout(options.linger, shared.queue.batch()).await;
            }
        };
        let flush = async {
            match *flush_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = records => None,
            command = commands.recv() => command,
            () = flush => None,
            _ = stop.changed() => None,
        }
    }

    /// Tells the instance to flush, and stores the result in the status.
    pub(super) async fn flush(
        &mut self,
        instance: &mut ProviderInstance,
    ) -> Result<Result<(), String>, InstanceEnd> {
        self.flush_at = None;
        let said = instance.flush().await?;
        self.shared.has_memory(instance.memory());
        if let Err(error) = &said {
            tracing::warn!(backend = &*self.shared.name, %error, "backend not flushed");
            // The provider has kept the data that it could not send.
            self.flush_at = Some(after(self.options.flush_interval));
        }
        let error = said.clone().err();
        self.shared
            .change(|condition| condition.flush_error = error);
        Ok(said)
    }

    /// Pauses after a failure, then starts the provider again.
    async fn rest(&mut self, verdict: CircuitVerdict) -> NextStep {
        let (pause, state) = match verdict {
            CircuitVerdict::Pause(pause) => (pause, BackendState::Restarting),
            CircuitVerdict::Open(pause) => (pause, BackendState::CircuitOpen),
        };
        if state == BackendState::CircuitOpen {
            tracing::warn!(backend = &*self.shared.name, ?pause, "circuit opened");
            self.shared.queue.open_circuit();
            self.drop_all(DropReason::CircuitOpen);
        }
        self.shared.change(|condition| condition.state = state);
        let until = after(pause);
        loop {
            let stopping = self.stopping();
            let nothing_left = state == BackendState::CircuitOpen || self.in_flight() == 0;
            if stopping && nothing_left {
                return NextStep::End;
            }
            tokio::select! {
                biased;
                () = self.halt.cancelled() => return NextStep::End,
                _ = self.stop.changed(), if !stopping => {}
                command = self.commands.recv(), if !stopping => {
                    if let Some(command) = command
                        && let Some(next) = self.execute_without_instance(command, state).await
                    {
                        return next;
                    }
                }
                () = sleep_until(until) => break,
            }
        }
        match self.start(&self.provider).await {
            Ok(instance) => {
                tracing::info!(backend = &*self.shared.name, "backend restarted");
                self.shared.change(|condition| condition.restarts += 1);
                NextStep::Serve(Box::new(instance))
            }
            Err(InstanceStartFailed { end, stderr_tail }) => self.ended(end, stderr_tail),
        }
    }

    pub(super) async fn start(
        &self,
        provider: &Provider,
    ) -> Result<ProviderInstance, InstanceStartFailed> {
        ProviderInstance::start(provider, &self.options, &self.shared.forwarded, &self.halt).await
    }

    /// Decides the next step after an instance has ended.
    fn ended(&mut self, end: InstanceEnd, stderr_tail: Option<String>) -> NextStep {
        let InstanceEnd::Failed(failure) = end else {
            return NextStep::End;
        };
        self.note(&failure, stderr_tail);
        NextStep::Rest(self.circuit.failed(Instant::now().into_std()))
    }

    pub(super) fn note(&self, failure: &BackendFailure, stderr_tail: Option<String>) {
        tracing::warn!(backend = &*self.shared.name, %failure, stderr_tail, "backend failed");
        self.shared.change(|condition| {
            condition.failures += 1;
            condition.last_failure = Some(failure.clone());
            condition.stderr_tail = stderr_tail;
        });
    }

    fn stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.shared.queue.ledger().snapshot().in_flight()
    }

    /// Settles the remaining records, and answers the remaining commands.
    async fn close(mut self) {
        self.shared.queue.close();
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            refuse(command, &self.shared.name, BackendState::Stopped);
        }
        loop {
            self.drop_all(DropReason::ShutDown);
            if self.in_flight() == 0 {
                break;
            }
            // A recording thread has passed the check for a closed queue, and is about to queue.
            tokio::task::yield_now().await;
        }
        self.shared.queue.end();
        self.shared
            .change(|condition| condition.state = BackendState::Stopped);
    }
}

/// The moment after this time; a very late one, if the clock cannot hold it.
pub(super) fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time)
        .unwrap_or_else(|| now + Duration::from_secs(1 << 30))
}

/// Cancels `halt` at the moment that `stop` names, the earliest if there are several.
async fn halt_in_time(mut stop: watch::Receiver<Option<Instant>>, halt: CancellationToken) {
    let mut at = None;
    // Without senders, the last moment holds.
    while match at {
        None => stop.changed().await.is_ok(),
        Some(at) => tokio::select! {
            () = sleep_until(at) => false,
            changed = stop.changed() => match changed {
                Ok(()) => true,
                Err(_) => {
                    sleep_until(at).await;
                    false
                }
            },
        },
    } {
        at = *stop.borrow_and_update();
    }
    halt.cancel();
}
