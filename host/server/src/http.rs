//! What is served over HTTP/1.1: a [`Site`] of pages to read, on a [`HttpServer`]
//! that no client can hold up.
//!
//! The site knows what is on a page. The server does the rest: methods, the
//! token, compression, headers, limits ([`Limits`]) and counts ([`Hits`]).

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
