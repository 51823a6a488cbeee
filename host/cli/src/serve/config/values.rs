//! Values that are written as text: sizes, times, addresses, names.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::chain::Grant;
use crate::dir::Dir;
use crate::time::{Time, Timeout};

/// A value that is written as text, and read as the command line reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

/// How a value is described in the schema.
pub(crate) trait Described {
    const NAME: &'static str;
    const WHAT: &'static str;
    const PATTERN: Option<&'static str> = None;
}

impl<'de, T: FromStr<Err: fmt::Display> + Described> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        match text.parse() {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(de::Error::custom(format_args!(
                "{text:?} is no {}: {error}",
                T::NAME
            ))),
        }
    }
}

impl<T: Described> JsonSchema for Text<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "description": T::WHAT });
        if let Some(pattern) = T::PATTERN {
            schema.insert("pattern".into(), pattern.into());
        }
        schema
    }
}

impl Described for ByteSize {
    const NAME: &'static str = "size";
    const WHAT: &'static str = "Bytes, such as `64MiB`, `1GB` or `512`.";
    const PATTERN: Option<&'static str> = Some(r"^[0-9.]+ *([kKMGTPE]i?)?[bB]?$");
}

impl Described for Time {
    const NAME: &'static str = "time";
    const WHAT: &'static str = "A time, such as `300ms`, `5s`, `1m 30s` or `2h`.";
    const PATTERN: Option<&'static str> = Some(r"^[0-9]+ *[a-zA-Zµ]+( *[0-9]+ *[a-zA-Zµ]+)*$");
}

impl Described for Timeout {
    const NAME: &'static str = "timeout";
    const WHAT: &'static str = "A time, such as `300ms`, `5s` or `2h`, or `none`.";
}

impl Described for Dir {
    const NAME: &'static str = "directory";
    const WHAT: &'static str = "A directory of this machine, `HOST`, or `HOST::GUEST` with the name that it has for the guest; read-only unless `:rw` stands at the end.";
}

impl Described for Grant {
    const NAME: &'static str = "grant";
    const WHAT: &'static str = "`env=NAME=VALUE`, `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`, `http=HOST[:PORT]`, `network=none` or `output`.";
}

impl Described for std::net::SocketAddr {
    const NAME: &'static str = "address";
    const WHAT: &'static str =
        "An address and a port, such as `127.0.0.1:9464`; port 0 takes a free one.";
}

/// The name of a task or a backend, and the value of a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let may_be =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if (1..=63).contains(&name.len()) && name.bytes().all(may_be) {
            Ok(Self(name))
        } else {
            Err(de::Error::custom(format_args!(
                "{name:?} is no name: it is a label of metrics, so use 1 to 63 of a-z, 0-9, `-` and `_`"
            )))
        }
    }
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A name, which is a label of metrics.",
            "pattern": "^[a-z0-9_-]{1,63}$",
        })
    }
}
