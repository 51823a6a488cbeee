//! The tables `[backends.NAME]` and `[[middlewares]]`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::limit_keys::LimitKeys;
use super::values::{ConfigName, TextValue};
use crate::grant::Grant;
use crate::time::Time;

/// A backend that receives records in addition to `/metrics`. Exactly one of `component`,
/// `otlp` and `statsd` must be set.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(
    extend("oneOf" = kinds(), "additionalProperties" = false),
    transform = LimitKeys::of_a_backend
)]
pub(crate) struct BackendConfig {
    /// File of a provider component. Relative paths start at the folder of the
    /// configuration.
    #[schemars(example = &"provider.wasm")]
    pub(crate) component: Option<PathBuf>,
    /// OTLP collector to which totals are pushed.
    pub(crate) otlp: Option<OtlpConfig>,
    /// statsd server to which records are sent.
    pub(crate) statsd: Option<StatsdConfig>,
    /// Capabilities that the component backend is granted. Default: none.
    #[schemars(extend("default" = []))]
    pub(crate) grants: Option<Vec<TextValue<Grant>>>,
    /// Maximum number of records in the queue of the component backend.
    #[schemars(range(max = 16_777_216), extend("default" = 65_536))]
    pub(crate) queue_capacity: Option<NonZeroUsize>,
    /// Maximum duration of a call of the component backend.
    #[schemars(extend("default" = "5s", "x-least" = "1ms"))]
    pub(crate) timeout: Option<TextValue<Time>>,
    /// Maximum memory of the component backend: linear memories, tables and instance data
    /// together.
    #[schemars(extend("default" = "64MiB"))]
    pub(crate) max_memory: Option<TextValue<ByteSize>>,
    /// Limits other than memory and time.
    #[serde(flatten)]
    pub(crate) limits: LimitKeys,
}

/// A middleware: a component that records pass before they reach `/metrics` and the
/// backends.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(
    extend("additionalProperties" = false),
    transform = LimitKeys::of_a_middleware
)]
pub(crate) struct MiddlewareConfig {
    /// Name of the middleware in messages and metrics.
    #[schemars(example = &"sampler")]
    pub(crate) name: ConfigName,
    /// File of the middleware component. Relative paths start at the folder of the
    /// configuration.
    #[schemars(example = &"sampler.wasm")]
    pub(crate) component: PathBuf,
    /// Capabilities that the middleware is granted. Default: none.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub(crate) grants: Vec<TextValue<Grant>>,
    /// Maximum number of records in the queue of the middleware.
    #[schemars(range(max = 16_777_216), extend("default" = 65_536))]
    pub(crate) queue_capacity: Option<NonZeroUsize>,
    /// Maximum duration of a call of the middleware.
    #[schemars(extend("default" = "5s", "x-least" = "1ms"))]
    pub(crate) timeout: Option<TextValue<Time>>,
    /// Maximum memory of the middleware: linear memories, tables and instance data
    /// together.
    #[schemars(extend("default" = "64MiB"))]
    pub(crate) max_memory: Option<TextValue<ByteSize>>,
    /// Limits other than memory and time.
    #[serde(flatten)]
    pub(crate) limits: LimitKeys,
}

/// Rules of the schema: the keys of each kind of backend.
fn kinds() -> serde_json::Value {
    let of_components = ["grants", "queue_capacity", "timeout", "max_memory"];
    let none: serde_json::Map<_, _> = of_components
        .into_iter()
        .chain(LimitKeys::ALL)
        .map(|key| (key.to_owned(), false.into()))
        .collect();
    json!([
        { "required": ["component"] },
        { "required": ["otlp"], "properties": none },
        { "required": ["statsd"], "properties": none },
    ])
}

/// An OTLP collector.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtlpConfig {
    /// Complete URL of the OTLP collector: `http://collector:4318/v1/metrics`, or
    /// `http://collector:4317` for gRPC.
    #[schemars(length(min = 1), example = &"http://127.0.0.1:4318/v1/metrics")]
    pub(crate) endpoint: String,
    /// Protocol of the OTLP collector.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// HTTP headers or gRPC metadata of each push to the OTLP collector.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Time between two pushes to the OTLP collector.
    #[serde(default = "ten_seconds")]
    #[schemars(extend("x-least" = "100ms"))]
    pub(crate) interval: TextValue<Time>,
    /// Maximum duration of a push to the OTLP collector.
    #[serde(default = "five_seconds")]
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) timeout: TextValue<Time>,
    /// File with the certificates, in PEM, that are trusted for the OTLP collector
    /// instead of the public authorities.
    #[schemars(example = &"ca.pem")]
    pub(crate) ca_file: Option<PathBuf>,
    /// OTLP resource attributes, such as `service.name`.
    #[serde(default)]
    pub(crate) resource: BTreeMap<String, String>,
}

/// Protocol of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Protocol {
    /// OTLP in protobuf over HTTP.
    #[default]
    #[serde(rename = "http/protobuf")]
    Http,
    /// OTLP over gRPC.
    #[serde(rename = "grpc")]
    Grpc,
}

/// A statsd server, over UDP.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatsdConfig {
    /// Host and port of the statsd server, such as `localhost:8125`.
    #[schemars(length(min = 1), example = &"127.0.0.1:8125")]
    pub(crate) address: String,
    /// How statsd lines carry labels.
    #[serde(default)]
    pub(crate) dialect: Dialect,
    /// Prefix of each metric name in statsd lines.
    #[serde(default)]
    pub(crate) prefix: String,
    /// Tags of each statsd line, for `dialect = "dogstatsd"`.
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// Maximum number of records in the queue of the statsd backend.
    #[schemars(range(max = 16_777_216), extend("default" = 65_536))]
    pub(crate) queue_capacity: Option<NonZeroUsize>,
}

/// Dialect of statsd lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// Labels are parts of the metric name.
    #[default]
    Plain,
    /// Labels are DogStatsD tags.
    Dogstatsd,
}

fn ten_seconds() -> TextValue<Time> {
    TextValue(Time(Duration::from_secs(10)))
}

fn five_seconds() -> TextValue<Time> {
    TextValue(Time(Duration::from_secs(5)))
}
