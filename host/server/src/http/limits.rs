//! Limits of the HTTP server.

use std::time::Duration;

/// What clients may take of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many connections are open at a time. One more takes the place of the
    /// one that has been waiting for longest to send a request, or else of the one
    /// that has been reading its answer for longest.
    pub connections: usize,
    /// How long a client may read an answer before its place can be another's.
    pub reading: Duration,
    /// How many more are open where nobody can be asked to leave. They are for probes:
    /// whoever asks for something else is sent away.
    pub probes: usize,
    /// How long a page is shared, from the moment at which its data was read: whoever
    /// asks meanwhile gets the same page.
    pub shared: Duration,
    /// How many bytes of pages are in memory, for all connections together. The slowest
    /// readers make room for more. A page may have half as many.
    pub page_bytes: usize,
    /// How many bytes of an answer the system holds for each connection. Linux takes
    /// twice as many.
    pub send_buffer: usize,
    /// How long a request's head may take, from the connection or its first byte.
    pub head: Duration,
    /// How long a connection may wait for its next request. Scrapers come back
    /// within a minute.
    pub idle: Duration,
    /// How long an answer may take, from its request's head to its last byte.
    pub answer: Duration,
    /// How long a client may read nothing while there is something to read.
    pub stalled: Duration,
    /// How old a connection may be. The answer after that closes it.
    pub age: Duration,
    /// How many bytes a request's head may have.
    pub head_bytes: usize,
    /// How many lines a request's head may have.
    pub headers: usize,
    /// How many pages are made at a time, so that many scrapers at once do not
    /// take the processors from tasks: others wait, within `answer`. The
    /// expositions of components, which may be slow, are counted by themselves.
    /// Probes do not wait.
    pub renders: usize,
    /// How long connections may still take when the server is stopped.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            reading: Duration::from_secs(1),
            probes: 16,
            shared: Duration::from_millis(250),
            page_bytes: 128 << 20,
            send_buffer: 128 << 10,
            head: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            answer: Duration::from_secs(60),
            stalled: Duration::from_secs(10),
            age: Duration::from_secs(3600),
            head_bytes: 16 << 10,
            headers: 64,
            renders: 2,
            grace: Duration::from_secs(2),
        }
    }
}
