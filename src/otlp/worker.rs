//! The thread that pushes.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep_until, timeout_at};

use super::answer::Accepted;
use super::collector_text::Secrets;
use super::failure::Failure;
use super::push_account::PushAccount;
use super::schedule::PushSchedule;
use super::transport::Transport;
use crate::exporter::{ExportLog, Orders};
use crate::otlp_encoding::{OtlpMessage, unix_nanos};

/// The worker that pushes, on its own thread with its own runtime. It works in programs with
/// and without a runtime.
pub(super) struct PushWorker {
    pub(super) account: Arc<PushAccount>,
    pub(super) message: OtlpMessage,
    pub(super) transport: Transport,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// Endpoint for messages.
    pub(super) target: String,
    pub(super) secrets: Secrets,
    pub(super) log: ExportLog,
}

impl PushWorker {
    /// Starts the thread, and returns when its runtime exists.
    pub(super) fn start(self) -> io::Result<()> {
        let (tell, told) = sync_channel(1);
        thread::Builder::new()
            .name("otlp-export".to_owned())
            .spawn(move || {
                // A runtime must be dropped where blocking is allowed, so this thread
                // creates it.
                let (runtime, made) = match runtime() {
                    Ok(runtime) => (Some(runtime), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                // The starting thread waits for this message.
                let _ = tell.send(made);
                if let Some(runtime) = runtime {
                    self.run(runtime);
                }
            })?;
        told.recv().map_err(io::Error::other)?
    }

    fn run(mut self, runtime: Runtime) {
        let _end = EndOnDrop(Arc::clone(&self.account));
        runtime.block_on(self.push_until_the_end());
        runtime.shutdown_background();
    }

    async fn push_until_the_end(&mut self) {
        let mut schedule = PushSchedule::new(self.interval);
        let mut next = Instant::now() + self.interval;
        let mut flushes = 0;
        loop {
            tokio::select! {
                () = sleep_until(next.into()) => {}
                () = self.account.orders.next(flushes) => {}
            }
            // Read before the totals, so that the push of a flush has all records from
            // before the request.
            let asked = self.account.orders.asked();
            if asked.is_over() {
                return;
            }
            let started = Instant::now();
            let outcome = self.push(asked.flushes).await;
            if asked.end.is_some() {
                return;
            }
            flushes = asked.flushes;
            let wait = schedule.wait(&outcome);
            // An interval is from push to push, and a wait starts with the answer.
            let from = if outcome.is_ok() {
                started
            } else {
                Instant::now()
            };
            next = from + wait;
        }
    }

    async fn push(&mut self, flushes: u64) -> Result<Accepted, Failure> {
        let total = self.account.shards.total();
        let request = self.message.request(&total, unix_nanos());
        let push = self.transport.push(&request);
        let deadline = Instant::now() + self.timeout;
        let outcome = tokio::select! {
            outcome = timeout_at(deadline.into(), push) => outcome.unwrap_or_else(|_| {
                let why = format!("no answer within {:?}", self.timeout);
                Err(Failure::soon(match self.transport.hint() {
                    Some(hint) => format!("{why}; {hint}"),
                    None => why,
                }))
            }),
            () = ended(&self.account.orders) => Err(Failure::soon("no answer until the end")),
        };
        if outcome.is_err() {
            self.transport.reset();
        }
        let said = match &outcome {
            Ok(warning) => {
                self.log.succeeded();
                let warning = warning.as_deref().map(|it| self.secrets.hide(it));
                if let Some(warning) = &warning {
                    self.log.warned(warning);
                }
                Ok(warning)
            }
            Err(failure) => {
                let why = self.secrets.hide(&failure.why);
                self.log.failed(&why);
                Err(format!("{}: {why}", self.target))
            }
        };
        self.account.note(flushes, total.records(), said);
        outcome
    }
}

/// Ends all waits when the worker ends, also by a panic.
struct EndOnDrop(Arc<PushAccount>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Waits until the time to end. The time can become earlier during the wait.
async fn ended(orders: &Orders) {
    loop {
        orders.until(|asked| asked.end.is_some()).await;
        let end = orders.asked().end;
        tokio::select! {
            () = sleep_until(end.unwrap_or_else(Instant::now).into()) => return,
            () = orders.until(|asked| asked.end != end) => {}
        }
    }
}
