//! Limits of the HTTP server.

use std::time::Duration;

/// Limits for the clients of a server.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Maximum number of open connections. A further connection evicts the connection
    /// that waits longest for a request, or else the connection that reads its answer for
    /// the longest time.
    pub connections: usize,
    /// Time that a client may read an answer before another connection can evict it.
    pub reading: Duration,
    /// Further connections, which no other connection evicts. Their slots are for probes:
    /// other requests are rejected.
    pub probes: usize,
    /// Time that a page is shared, from the read of its data: requests within that time
    /// get the same page.
    pub shared: Duration,
    /// Maximum bytes of pages in memory, for all connections together. If more memory is
    /// needed, the slowest readers are disconnected. A page may have half as many bytes.
    pub page_bytes: usize,
    /// Bytes of an answer that the system buffers for each connection. Linux takes twice
    /// as many.
    pub send_buffer: usize,
    /// Maximum time for the head of a request, from the connection or its first byte.
    pub head: Duration,
    /// Maximum time that a connection waits for its next request. Scrapers return within
    /// a minute.
    pub idle: Duration,
    /// Maximum time for an answer, from the head of its request to its last byte.
    pub answer: Duration,
    /// Maximum time that a client reads nothing while data is available.
    pub stalled: Duration,
    /// Maximum age of a connection. The next answer closes the connection.
    pub age: Duration,
    /// Maximum bytes of the head of a request.
    pub head_bytes: usize,
    /// Maximum number of lines in the head of a request.
    pub headers: usize,
    /// Maximum number of pages that are rendered concurrently, so that many scrapers do
    /// not take the processors from tasks. Further pages wait, within `answer`.
    /// Expositions of components, which may be slow, have their own limit. Probes do not
    /// wait.
    pub renders: usize,
    /// Maximum time for open connections when the server is stopped.
    pub shutdown_timeout: Duration,
}

impl Default for HttpLimits {
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
            shutdown_timeout: Duration::from_secs(2),
        }
    }
}
