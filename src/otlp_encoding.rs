//! Totals as OTLP messages, without a transport. The code runs in WebAssembly: it needs no
//! threads, sockets or runtime.

mod encoder;
mod message;
mod names;
mod resource;
mod response;

#[cfg(feature = "otlp")]
pub(crate) use message::{OtlpMessage, unix_nanos};
#[cfg(feature = "otlp")]
pub(crate) use resource::{Resource, SERVICE_NAME};

pub use encoder::OtlpEncoder;
pub use names::MetricNames;
pub use response::OtlpResponse;
