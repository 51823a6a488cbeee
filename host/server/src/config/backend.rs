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
use super::values::{Name, Text};
use crate::grant::Grant;
use crate::time::Time;

/// Who receives the records, beside what is scraped: one of `component`, `otlp` and
/// `statsd`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(extend("oneOf" = kinds(), "additionalProperties" = false))]
pub(crate) struct Backend {
    /// The file of a provider, named from the configuration's folder on.
    #[schemars(example = &"provider.wasm")]
    pub(crate) component: Option<PathBuf>,
    /// A collector that takes OTLP.
    pub(crate) otlp: Option<Otlp>,
    /// A server that takes statsd lines.
    pub(crate) statsd: Option<Statsd>,
    /// What the component is granted.
    #[schemars(extend("default" = []))]
    pub(crate) grants: Option<Vec<Text<Grant>>>,
    /// How many records may wait for the component.
    #[schemars(range(max = 16_777_216), extend("default" = 65_536))]
    pub(crate) queue: Option<NonZeroUsize>,
    /// How long a call of the component may take.
    #[schemars(extend("default" = "5s", "x-least" = "1ms"))]
    pub(crate) timeout: Option<Text<Time>>,
    /// Maximum memory of the component: its linear memories, tables and the data of its
    /// instances together.
    #[schemars(extend("default" = "64MiB"))]
    pub(crate) memory: Option<Text<ByteSize>>,
    /// What it may use besides memory and time.
    #[serde(flatten)]
    pub(crate) limits: LimitKeys,
}

/// A component that records pass on their way to all backends.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false))]
pub(crate) struct Middleware {
    /// Its name, in messages and metrics.
    #[schemars(example = &"sampler")]
    pub(crate) name: Name,
    /// The component's file, named from the configuration's folder on.
    #[schemars(example = &"sampler.wasm")]
    pub(crate) component: PathBuf,
    /// What it is granted.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub(crate) grants: Vec<Text<Grant>>,
    /// How many records may wait for it.
    #[schemars(range(max = 16_777_216), extend("default" = 65_536))]
    pub(crate) queue: Option<NonZeroUsize>,
    /// How long a call of it may take.
    #[schemars(extend("default" = "5s", "x-least" = "1ms"))]
    pub(crate) timeout: Option<Text<Time>>,
    /// Maximum memory of the component: its linear memories, tables and the data of its
    /// instances together.
    #[schemars(extend("default" = "64MiB"))]
    pub(crate) memory: Option<Text<ByteSize>>,
    /// What it may use besides memory and time.
    #[serde(flatten)]
    pub(crate) limits: LimitKeys,
}

/// What goes with which kind of backend, in the words of the schema.
fn kinds() -> serde_json::Value {
    let of_components = ["grants", "queue", "timeout", "memory"];
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

/// A collector that takes OTLP.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otlp {
    /// Its whole address: `http://collector:4318/v1/metrics`, or for gRPC
    /// `http://collector:4317`.
    #[schemars(length(min = 1), example = &"http://127.0.0.1:4318/v1/metrics")]
    pub(crate) endpoint: String,
    /// How it is spoken to.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// Headers that are sent along.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// How often totals are pushed.
    #[serde(default = "ten_seconds")]
    #[schemars(extend("x-least" = "100ms"))]
    pub(crate) every: Text<Time>,
    /// How long a push may take.
    #[serde(default = "five_seconds")]
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) timeout: Text<Time>,
    /// A file with the certificates of authorities to trust instead of the public ones.
    #[schemars(example = &"ca.pem")]
    pub(crate) ca: Option<PathBuf>,
    /// Attributes of the resource, such as `service.name`.
    #[serde(default)]
    pub(crate) resource: BTreeMap<String, String>,
}

/// How OTLP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Protocol {
    /// Protobuf over HTTP.
    #[default]
    #[serde(rename = "http/protobuf")]
    Http,
    /// gRPC.
    #[serde(rename = "grpc")]
    Grpc,
}

/// A server that takes statsd lines, over UDP.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statsd {
    /// Its host and port, such as `localhost:8125`.
    #[schemars(length(min = 1), example = &"127.0.0.1:8125")]
    pub(crate) address: String,
    /// How labels are written.
    #[serde(default)]
    pub(crate) dialect: Dialect,
    /// What stands before each name.
    #[serde(default)]
    pub(crate) prefix: String,
    /// Tags of each line, for the dialect `dogstatsd`.
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// How many records may wait.
    #[schemars(range(max = 16_777_216), extend("default" = 65_536))]
    pub(crate) queue: Option<NonZeroUsize>,
}

/// How labels are written in statsd lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// As a part of the name.
    #[default]
    Plain,
    /// As tags, as DogStatsD has them.
    Dogstatsd,
}

fn ten_seconds() -> Text<Time> {
    Text(Time(Duration::from_secs(10)))
}

fn five_seconds() -> Text<Time> {
    Text(Time(Duration::from_secs(5)))
}
