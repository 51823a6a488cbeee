//! A server for the page on loopback. It sends prepared answers, and remembers the
//! requests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};

pub(crate) const PAGE: &str = include_str!("../../../../host/server/src/http/page.html");
pub(crate) const METRICS: &str = include_str!("fixtures/metrics.txt");
pub(crate) const TASKS: &str = include_str!("fixtures/tasks.json");
pub(crate) const BACKENDS: &str = include_str!("fixtures/backends.json");
pub(crate) const OWN: &str = "# TYPE own counter\nown_total{said=\"<img src=own>\"} 1\n# EOF\n";

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A server. Dropping the value stops it.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    /// Status, media type and body by path.
    answers: BTreeMap<String, (u16, &'static str, String)>,
    token: Option<&'static str>,
    asked: Vec<Request>,
    stopped: bool,
}

/// A request of the page.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// Header names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if locked(&shared).stopped {
                    break;
                }
                let shared = Arc::clone(&shared);
                // A browser opens connections that it never uses.
                thread::spawn(move || answer(stream, &shared));
            }
        });
        let server = Self {
            address,
            state,
            accepting: Some(accepting),
        };
        server.put("/", "text/html; charset=utf-8", PAGE);
        server.put("/metrics", OPEN_METRICS, METRICS);
        server.put("/api/tasks", "application/json", TASKS);
        server.put("/api/backends", "application/json", BACKENDS);
        server.put("/backends/sink/metrics", OPEN_METRICS, OWN);
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Sets the answer at this path.
    pub(crate) fn put(&self, path: &str, media: &'static str, body: &str) {
        let answer = (200, media, body.to_owned());
        locked(&self.state).answers.insert(path.to_owned(), answer);
    }

    /// Requires this token for all paths except the page.
    pub(crate) fn lock(&self, token: &'static str) {
        locked(&self.state).token = Some(token);
    }

    pub(crate) fn asked(&self) -> Vec<Request> {
        locked(&self.state).asked.clone()
    }

    /// Closes the listener.
    pub(crate) fn stop(&mut self) -> Result<()> {
        locked(&self.state).stopped = true;
        if let Some(accepting) = self.accepting.take() {
            // The thread checks the flag at the next connection.
            drop(TcpStream::connect(self.address)?);
            accepting.join().ok().context("it panicked")?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A thread that does not stop ends with the process.
        let _ = self.stop();
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The browser may have closed the connection, which is not an error.
fn answer(stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    for line in lines.map_while(Result::ok) {
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let (status, media, body) = {
        let mut state = locked(state);
        let sent = headers.get("authorization").cloned();
        let wanted = state.token.map(|token| format!("Bearer {token}"));
        let answer = match state.answers.get(&path) {
            _ if state.stopped => return None,
            _ if path != "/" && wanted.is_some() && sent != wanted => {
                (401, "text/plain", "token".to_owned())
            }
            Some(answer) => answer.clone(),
            None => (404, "text/plain", "nothing here".to_owned()),
        };
        state.asked.push(Request { path, headers });
        answer
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-type: {media}\r\n");
    let head = format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n");
    let mut stream = stream;
    stream.write_all((head + &body).as_bytes()).ok()
}
