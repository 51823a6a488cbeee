//! Values that are written as text: sizes, times, addresses, names.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::dir::Dir;
use crate::grant::Grant;
use crate::http::HostName;
use crate::time::{Time, Timeout, Written as WrittenTime, at_least};

/// A value that is written as text, and read as the command line reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

/// What is wrong with a text of the kind that the schema has under this name.
pub(super) fn wrong(kind: &str, text: &str) -> Option<String> {
    fn of<T: FromStr<Err: fmt::Display> + Described>(text: &str) -> Option<String> {
        Text::<T>::read(text).err()
    }
    match kind {
        "address" => of::<SocketAddr>(text),
        "directory" => of::<Dir>(text),
        "grant" => of::<Grant>(text),
        "host" => of::<HostName>(text),
        "name" => Name::read(text).err(),
        "size" => of::<ByteSize>(text),
        "time" => of::<Time>(text),
        "timeout" => of::<Timeout>(text),
        _ => None,
    }
}

/// How a value is described in the schema.
pub(crate) trait Described {
    const NAME: &'static str;
    const WHAT: &'static str;
    const EXAMPLE: &'static str;
    const PATTERN: Option<&'static str> = None;
    /// What is said instead of the error of whoever reads it, if that helps nobody.
    const HINT: Option<&'static str> = None;
}

/// A value that can be a default in the schema.
pub(crate) trait Written {
    fn written(&self) -> String;
}

impl<T: FromStr<Err: fmt::Display> + Described> Text<T> {
    fn read(text: &str) -> Result<Self, String> {
        let value = text.parse().map_err(|error| match T::HINT {
            Some(hint) => format!("{text:?} is no {}: {hint}", T::NAME),
            None => format!("{text:?} is no {}: {error}", T::NAME),
        })?;
        Ok(Self(value))
    }
}

impl<'de, T: FromStr<Err: fmt::Display> + Described> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&Cow::<str>::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl<T: Written> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.written())
    }
}

impl<T: Described> JsonSchema for Text<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "string",
            "description": T::WHAT,
            "examples": [T::EXAMPLE],
        });
        if let Some(pattern) = T::PATTERN {
            schema.insert("pattern".into(), pattern.into());
        }
        schema
    }
}

impl Described for ByteSize {
    const NAME: &'static str = "size";
    const WHAT: &'static str = "Bytes, such as `64MiB`, `1GB` or `512`.";
    const EXAMPLE: &'static str = "64MiB";
    const HINT: Option<&'static str> = Some("write bytes, such as 64MiB, 1GB or 512");
    const PATTERN: Option<&'static str> = Some(r"^[0-9.]+\s*([kKmMgGtTpPeE][iI]?)?[bB]?$");
}

impl Written for ByteSize {
    fn written(&self) -> String {
        let bytes = self.as_u64();
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        let fits = |(shift, _): &(u32, _)| bytes > 0 && bytes.trailing_zeros() >= *shift;
        match units.into_iter().find(fits) {
            Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
            None => bytes.to_string(),
        }
    }
}

impl Described for Time {
    const NAME: &'static str = "time";
    const WHAT: &'static str = "A time of 365 days or less: numbers with the units `ms`, `s`, `m`, `h` and `d`, such as `300ms`, `5s`, `1m 30s` or `2h`.";
    const EXAMPLE: &'static str = "30s";
    const PATTERN: Option<&'static str> = Some(TIME);
}

/// `0` is a time, too. No number in it has more digits than the longest in milliseconds.
const TIME: &str = r"^(0|(\d{1,11}(\.\d+)?\s*(ms|s|m|h|d)\s*)+)$";

impl Written for Time {
    fn written(&self) -> String {
        WrittenTime(self.0).to_string()
    }
}

impl Described for Timeout {
    const NAME: &'static str = "timeout";
    const WHAT: &'static str = "A time from 1 millisecond to 365 days: numbers with the units `ms`, `s`, `m`, `h` and `d`, such as `300ms`, `5s` or `2h`; or `none`.";
    const EXAMPLE: &'static str = "5m";
    const PATTERN: Option<&'static str> =
        Some(r"^(none|(?=.*[1-9])(\d{1,11}(\.\d+)?\s*(ms|s|m|h|d)\s*)+)$");
}

/// Whether this time is shorter than the schema says for one place.
pub(super) fn too_short(text: &str, least: &str) -> Option<String> {
    let (Time(time), Time(least)) = (text.parse().ok()?, least.parse().ok()?);
    let error = at_least(time, least).err()?;
    Some(format!("{text:?} is no {}: {error}", Time::NAME))
}

impl Described for Dir {
    const NAME: &'static str = "directory";
    const WHAT: &'static str = "A directory of this machine, `HOST`, or `HOST::GUEST` with the name that it has for the guest; read-only unless `:rw` stands at the end.";
    const EXAMPLE: &'static str = "src::/src";
}

impl Described for Grant {
    const NAME: &'static str = "grant";
    const WHAT: &'static str = "`env=NAME=VALUE`, `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`, `http=HOST[:PORT]`, `network=none` or `output`.";
    const EXAMPLE: &'static str = "dir=out::/out:rw";
    const PATTERN: Option<&'static str> =
        Some("^(env=[^=]+=.*|(dir|tcp|udp|http)=.+|network=none|output)$");
}

impl Described for HostName {
    const NAME: &'static str = "host";
    const WHAT: &'static str = "A host name, such as `metrics.example.com`, without a port.";
    const EXAMPLE: &'static str = "metrics.example.com";
    const PATTERN: Option<&'static str> = Some(r"^[0-9A-Za-z_.-]{1,254}$");
}

impl Described for SocketAddr {
    const NAME: &'static str = "address";
    const WHAT: &'static str =
        "An address and a port, such as `127.0.0.1:9464`; port 0 takes a free one.";
    const EXAMPLE: &'static str = "127.0.0.1:9464";
    const HINT: Option<&'static str> =
        Some("write numbers, such as 127.0.0.1:9464, [::1]:9464 or [::]:9464");
    const PATTERN: Option<&'static str> =
        Some(r"^(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.%]+\]):\d{1,5}$");
}

/// The name of a task or a backend, and the value of a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) String);

impl Name {
    fn read(name: &str) -> Result<Self, String> {
        let may_be =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if (1..=63).contains(&name.len()) && name.bytes().all(may_be) {
            Ok(Self(name.into()))
        } else {
            Err(format!(
                "{name:?} is no name: it is a label of metrics, so use 1 to 63 of a-z, 0-9, `-` and `_`"
            ))
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&Cow::<str>::deserialize(from)?).map_err(de::Error::custom)
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
            "examples": ["sink"],
            "pattern": "^[a-z0-9_-]{1,63}$",
        })
    }
}
