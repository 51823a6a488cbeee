//! Commands that a worker carries out between two batches.

use tokio::sync::oneshot;

use super::command::{BackendCommand, refuse};
use super::instance::{InstanceEnd, InstanceStartFailed, ProviderInstance};
use super::worker::{BackendWorker, NextStep, after};
use super::{BackendState, NotRunning, Provider, StartError};

impl BackendWorker {
    pub(super) async fn execute(
        &mut self,
        command: BackendCommand,
        instance: &mut ProviderInstance,
    ) -> Result<(), InstanceEnd> {
        match command {
            BackendCommand::Flush(reply) => {
                let flushed = match self.hand_over_queued(instance).await {
                    Ok(()) => self.flush(instance).await,
                    Err(end) => Err(end),
                };
                answer(reply, flushed, |said| said.map_err(NotRunning::Refused))
            }
            BackendCommand::Expose(reply) => {
                let exposed = match self.hand_over_queued(instance).await {
                    Ok(()) => instance.expose().await,
                    Err(end) => Err(end),
                };
                self.shared.has_memory(instance.memory());
                answer(reply, exposed, whole_exposition)
            }
            // The caller no longer waits: ignore the command.
            BackendCommand::Replace(_, reply) if reply.is_closed() => Ok(()),
            BackendCommand::Replace(provider, reply) => {
                let replaced = self.replace(*provider, instance).await?;
                // The caller may no longer wait.
                let _ = reply.send(replaced);
                Ok(())
            }
        }
    }

    /// Replaces the provider, if the new one can be started. Records that were queued before go to
    /// the old one, as far as it takes them in time. Later records go to the new one, and no record
    /// goes to both.
    async fn replace(
        &mut self,
        provider: Provider,
        instance: &mut ProviderInstance,
    ) -> Result<Result<(), StartError>, InstanceEnd> {
        let mut new = match self.start(&provider).await {
            Ok(new) => new,
            Err(InstanceStartFailed { end, stderr_tail }) => {
                let InstanceEnd::Failed(failure) = end else {
                    return Err(end);
                };
                let name = provider.name().to_owned();
                tracing::warn!(
                    backend = &*self.shared.name, new = name, %failure, stderr_tail,
                    "backend not replaced"
                );
                return Ok(Err(StartError::failed(name, failure, stderr_tail)));
            }
        };
        let until = after(self.options.drain_timeout);
        let last = match self.hand_over_queued_until(instance, Some(until)).await {
            Ok(()) => self.flush(instance).await.map(drop),
            Err(end) => Err(end),
        };
        std::mem::swap(instance, &mut new);
        self.shared.has_memory(instance.memory());
        let stderr_tail = self.let_go(new).await;
        match last {
            Err(InstanceEnd::Failed(failure)) => self.note(&failure, stderr_tail),
            Err(InstanceEnd::Halted) => return Err(InstanceEnd::Halted),
            Ok(()) => {}
        }
        self.succeeded_by(provider);
        self.shared
            .change(|condition| condition.state = BackendState::Running);
        Ok(Ok(()))
    }

    /// Makes this the provider of the backend.
    fn succeeded_by(&mut self, provider: Provider) {
        tracing::info!(
            backend = &*self.shared.name,
            old = self.provider.name(),
            new = provider.name(),
            "backend replaced"
        );
        let (optional_interfaces, is_middleware) =
            (provider.optional_interfaces(), provider.is_middleware());
        let now = optional_interfaces.names();
        let mut lost = self.provider.optional_interfaces().names();
        lost.retain(|name| !now.contains(name));
        if !lost.is_empty() {
            tracing::warn!(
                backend = &*self.shared.name,
                new = provider.name(),
                interfaces = lost.join(", "),
                "the new provider lacks optional interfaces that the old one exports"
            );
        }
        self.shared.change(|condition| {
            condition.replacements += 1;
            condition.optional_interfaces = optional_interfaces;
            condition.is_middleware = is_middleware;
        });
        self.circuit.forget();
        self.flush_at = None;
        self.provider = provider;
    }

    /// Carries out a command without an instance: only a replacement succeeds.
    pub(super) async fn execute_without_instance(
        &mut self,
        command: BackendCommand,
        state: BackendState,
    ) -> Option<NextStep> {
        let BackendCommand::Replace(provider, reply) = command else {
            refuse(command, &self.shared.name, state);
            return None;
        };
        if reply.is_closed() {
            return None;
        }
        match self.start(&provider).await {
            Ok(instance) => {
                self.succeeded_by(*provider);
                // A caller that is answered may record at once, so close the circuit first.
                self.open(BackendState::Running);
                let _ = reply.send(Ok(()));
                Some(NextStep::Serve(Box::new(instance)))
            }
            Err(InstanceStartFailed { end, stderr_tail }) => {
                let InstanceEnd::Failed(failure) = end else {
                    return Some(NextStep::End);
                };
                let name = provider.name().to_owned();
                let _ = reply.send(Err(StartError::failed(name, failure, stderr_tail)));
                None
            }
        }
    }
}

/// Answers the caller, and passes on that the instance has ended.
fn answer<T, U>(
    reply: oneshot::Sender<Result<U, NotRunning>>,
    result: Result<T, InstanceEnd>,
    what: impl FnOnce(T) -> Result<U, NotRunning>,
) -> Result<(), InstanceEnd> {
    // The caller may no longer wait.
    let (answer, end) = match result {
        Ok(value) => (what(value), Ok(())),
        Err(InstanceEnd::Failed(failure)) => {
            let answer = Err(NotRunning::Failed(failure.clone()));
            (answer, Err(InstanceEnd::Failed(failure)))
        }
        Err(InstanceEnd::Halted) => {
            let state = BackendState::Stopped;
            (Err(NotRunning::State { state }), Err(InstanceEnd::Halted))
        }
    };
    let _ = reply.send(answer);
    end
}

/// Checks that the exposition is complete: a scraper would accept half of it as the whole.
fn whole_exposition(text: Option<String>) -> Result<String, NotRunning> {
    match text {
        None => Err(NotRunning::Unsupported("exposition")),
        Some(text) if text.trim_end().ends_with("# EOF") => Ok(text),
        Some(_) => Err(NotRunning::Refused(
            "the last line of the exposition is not `# EOF`".into(),
        )),
    }
}
