//! What is served over HTTP/1.1: a [`Site`] of pages to read, on a [`HttpServer`]
//! that no client can hold up.
//!
//! The site knows what is on a page. The server does the rest: methods, the
//! token, compression, headers, limits ([`Limits`]) and counts ([`Hits`]).
//!
//! ```
//! use std::sync::Arc;
//!
//! use solti_metrics::PrometheusMetrics;
//! use solti_metrics_server::Error;
//! use solti_metrics_server::http::{
//!     Accept, Access, Answering, Hits, HttpServer, Limits, Page, Route, Site,
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
//!     let (limits, hits) = (Limits::default(), Arc::new(Hits::default()));
//!     let address = ([127, 0, 0, 1], 0).into();
//!     let server = HttpServer::start(address, site, Access::default(), limits, hits).await?;
//!     println!("scrape http://{}/metrics", server.address);
//!     // Your program goes here.
//!     server.stop().await;
//!     Ok(())
//! }
//! ```

mod accept;
mod access;
mod body;
mod collector;
mod connection;
mod gzip;
mod held;
mod hits;
mod limits;
mod listener;
mod names;
mod page_cache;
mod places;
mod pulse;
mod respond;
mod room;
mod server;
mod site;
mod stream;

#[cfg(test)]
mod tests;

pub use accept::Accept;
pub use access::{Access, Token};
pub(crate) use collector::HitsCollector;
pub use hits::Hits;
pub use limits::Limits;
pub use names::HostName;
pub use server::HttpServer;
pub use site::{Answering, Page, Route, Site};
