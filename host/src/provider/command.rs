//! Commands that a worker carries out between two batches.

use tokio::sync::oneshot;

use super::{BackendState, NotRunning, Provider, StartError};

/// A command, and the channel for its result.
pub(super) enum BackendCommand {
    Flush(oneshot::Sender<Result<(), NotRunning>>),
    Expose(oneshot::Sender<Result<String, NotRunning>>),
    Replace(Box<Provider>, oneshot::Sender<Result<(), StartError>>),
}

/// Answers that the command cannot be carried out in this state.
pub(super) fn refuse(command: BackendCommand, name: &str, state: BackendState) {
    let refused = NotRunning::State { state };
    match command {
        BackendCommand::Flush(reply) => drop(reply.send(Err(refused))),
        BackendCommand::Expose(reply) => drop(reply.send(Err(refused))),
        BackendCommand::Replace(_, reply) => {
            let name = name.to_owned();
            drop(reply.send(Err(StartError::Stopped { name })));
        }
    }
}
