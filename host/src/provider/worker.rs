use std::sync::Arc;

use solti_metrics::Event;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::circuit::{Circuit, Verdict};
use super::instance::{Ended, HandedOver, Instance};
use super::supervision::{Intake, Supervision};
use super::{BackendFailure, BackendOptions, BackendState, NotRunning, Provider, StartError};
use crate::DropReason;
use crate::bindings::types as wit;

/// Something that the worker is asked to do between two batches.
pub(super) enum Command {
    Flush(oneshot::Sender<Result<(), NotRunning>>),
    Expose(oneshot::Sender<Result<String, NotRunning>>),
    Replace(Box<Provider>, oneshot::Sender<Result<(), StartError>>),
}

/// Owns the instance: hands records over, and replaces an instance that failed.
/// The one place where a record that was queued is settled.
pub(super) struct Worker {
    pub(super) shared: Arc<Supervision>,
    pub(super) provider: Provider,
    pub(super) options: BackendOptions,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    /// Set to the moment until which the rest may be handed over.
    pub(super) stop: watch::Receiver<Option<Instant>>,
    /// Cancelled at that moment.
    pub(super) halt: CancellationToken,
    pub(super) circuit: Circuit,
    /// Taken out of the queue, and not handed over.
    pub(super) taken: Vec<Event>,
    /// When the provider is to be flushed next, if it has anything to flush.
    pub(super) flush_at: Option<Instant>,
}

/// What a worker does next.
enum Next {
    Serve(Box<Instance>),
    Rest(Verdict),
    End,
}

impl Worker {
    /// Works until the backend is stopped. Without a first instance, it begins
    /// with a pause.
    pub(super) async fn work(mut self, first: Result<Instance, Ended>) {
        let mut next = match first {
            Ok(instance) => Next::Serve(Box::new(instance)),
            Err(end) => self.ended(end),
        };
        tokio::spawn(halt_in_time(self.stop.clone(), self.halt.clone()));
        loop {
            next = match next {
                Next::Serve(instance) => self.serve(*instance).await,
                Next::Rest(verdict) => self.rest(verdict).await,
                Next::End => break,
            };
        }
        self.close().await;
    }

    /// Hands records over for as long as the instance lasts.
    async fn serve(&mut self, mut instance: Instance) -> Next {
        let state = if self.stopping() {
            BackendState::Draining
        } else if self.circuit.on_probation() {
            BackendState::OnProbation
        } else {
            BackendState::Running
        };
        self.shared.change(|condition| condition.state = state);
        self.shared.set_intake(Intake::Open);
        let end = self.serve_until_end(&mut instance).await;
        let swallowed = instance.discard().await;
        self.shared
            .change(|condition| condition.output_swallowed += swallowed);
        self.flush_at = None;
        match end {
            Ok(()) => Next::End,
            Err(end) => self.ended(end),
        }
    }

    async fn serve_until_end(&mut self, instance: &mut Instance) -> Result<(), Ended> {
        loop {
            if self.stopping() {
                self.shared
                    .change(|condition| condition.state = BackendState::Draining);
                self.drain(instance).await?;
                return self.flush(instance).await.map(drop);
            }
            if let Ok(command) = self.commands.try_recv() {
                self.obey(command, instance).await?;
                continue;
            }
            if self.flush_at.is_some_and(|at| at <= Instant::now()) {
                // What it says is in the status.
                self.flush(instance).await.map(drop)?;
            }
            let handed = self.hand_over(instance, self.options.batch).await?;
            if handed == self.options.batch {
                // Others live on this thread too: a file being written, say.
                tokio::task::yield_now().await;
            } else if let Some(command) = self.wait(handed).await {
                self.obey(command, instance).await?;
            }
        }
    }

    /// Waits for something to do: for any record, or, if there were some just
    /// now, for a moment in which more of them gather.
    async fn wait(&mut self, handed: usize) -> Option<Command> {
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

    /// Hands over what is queued, up to a number of records. Returns how many
    /// there were.
    async fn hand_over(&mut self, instance: &mut Instance, limit: usize) -> Result<usize, Ended> {
        self.take(limit);
        if self.taken.is_empty() {
            return Ok(0);
        }
        let handed = instance.hand_over(&self.taken).await;
        let gone = handed.returned + handed.under_way;
        self.taken.drain(..gone);
        self.settle(handed)?;
        if self.circuit.on_probation() {
            self.shared
                .change(|condition| condition.state = BackendState::Running);
        }
        self.circuit.delivered();
        if self.flush_at.is_none() && instance.can_flush() {
            self.flush_at = Some(Instant::now() + self.options.flush_every);
        }
        Ok(gone)
    }

    /// Takes records out of the queue until there are so many.
    fn take(&mut self, limit: usize) {
        while self.taken.len() < limit {
            match self.shared.queue.pop() {
                Some(event) if is_mapped(event) => self.taken.push(event),
                Some(_) => self.shared.ledger.drop_for(DropReason::UnmappedLabel, 1),
                None => return,
            }
        }
    }

    /// Books what became of records that were handed over.
    fn settle(&self, handed: HandedOver) -> Result<(), Ended> {
        let ledger = &self.shared.ledger;
        let (returned, under_way) = (handed.returned as u64, handed.under_way as u64);
        let discards = handed.end.as_ref().copied().unwrap_or_default();
        // It can speak for no more records than it was given.
        let sampled = discards.sampled.min(returned);
        let failed = discards.failed.min(returned - sampled);
        ledger.deliver(returned - sampled - failed);
        for (reason, records) in [
            (DropReason::Sampled, sampled),
            (DropReason::BackendFailed, failed),
        ] {
            if records > 0 {
                ledger.drop_for(reason, records);
            }
        }
        if under_way > 0 {
            let reason = match &handed.end {
                Err(Ended::Failed(failure)) => failure.reason(),
                Err(Ended::Halted) | Ok(_) => DropReason::ShutDown,
            };
            ledger.drop_for(reason, under_way);
        }
        handed.end.map(drop)
    }

    /// Hands over what is queued at this moment; others may go on to record.
    async fn hand_over_queued(&mut self, instance: &mut Instance) -> Result<(), Ended> {
        let mut left = self.taken.len() + self.shared.queue.len();
        while left > 0 {
            let limit = left.min(self.options.batch);
            match self.hand_over(instance, limit).await? {
                0 => return Ok(()),
                handed => left = left.saturating_sub(handed),
            }
        }
        Ok(())
    }

    /// Hands over all that was recorded before the intake was closed.
    async fn drain(&mut self, instance: &mut Instance) -> Result<(), Ended> {
        loop {
            if self.hand_over(instance, self.options.batch).await? == 0 {
                if self.in_flight() == 0 {
                    return Ok(());
                }
                // Somebody got past the intake, and is about to queue.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Tells the instance to flush, and notes what it says.
    async fn flush(&mut self, instance: &mut Instance) -> Result<Result<(), String>, Ended> {
        self.flush_at = None;
        let said = instance.flush().await?;
        if let Err(error) = &said {
            tracing::warn!(backend = &*self.shared.name, %error, "backend not flushed");
            // It has kept what it could not hand on.
            self.flush_at = Some(Instant::now() + self.options.flush_every);
        }
        let error = said.clone().err();
        self.shared
            .change(|condition| condition.flush_error = error);
        Ok(said)
    }

    async fn obey(&mut self, command: Command, instance: &mut Instance) -> Result<(), Ended> {
        match command {
            Command::Flush(reply) => {
                let flushed = match self.hand_over_queued(instance).await {
                    Ok(()) => self.flush(instance).await,
                    Err(end) => Err(end),
                };
                answer(reply, flushed, |said| said.map_err(NotRunning::Refused))
            }
            Command::Expose(reply) => {
                let exposed = match self.hand_over_queued(instance).await {
                    Ok(()) => instance.expose().await,
                    Err(end) => Err(end),
                };
                answer(reply, exposed, whole_exposition)
            }
            Command::Replace(provider, reply) => {
                let replaced = self.replace(*provider, instance).await?;
                // Whoever asked may have lost patience.
                let _ = reply.send(replaced);
                Ok(())
            }
        }
    }

    /// Puts another provider into the place of this one, if it can be started.
    /// What was recorded before goes to the old one, what comes after to the new
    /// one, and nothing to both.
    async fn replace(
        &mut self,
        provider: Provider,
        instance: &mut Instance,
    ) -> Result<Result<(), StartError>, Ended> {
        let mut new = match self.start(&provider).await {
            Ok(new) => new,
            Err(Ended::Halted) => return Err(Ended::Halted),
            Err(Ended::Failed(failure)) => {
                let name = provider.name().to_owned();
                tracing::warn!(backend = &*self.shared.name, new = name, %failure, "backend not replaced");
                return Ok(Err(StartError::Failed { name, failure }));
            }
        };
        let last = match self.hand_over_queued(instance).await {
            Ok(()) => self.flush(instance).await.map(drop),
            Err(end) => Err(end),
        };
        std::mem::swap(instance, &mut new);
        let swallowed = new.discard().await;
        self.shared
            .change(|condition| condition.output_swallowed += swallowed);
        match last {
            Err(Ended::Failed(failure)) => self.note(&failure),
            Err(Ended::Halted) => return Err(Ended::Halted),
            Ok(()) => {}
        }
        self.succeeded_by(provider);
        self.shared
            .change(|condition| condition.state = BackendState::Running);
        Ok(Ok(()))
    }

    /// From here on, this is the provider.
    fn succeeded_by(&mut self, provider: Provider) {
        tracing::info!(
            backend = &*self.shared.name,
            old = self.provider.name(),
            new = provider.name(),
            "backend replaced"
        );
        let (siblings, is_middleware) = (provider.siblings(), provider.is_middleware());
        self.shared.change(|condition| {
            condition.swaps += 1;
            condition.siblings = siblings;
            condition.is_middleware = is_middleware;
        });
        self.circuit.forget();
        self.flush_at = None;
        self.provider = provider;
    }

    /// Pauses after a failure, then tries again.
    async fn rest(&mut self, verdict: Verdict) -> Next {
        let (pause, state) = match verdict {
            Verdict::Pause(pause) => (pause, BackendState::Restarting),
            Verdict::Open(pause) => (pause, BackendState::CircuitOpen),
        };
        if state == BackendState::CircuitOpen {
            tracing::warn!(backend = &*self.shared.name, ?pause, "circuit opened");
            self.shared.set_intake(Intake::CircuitOpen);
            self.drop_all(DropReason::CircuitOpen);
        }
        self.shared.change(|condition| condition.state = state);
        let until = Instant::now() + pause;
        loop {
            let stopping = self.stopping();
            let nothing_left = state == BackendState::CircuitOpen || self.in_flight() == 0;
            if stopping && nothing_left {
                return Next::End;
            }
            tokio::select! {
                biased;
                () = self.halt.cancelled() => return Next::End,
                _ = self.stop.changed(), if !stopping => {}
                command = self.commands.recv(), if !stopping => {
                    if let Some(command) = command
                        && let Some(next) = self.obey_at_rest(command, state).await
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
                Next::Serve(Box::new(instance))
            }
            Err(end) => self.ended(end),
        }
    }

    /// Without an instance, only another provider helps.
    async fn obey_at_rest(&mut self, command: Command, state: BackendState) -> Option<Next> {
        let Command::Replace(provider, reply) = command else {
            refuse(command, &self.shared.name, state);
            return None;
        };
        match self.start(&provider).await {
            Ok(instance) => {
                self.succeeded_by(*provider);
                let _ = reply.send(Ok(()));
                Some(Next::Serve(Box::new(instance)))
            }
            Err(Ended::Halted) => Some(Next::End),
            Err(Ended::Failed(failure)) => {
                let name = provider.name().to_owned();
                let _ = reply.send(Err(StartError::Failed { name, failure }));
                None
            }
        }
    }

    async fn start(&self, provider: &Provider) -> Result<Instance, Ended> {
        Instance::start(provider, &self.options, &self.shared.forwarded, &self.halt).await
    }

    /// What to do after an instance has ended.
    fn ended(&mut self, end: Ended) -> Next {
        let Ended::Failed(failure) = end else {
            return Next::End;
        };
        self.note(&failure);
        let now = Instant::now().into_std();
        Next::Rest(self.circuit.failed(now, fastrand::f64()))
    }

    fn note(&self, failure: &BackendFailure) {
        tracing::warn!(backend = &*self.shared.name, %failure, "backend failed");
        self.shared.change(|condition| {
            condition.failures += 1;
            condition.last_failure = Some(failure.to_string());
        });
    }

    fn stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    fn in_flight(&self) -> u64 {
        self.shared.ledger.reader().snapshot().in_flight()
    }

    fn drop_all(&mut self, reason: DropReason) {
        if !self.taken.is_empty() {
            let records = self.taken.len() as u64;
            self.shared.ledger.drop_for(reason, records);
            self.taken.clear();
        }
        self.shared.drop_queued(reason);
    }

    /// Settles what is left, and answers whoever still asks.
    async fn close(mut self) {
        self.shared.set_intake(Intake::ShutDown);
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            refuse(command, &self.shared.name, BackendState::Stopped);
        }
        loop {
            self.drop_all(DropReason::ShutDown);
            if self.in_flight() == 0 {
                break;
            }
            // Somebody got past the intake, and is about to queue.
            tokio::task::yield_now().await;
        }
        self.shared
            .change(|condition| condition.state = BackendState::Stopped);
    }
}

/// Answers whoever asked, and passes on that the instance has ended.
fn answer<T, U>(
    reply: oneshot::Sender<Result<U, NotRunning>>,
    result: Result<T, Ended>,
    what: impl FnOnce(T) -> Result<U, NotRunning>,
) -> Result<(), Ended> {
    // Whoever asked may have lost patience.
    let (answer, end) = match result {
        Ok(value) => (what(value), Ok(())),
        Err(Ended::Failed(failure)) => {
            let answer = Err(NotRunning::Failed(failure.clone()));
            (answer, Err(Ended::Failed(failure)))
        }
        Err(Ended::Halted) => {
            let state = BackendState::Stopped;
            (Err(NotRunning::State { state }), Err(Ended::Halted))
        }
    };
    let _ = reply.send(answer);
    end
}

fn refuse(command: Command, name: &str, state: BackendState) {
    let refused = NotRunning::State { state };
    match command {
        Command::Flush(reply) => drop(reply.send(Err(refused))),
        Command::Expose(reply) => drop(reply.send(Err(refused))),
        Command::Replace(_, reply) => {
            let name = name.to_owned();
            drop(reply.send(Err(StartError::Stopped { name })));
        }
    }
}

/// A scraper that got half an exposition would take it for the whole.
fn whole_exposition(text: Option<String>) -> Result<String, NotRunning> {
    match text {
        None => Err(NotRunning::Unsupported("exposition")),
        Some(text) if text.trim_end().ends_with("# EOF") => Ok(text),
        Some(_) => Err(NotRunning::Refused(
            "an exposition whose last line is not `# EOF`".into(),
        )),
    }
}

/// Whether the package has names for an event's labels.
fn is_mapped(event: Event) -> bool {
    let runner = wit::RunnerType::try_from(event.runner()).is_ok();
    let label = match event {
        Event::TaskCompleted { outcome, .. } => wit::TaskOutcome::try_from(outcome).is_ok(),
        Event::RunnerError { error, .. } => wit::RunnerErrorKind::try_from(error).is_ok(),
        _ => true,
    };
    runner && label
}

/// Cancels `halt` at the moment that `stop` names, the earliest if there are
/// several.
async fn halt_in_time(mut stop: watch::Receiver<Option<Instant>>, halt: CancellationToken) {
    let mut at = None;
    // Without anybody who could still ask, what was asked last holds.
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
