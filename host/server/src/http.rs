//! Serves a [`Site`] of pages over HTTP/1.1, on a [`HttpServer`] that no client can
//! block.
//!
//! The site provides the content of pages. The server does the rest: methods, the token,
//! compression, headers, limits ([`HttpLimits`]) and counts ([`Hits`]).
//!
//! ```
//! use std::sync::Arc;
//!
//! use solti_metrics::PrometheusMetrics;
//! use solti_metrics_server::Error;
//! use solti_metrics_server::http::{
//!     Accept, HttpAccess, Answering, Hits, HttpServer, HttpLimits, Page, Route, Site,
//! };
//!
//! struct Scraped(PrometheusMetrics);
//!
//! impl Site for Scraped {
//!     fn has(&self, route: Route<'_>) -> bool {
//!         route == Route::Metrics
//!     }
//!
//!     fn answer<'a>(&'a self, _: Route<'a>, accept: Accept) -> Answering<'a> {
//!         Box::pin(async move { Page::of(&self.0, accept.exposition) })
//!     }
//!
//!     fn exposed(&self) -> Vec<String> {
//!         Vec::new()
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let site = Arc::new(Scraped(PrometheusMetrics::new()));
//!     let (limits, hits) = (HttpLimits::default(), Arc::new(Hits::default()));
//!     let address = ([127, 0, 0, 1], 0).into();
//!     let server = HttpServer::start(address, site, HttpAccess::default(), limits, hits).await?;
//!     println!("scrape http://{}/metrics", server.address);
//!     // Your program goes here.
//!     server.stop().await;
//!     Ok(())
//! }
//! ```

mod accept;
mod access;
mod body;
mod connection;
mod connection_slots;
mod gzip;
mod held_pages;
mod hits;
mod last_request;
mod limits;
mod listener;
mod names;
mod page_cache;
mod page_memory;
mod pulse;
mod rendered_page;
mod respond;
mod server;
mod site;
mod stream;

#[cfg(test)]
mod tests;

pub use accept::Accept;
pub use access::{HttpAccess, Token};
pub use hits::Hits;
pub use limits::HttpLimits;
pub use names::HostName;
pub use server::HttpServer;
pub use site::{Answering, Page, Route, Site};
