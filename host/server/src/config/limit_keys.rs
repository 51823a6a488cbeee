//! Keys for limits other than memory and time. Tasks, middlewares and backends have the
//! same keys.

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::Value;

use super::values::TextValue;
use crate::limits::ComponentLimits;

/// serde cannot deny unknown keys in a table that has these keys. The table sets
/// `additionalProperties` in its schema instead, which is checked first.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct LimitKeys {
    /// Maximum number of elements in all tables of the component together.
    #[schemars(range(max = 10_000_000), extend("default" = 20_000))]
    pub(crate) max_table_elements: Option<u32>,

    /// Maximum number of tables of the component.
    #[schemars(extend("default" = 64))]
    max_tables: Option<u32>,

    /// Maximum number of linear memories of the component. Each reserves 4 GiB of address
    /// space.
    #[schemars(extend("default" = 16))]
    max_memories: Option<u32>,

    /// Maximum number of core module instances of the component.
    #[schemars(extend("default" = 1_000))]
    max_instances: Option<u32>,

    /// Maximum number of open handles of the component: files, streams and its own
    /// resources.
    #[schemars(extend("default" = 1_000))]
    max_handles: Option<u32>,

    /// Maximum number of open file descriptors of the component: directories, files and
    /// sockets.
    #[schemars(extend("default" = 256))]
    max_descriptors: Option<u32>,

    /// Maximum number of open file streams and directory listings of the component.
    #[schemars(extend("default" = 256))]
    max_streams: Option<u32>,

    /// Maximum random bytes that the component gets in one host call.
    #[schemars(extend("default" = "4KiB"))]
    max_random: Option<TextValue<ByteSize>>,

    /// Maximum bytes that the host copies for each host call of the component.
    #[schemars(extend("default" = "16MiB"))]
    max_host_call_data: Option<TextValue<ByteSize>>,
}

impl LimitKeys {
    /// All keys.
    pub(super) const ALL: [&str; 9] = [
        "max_table_elements",
        "max_tables",
        "max_memories",
        "max_instances",
        "max_handles",
        "max_descriptors",
        "max_streams",
        "max_random",
        "max_host_call_data",
    ];

    /// The keys that are set.
    pub(super) fn set_keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        let set = [
            self.max_table_elements.is_some(),
            self.max_tables.is_some(),
            self.max_memories.is_some(),
            self.max_instances.is_some(),
            self.max_handles.is_some(),
            self.max_descriptors.is_some(),
            self.max_streams.is_some(),
            self.max_random.is_some(),
            self.max_host_call_data.is_some(),
        ];
        let keys = Self::ALL.into_iter().zip(set);
        keys.filter_map(|(key, set)| set.then_some(key))
    }

    /// The limits that are set.
    pub(crate) fn given(&self) -> ComponentLimits {
        ComponentLimits {
            table_elements: self.max_table_elements,
            tables: self.max_tables,
            memories: self.max_memories,
            instances: self.max_instances,
            handles: self.max_handles,
            descriptors: self.max_descriptors,
            streams: self.max_streams,
            random: self.max_random.map(|TextValue(size)| size),
            host_call_data: self.max_host_call_data.map(|TextValue(size)| size),
        }
    }

    /// Describes the keys in the schema of a task. Limits apply to each run, for which the
    /// host copies less than for a backend.
    pub(super) fn of_a_run(schema: &mut Schema) {
        Self::describe(schema, "a run");
        if let Some(properties) = schema.get_mut("properties") {
            properties["max_host_call_data"]["default"] = "64KiB".into();
        }
    }

    /// Describes the keys in the schema of a backend.
    pub(super) fn of_a_backend(schema: &mut Schema) {
        Self::describe(schema, "the component backend");
    }

    /// Describes the keys in the schema of a middleware.
    pub(super) fn of_a_middleware(schema: &mut Schema) {
        Self::describe(schema, "the middleware");
    }

    fn describe(schema: &mut Schema, owner: &str) {
        let Some(properties) = schema.get_mut("properties") else {
            return;
        };
        for key in Self::ALL {
            if let Some(Value::String(what)) = properties[key].get_mut("description") {
                *what = what.replace("the component", owner);
            }
        }
    }
}
