//! Metrics of the HTTP server.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Hits;

/// Exposes [`Hits`].
#[derive(Debug)]
pub(crate) struct HitsCollector(pub(crate) Arc<Hits>);

impl Collector for HitsCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "solti_metrics_http_requests",
            "HTTP requests that were answered, by page and status code.",
            None,
            ConstCounter::new(0_u64).metric_type(),
        )?;
        for ((page, code), count) in self.0.requests() {
            let labels = [("page", page), ("code", &*code.to_string())];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        let open = ConstGauge::new(self.0.open());
        open.encode(encoder.encode_descriptor(
            "solti_metrics_http_connections",
            "HTTP connections that are open.",
            None,
            open.metric_type(),
        )?)?;
        let rejected = ConstCounter::new(self.0.rejected());
        rejected.encode(encoder.encode_descriptor(
            "solti_metrics_http_connections_rejected",
            "HTTP connections that were closed because of the limit on connections.",
            None,
            rejected.metric_type(),
        )?)?;
        let slow = ConstCounter::new(self.0.slow_readers());
        slow.encode(encoder.encode_descriptor(
            "solti_metrics_http_slow_readers_closed",
            "HTTP connections that were closed because the client read the answer too slowly.",
            None,
            slow.metric_type(),
        )?)?;
        let held = ConstGauge::new(self.0.held() as u64);
        held.encode(encoder.encode_descriptor(
            "solti_metrics_http_page_bytes",
            "Memory of HTTP pages that clients share or have not read yet, in bytes.",
            None,
            held.metric_type(),
        )?)
    }
}
