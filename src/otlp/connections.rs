//! The connections of a client, and their end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::rt::Executor;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinSet;

use super::connector::Connector;
use super::explain::Explain;
use super::failure::Failure;
use super::tls::Tls;

type CollectorClient = Client<Connector, Full<Bytes>>;

/// A client that reuses its connection for later pushes, and closes it after a failure.
pub(super) struct Connections {
    connector: Connector,
    http2: bool,
    client: CollectorClient,
    tasks: ConnectionTasks,
    explain: Explain,
}

impl Connections {
    /// Creates a client. `within` is the time for a push. Four fifths of it are for
    /// connecting to all addresses together, so that one address without an answer leaves
    /// time for the others.
    pub(super) fn new(tls: Tls, http2: bool, within: Duration, explain: Explain) -> Self {
        let connector = Connector::new(tls.config, http2, within.mul_f64(0.8));
        let tasks = ConnectionTasks::default();
        Self {
            client: client(connector.clone(), http2, tasks.clone()),
            connector,
            http2,
            tasks,
            explain,
        }
    }

    pub(super) fn client(&self) -> &CollectorClient {
        self.tasks.reap();
        &self.client
    }

    /// Explains why a request was not answered.
    pub(super) fn failure(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        let Connector { raw, plain, .. } = &self.connector;
        self.explain.failure(error, raw, plain)
    }

    /// Possible cause of a missing answer.
    pub(super) fn hint(&self) -> Option<String> {
        let Connector { raw, plain, .. } = &self.connector;
        self.explain.hint(raw, plain)
    }

    /// Closes the connection. The next push looks the name up again, and starts with another
    /// address.
    pub(super) fn reset(&mut self) {
        self.tasks.end();
        self.tasks = ConnectionTasks::default();
        self.connector.addresses.turn();
        self.client = client(self.connector.clone(), self.http2, self.tasks.clone());
    }
}

fn client(connector: Connector, http2: bool, tasks: ConnectionTasks) -> CollectorClient {
    Client::builder(tasks)
        .http2_only(http2)
        .pool_max_idle_per_host(1)
        .pool_timer(TokioTimer::new())
        .build(connector)
}

/// Background tasks of the client.
#[derive(Clone, Default)]
struct ConnectionTasks(Arc<Mutex<JoinSet<()>>>);

impl ConnectionTasks {
    /// Removes the tasks that have ended.
    fn reap(&self) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
    }

    /// The tasks hold this set themselves, so its drop would not end them.
    fn end(&self) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.abort_all();
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for ConnectionTasks {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(task);
    }
}
