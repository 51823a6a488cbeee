//! Metrics of the HTTP server.

use super::family::FamilyWriter;
use crate::http::Hits;

/// Writes the counts of requests and connections.
pub(super) fn write(hits: &Hits, families: &mut FamilyWriter) {
    let requests: Vec<_> = hits
        .requests()
        .into_iter()
        .map(|((page, code), count)| (page, code.to_string(), count))
        .collect();
    families.counter(
        "solti_metrics_http_requests",
        "HTTP requests that were answered, by page and status code.",
        ["page", "code"],
        requests
            .iter()
            .map(|(page, code, count)| ([*page, &**code], *count)),
    );
    families.gauge(
        "solti_metrics_http_connections",
        "HTTP connections that are open.",
        [],
        [([], hits.open())],
    );
    families.counter(
        "solti_metrics_http_connections_rejected",
        "HTTP connections that were closed because of the limit on connections.",
        [],
        [([], hits.rejected())],
    );
    families.counter(
        "solti_metrics_http_slow_readers_closed",
        "HTTP connections that were closed because the client read the answer too slowly.",
        [],
        [([], hits.slow_readers())],
    );
    families.gauge(
        "solti_metrics_http_page_bytes",
        "Memory of HTTP pages that clients share or have not read yet, in bytes.",
        [],
        [([], hits.held() as u64)],
    );
}
