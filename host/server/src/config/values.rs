//! Values that are written as text: sizes, times, addresses and names.

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
use crate::time::{Time, Timeout, WrittenTime, at_least};

/// A value that is written as text, in the notation of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextValue<T>(pub(crate) T);

/// The error of a text for the type that the schema has under this name.
pub(super) fn wrong(kind: &str, text: &str) -> Option<String> {
    fn of<T: FromStr<Err: fmt::Display> + Described>(text: &str) -> Option<String> {
        TextValue::<T>::read(text).err()
    }
    match kind {
        "address" => of::<SocketAddr>(text),
        "directory" => of::<Dir>(text),
        "grant" => of::<Grant>(text),
        "host" => of::<HostName>(text),
        "name" => ConfigName::read(text).err(),
        "size" => of::<ByteSize>(text),
        "time" => of::<Time>(text),
        "timeout" => of::<Timeout>(text),
        _ => None,
    }
}

/// Description of a type in the schema.
pub(crate) trait Described {
    const NAME: &'static str;
    const WHAT: &'static str;
    const EXAMPLE: &'static str;
    const PATTERN: Option<&'static str> = None;
    /// Text that replaces the parse error in messages, if that error is not helpful.
    const HINT: Option<&'static str> = None;
}

/// A value that can be a default in the schema.
pub(crate) trait DefaultText {
    fn written(&self) -> String;
}

impl<T: FromStr<Err: fmt::Display> + Described> TextValue<T> {
    fn read(text: &str) -> Result<Self, String> {
        let value = text.parse().map_err(|error| match T::HINT {
            Some(hint) => format!("invalid {} {text:?}: {hint}", T::NAME),
            None => format!("invalid {} {text:?}: {error}", T::NAME),
        })?;
        Ok(Self(value))
    }
}

impl<'de, T: FromStr<Err: fmt::Display> + Described> Deserialize<'de> for TextValue<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&Cow::<str>::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl<T: DefaultText> Serialize for TextValue<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.written())
    }
}

impl<T: Described> JsonSchema for TextValue<T> {
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
    const WHAT: &'static str = "Size in bytes, such as `64MiB`, `1GB` or `512`.";
    const EXAMPLE: &'static str = "64MiB";
    const HINT: Option<&'static str> = Some("write a size in bytes, for example 64MiB, 1GB or 512");
    const PATTERN: Option<&'static str> = Some(r"^[0-9.]+\s*([kKmMgGtTpPeE][iI]?)?[bB]?$");
}

impl DefaultText for ByteSize {
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
    const WHAT: &'static str = "Duration of at most 365 days: numbers with the units `ms`, `s`, `m`, `h` and `d`, such as `300ms`, `5s`, `1m 30s` or `2h`.";
    const EXAMPLE: &'static str = "30s";
    const PATTERN: Option<&'static str> = Some(TIME);
}

/// `0` is a time, too. No number has more digits than the maximum in milliseconds.
const TIME: &str = r"^(0|(\d{1,11}(\.\d+)?\s*(ms|s|m|h|d)\s*)+)$";

impl DefaultText for Time {
    fn written(&self) -> String {
        WrittenTime(self.0).to_string()
    }
}

impl Described for Timeout {
    const NAME: &'static str = "timeout";
    const WHAT: &'static str = "Duration from 1 millisecond to 365 days: numbers with the units `ms`, `s`, `m`, `h` and `d`, such as `300ms`, `5s` or `2h`. `none` is no limit.";
    const EXAMPLE: &'static str = "5m";
    const PATTERN: Option<&'static str> =
        Some(r"^(none|(?=.*[1-9])(\d{1,11}(\.\d+)?\s*(ms|s|m|h|d)\s*)+)$");
}

/// The error of a time that is below the minimum of the schema.
pub(super) fn too_short(text: &str, least: &str) -> Option<String> {
    let (Time(time), Time(least)) = (text.parse().ok()?, least.parse().ok()?);
    let error = at_least(time, least).err()?;
    Some(format!("invalid {} {text:?}: {error}", Time::NAME))
}

impl Described for Dir {
    const NAME: &'static str = "directory";
    const WHAT: &'static str = "Directory of this machine, as `HOST` or `HOST::GUEST`, where `GUEST` is its path in the guest. Read-only unless `:rw` is appended.";
    const EXAMPLE: &'static str = "src::/src";
}

impl Described for Grant {
    const NAME: &'static str = "grant";
    const WHAT: &'static str = "A capability: `env=NAME=VALUE`, `dir=HOST[::GUEST][:rw]`, `tcp=ADDRESS`, `udp=ADDRESS`, `http=HOST[:PORT]`, `network=none` or `output`.";
    const EXAMPLE: &'static str = "dir=out::/out:rw";
    const PATTERN: Option<&'static str> =
        Some("^(env=[^=]+=.*|(dir|tcp|udp|http)=.+|network=none|output)$");
}

impl Described for HostName {
    const NAME: &'static str = "host";
    const WHAT: &'static str =
        "Host name without scheme, port and path, such as `metrics.example.com`.";
    const EXAMPLE: &'static str = "metrics.example.com";
    const PATTERN: Option<&'static str> = Some(r"^[0-9A-Za-z_.-]{1,254}$");
}

impl Described for SocketAddr {
    const NAME: &'static str = "address";
    const WHAT: &'static str =
        "IP address and port, such as `127.0.0.1:9464`. Port 0 selects a free port.";
    const EXAMPLE: &'static str = "127.0.0.1:9464";
    const HINT: Option<&'static str> = Some(
        "write an IP address and a port of at most 65535, for example 127.0.0.1:9464, [::1]:9464 or [::]:9464",
    );
    const PATTERN: Option<&'static str> =
        Some(r"^(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.%]+\]):\d{1,5}$");
}

/// The name of a task, middleware or backend, which is also the value of a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConfigName(pub(crate) String);

impl ConfigName {
    fn read(name: &str) -> Result<Self, String> {
        let may_be =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if (1..=63).contains(&name.len()) && name.bytes().all(may_be) {
            Ok(Self(name.into()))
        } else {
            Err(format!(
                "invalid name {name:?}: a name is a metric label; use 1 to 63 characters of a-z, 0-9, `-` and `_`"
            ))
        }
    }
}

impl<'de> Deserialize<'de> for ConfigName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&Cow::<str>::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for ConfigName {
    fn schema_name() -> Cow<'static, str> {
        "name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Name of a task, middleware or backend, which is also a metric label: 1 to 63 of `a-z`, `0-9`, `-` and `_`.",
            "examples": ["sink"],
            "pattern": "^[a-z0-9_-]{1,63}$",
        })
    }
}
