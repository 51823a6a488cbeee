//! Keys for what a component may use besides memory and time. Tasks, middlewares and
//! backends have the same ones.

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::Value;

use super::values::Text;
use crate::limits::ComponentLimits;

/// A table that has these keys cannot have serde deny unknown ones, and sets
/// `additionalProperties` in its schema instead: a file is held against that first.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct LimitKeys {
    /// Maximum elements of all tables of the component together.
    #[schemars(range(max = 10_000_000), extend("default" = 20_000))]
    pub(crate) max_table_elements: Option<u32>,

    /// Maximum number of tables of the component.
    #[schemars(extend("default" = 64))]
    max_tables: Option<u32>,

    /// Maximum number of linear memories of the component, each of which reserves 4 GiB of address
    /// space.
    #[schemars(extend("default" = 16))]
    max_memories: Option<u32>,

    /// Maximum number of instances of core modules of the component.
    #[schemars(extend("default" = 1_000))]
    max_instances: Option<u32>,

    /// Maximum number of handles that the component may have open: files, streams, and resources of
    /// its own.
    #[schemars(extend("default" = 1_000))]
    max_handles: Option<u32>,

    /// Maximum number of file descriptors that the component may have open: of directories, files
    /// and sockets.
    #[schemars(extend("default" = 256))]
    max_descriptors: Option<u32>,

    /// Maximum number of streams of files and directory listings that the component may have open.
    #[schemars(extend("default" = 256))]
    max_streams: Option<u32>,

    /// Maximum random bytes that one call of the component may ask for.
    #[schemars(extend("default" = "4KiB"))]
    max_random: Option<Text<ByteSize>>,

    /// Maximum bytes that one call of the component may make the host copy.
    #[schemars(extend("default" = "16MiB"))]
    max_host_call_data: Option<Text<ByteSize>>,
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

    /// The limits that are given.
    pub(crate) fn given(&self) -> ComponentLimits {
        ComponentLimits {
            table_elements: self.max_table_elements,
            tables: self.max_tables,
            memories: self.max_memories,
            instances: self.max_instances,
            handles: self.max_handles,
            descriptors: self.max_descriptors,
            streams: self.max_streams,
            random: self.max_random.map(|Text(size)| size),
            host_call_data: self.max_host_call_data.map(|Text(size)| size),
        }
    }

    /// Describes the keys in the schema of a task: limits hold for each run, which may make
    /// the host copy less than a backend.
    pub(super) fn of_a_run(schema: &mut Schema) {
        let Some(properties) = schema.get_mut("properties") else {
            return;
        };
        for key in Self::ALL {
            if let Some(Value::String(what)) = properties[key].get_mut("description") {
                *what = what.replace("the component", "a run");
            }
        }
        properties["max_host_call_data"]["default"] = "64KiB".into();
    }
}
