//! Totals as OTLP has them: messages, and no transport. There is nothing here that
//! WebAssembly does not have, neither threads nor sockets nor a runtime.

mod encoder;
mod message;
mod names;
mod resource;
mod response;

#[cfg(feature = "otlp")]
pub(crate) use message::{Message, unix_nanos};
#[cfg(feature = "otlp")]
pub(crate) use resource::{Resource, SERVICE_NAME};

pub use encoder::OtlpEncoder;
pub use names::MetricNames;
pub use response::OtlpResponse;
