use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Body;
use hyper::rt::Executor;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use tokio::task::JoinSet;

/// A client that keeps its connection from push to push, and lets go of it when
/// something went wrong.
pub(super) struct Connections<B> {
    connector: HttpsConnector<HttpConnector>,
    http2: bool,
    client: Client<HttpsConnector<HttpConnector>, B>,
    tasks: Tasks,
}

impl<B> Connections<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    pub(super) fn new(tls: ClientConfig, http2: bool) -> Self {
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http();
        let connector = if http2 {
            builder.enable_http2().build()
        } else {
            builder.enable_http1().build()
        };
        let tasks = Tasks::default();
        Self {
            client: client(connector.clone(), http2, tasks.clone()),
            connector,
            http2,
            tasks,
        }
    }

    pub(super) fn client(&self) -> &Client<HttpsConnector<HttpConnector>, B> {
        self.tasks.reap();
        &self.client
    }

    /// Ends what there is. A receiver that answers no more keeps nothing here, and
    /// the next push looks its name up anew.
    pub(super) fn reset(&mut self) {
        self.tasks.end();
        self.tasks = Tasks::default();
        self.client = client(self.connector.clone(), self.http2, self.tasks.clone());
    }
}

fn client<B>(
    connector: HttpsConnector<HttpConnector>,
    http2: bool,
    tasks: Tasks,
) -> Client<HttpsConnector<HttpConnector>, B>
where
    B: Body + Send,
    B::Data: Send,
{
    Client::builder(tasks)
        .http2_only(http2)
        .pool_max_idle_per_host(1)
        .pool_timer(TokioTimer::new())
        .build(connector)
}

/// What the client does beside a push.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    /// Forgets those that have ended.
    fn reap(&self) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
    }

    /// They hold this set themselves, and so must be told.
    fn end(&self) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.abort_all();
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(task);
    }
}
