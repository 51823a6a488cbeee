//! The wait that a collector requests.

use std::time::{Duration, SystemTime};

use hyper::header::{HeaderMap, RETRY_AFTER};
use prost::Message;

/// The wait of `Retry-After`, in seconds or as a date. Another value is ignored.
pub(super) fn of_http(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) {
        // A number that does not fit means the longest wait.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    // A date in the past requests no wait.
    Some(date.duration_since(now).unwrap_or_default())
}

/// The wait that a gRPC status requests.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushback {
    /// A retry is allowed after this time.
    After(Duration),
    /// The collector would reject the same push again.
    Never,
}

/// The wait of `grpc-retry-pushback-ms`, or of a `google.rpc.RetryInfo` in the details.
pub(super) fn of_grpc(trailers: &HeaderMap, details: &[u8]) -> Option<Pushback> {
    if let Some(value) = trailers.get("grpc-retry-pushback-ms") {
        // By gRPC's proposal A6, a text that is not a number counts as a negative number.
        let millis = value.to_str().ok().and_then(|value| value.parse().ok());
        return Some(millis.map_or(Pushback::Never, |millis| {
            Pushback::After(Duration::from_millis(millis))
        }));
    }
    let status = Details::decode(details).ok()?;
    let info = status.details.iter().find(|any| {
        let name = any.type_url.rsplit('/').next();
        name == Some("google.rpc.RetryInfo")
    })?;
    let delay = RetryInfo::decode(&*info.value).ok()?.retry_delay?;
    let seconds = u64::try_from(delay.seconds).unwrap_or(0);
    let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
    Some(Pushback::After(Duration::new(seconds, nanos)))
}

/// `google.rpc.Status`, with the fields that are read.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Details {
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn says(value: &'static str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        // 1994-11-15 08:12:01 UTC.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_887_121);
        of_http(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        for (value, wait) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("00120", Some(120)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Tue, 15 Nov 1994 08:12:31 GMT", Some(30)),
            ("Tuesday, 15-Nov-94 08:12:31 GMT", Some(30)),
            ("Tue Nov 15 08:12:31 1994", Some(30)),
            // This date is in the past.
            ("Wed, 21 Oct 1987 07:28:00 GMT", Some(0)),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("Fri, 99 Nov 1994 08:12:31 GMT", None),
        ] {
            assert_eq!(says(value), wait, "{value:?}");
        }
        assert_eq!(of_http(&HeaderMap::new(), SystemTime::now()), None);
    }

    fn details(type_url: &str, seconds: i64, nanos: i32) -> Vec<u8> {
        let retry_delay = Some(Delay { seconds, nanos });
        let any = |type_url: &str, value| Any {
            type_url: type_url.to_owned(),
            value,
        };
        let info = any(type_url, RetryInfo { retry_delay }.encode_to_vec());
        Details {
            message: String::new(),
            details: vec![any("type.googleapis.com/google.rpc.Help", vec![0xff]), info],
        }
        .encode_to_vec()
    }

    #[test]
    fn grpc_says_when_in_details_or_in_a_trailer() {
        let none = HeaderMap::new();
        let url = "type.googleapis.com/google.rpc.RetryInfo";
        for (seconds, nanos, wait) in [
            (7, 500_000_000, Duration::from_millis(7_500)),
            (0, 0, Duration::ZERO),
            (-3, -1, Duration::ZERO),
            (
                i64::MAX,
                i32::MAX,
                Duration::new(i64::MAX as u64, 999_999_999),
            ),
        ] {
            let said = of_grpc(&none, &details(url, seconds, nanos));
            assert_eq!(said, Some(Pushback::After(wait)));
        }
        assert_eq!(of_grpc(&none, &details("other/Info", 7, 0)), None);
        for broken in [&b""[..], b"\xff\xff", b"\x1a\x7f"] {
            assert_eq!(of_grpc(&none, broken), None);
        }
        let pushback = |value| {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-retry-pushback-ms", HeaderValue::from_static(value));
            of_grpc(&trailers, b"")
        };
        let wait = Duration::from_millis(1_500);
        assert_eq!(pushback("1500"), Some(Pushback::After(wait)));
        for never in ["-1", "", "soon"] {
            assert_eq!(pushback(never), Some(Pushback::Never));
        }
    }
}
