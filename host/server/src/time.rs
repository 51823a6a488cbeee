//! Durations in text form: `300ms`, `5s`, `1m 30s`, `2h`, `7d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Maximum duration of the whole project: 365 days. The sum with the time of a clock
/// never overflows.
pub const LONGEST: Duration = Duration::from_hours(365 * 24);

/// Units of a duration, the longest first, each in nanoseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// Units of a short duration, such as the time of one record.
const SHORT_UNITS: [(&str, u64); 4] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A duration from 0 to [`LONGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Duration);

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse(text, &UNITS).map(Self)
    }
}

/// A duration from 1 ms to [`LONGEST`], for time limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound(pub Duration);

impl FromStr for Bound {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let Time(time) = text.parse()?;
        at_least(time, Duration::from_millis(1)).map(Self)
    }
}

/// A timeout from 1 ms to [`LONGEST`], or no timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(pub Option<Duration>);

impl FromStr for Timeout {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|Bound(time)| Self(Some(time)))
    }
}

/// A duration from 1 ns to [`LONGEST`], in `ns`, `us`, `ms` or `s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortTime(pub Duration);

impl FromStr for ShortTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let time = parse(text, &SHORT_UNITS)?;
        at_least(time, Duration::from_nanos(1)).map(Self)
    }
}

/// Reason why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeError {
    /// The text has no number.
    NoNumber,
    /// The text has no unit.
    NoUnit {
        /// The number without a unit.
        number: String,
    },
    /// The text has an unknown unit.
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The number before it.
        number: String,
        /// The known units, with their nanoseconds.
        units: &'static [(&'static str, u64)],
    },
    /// The duration is below the minimum.
    TooShort {
        /// The minimum.
        least: Duration,
    },
    /// The duration is longer than [`LONGEST`].
    TooLong,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber => {
                f.write_str("write numbers with units, for example 300ms, 5s or 1m 30s")
            }
            Self::NoUnit { number } => {
                write!(f, "the unit is missing; for example {number}s for seconds")
            }
            Self::UnknownUnit {
                unit,
                number,
                units,
            } => {
                write!(f, "unknown unit {unit:?}")?;
                match meant(unit) {
                    Some((meant, what)) if units.iter().any(|(unit, _)| *unit == meant) => {
                        write!(f, "; write {number}{meant} for {what}")?;
                    }
                    None if unit.starts_with("mon") || unit.starts_with('y') => {
                        f.write_str("; write days, since months and years differ in length")?;
                    }
                    _ => {}
                }
                let names: Vec<_> = units.iter().rev().map(|(unit, _)| *unit).collect();
                write!(f, "; the units are {}", names.join(", "))
            }
            Self::TooShort { least } => write!(f, "must be at least {}", WrittenTime(*least)),
            Self::TooLong => write!(f, "must be at most {}", WrittenTime(LONGEST)),
        }
    }
}

impl std::error::Error for TimeError {}

/// The unit that was probably meant, and its name.
fn meant(unit: &str) -> Option<(&'static str, &'static str)> {
    Some(match unit.to_lowercase().as_str() {
        "millis" | "msec" | "msecs" | "ms" | "millisecond" | "milliseconds" => {
            ("ms", "milliseconds")
        }
        "s" | "sec" | "secs" | "second" | "seconds" => ("s", "seconds"),
        "m" | "min" | "mins" | "minute" | "minutes" => ("m", "minutes"),
        "h" | "hr" | "hrs" | "hour" | "hours" => ("h", "hours"),
        "d" | "day" | "days" => ("d", "days"),
        "µs" | "μs" | "us" | "usec" | "microseconds" => ("us", "microseconds"),
        "ns" | "nsec" | "nanoseconds" => ("ns", "nanoseconds"),
        _ => return None,
    })
}

/// # Errors
///
/// When the duration is shorter than `least`.
pub(crate) fn at_least(time: Duration, least: Duration) -> Result<Duration, TimeError> {
    if time < least {
        return Err(TimeError::TooShort { least });
    }
    Ok(time)
}

/// Adds up numbers with units. The number 0 needs no unit.
fn parse(text: &str, units: &'static [(&'static str, u64)]) -> Result<Duration, TimeError> {
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, behind) = split(behind.trim_start(), char::is_alphabetic);
        rest = behind.trim_start();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
            return Err(TimeError::NoNumber);
        }
        let number = || number.chars().take(20).collect();
        if unit.is_empty() {
            let number = number();
            return Err(TimeError::NoUnit { number });
        }
        let Some((_, size)) = units.iter().find(|(name, _)| *name == unit) else {
            return Err(TimeError::UnknownUnit {
                unit: unit.chars().take(20).collect(),
                number: number(),
                units,
            });
        };
        // Further digits are less than a nanosecond of a day.
        let fraction: String = fraction.chars().take(14).collect();
        let parts = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let fraction: u128 = fraction.parse().unwrap_or(0);
        let whole: u64 = whole.parse().map_err(|_| TimeError::TooLong)?;
        let size = u128::from(*size);
        nanos = nanos
            .saturating_add(u128::from(whole).saturating_mul(size))
            .saturating_add(fraction * size / parts);
        if nanos > LONGEST.as_nanos() {
            return Err(TimeError::TooLong);
        }
    }
    if text.trim().is_empty() {
        return Err(TimeError::NoNumber);
    }
    Ok(Duration::from_nanos_u128(nanos))
}

/// Splits a text behind its longest start of such characters.
fn split(text: &str, is_of: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_of(c)).unwrap_or(text.len()))
}

/// Shows a duration in the text form that is parsed, to the millisecond if it is longer
/// than that.
pub(crate) struct WrittenTime(pub(crate) Duration);

impl fmt::Display for WrittenTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_nanos();
        let mut between = "";
        for (unit, size) in UNITS {
            let (many, rest) = (left / u128::from(size), left % u128::from(size));
            if many > 0 {
                write!(f, "{between}{many}{unit}")?;
                (left, between) = (rest, " ");
            }
        }
        if between.is_empty() {
            match left {
                0 => f.write_str("0s")?,
                nanos => write!(f, "{nanos}ns")?,
            }
        }
        Ok(())
    }
}

/// Milliseconds, with the digits of microseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_alike() -> Result<(), TimeError> {
        for (text, millis) in [
            ("300ms", 300),
            ("5s", 5_000),
            ("1m 30s", 90_000),
            ("2h", 7_200_000),
            ("365d", 31_536_000_000),
            ("1d 2h 3m 4s 5ms", 93_784_005),
        ] {
            let Time(time) = text.parse()?;
            assert_eq!(time, Duration::from_millis(millis), "{text}");
            assert_eq!(WrittenTime(time).to_string(), text);
        }
        for (text, same) in [
            ("0", "0s"),
            ("1.5s", "1s 500ms"),
            (" 1m30s ", "1m 30s"),
            ("90 s", "1m 30s"),
        ] {
            let Time(time) = text.parse()?;
            assert_eq!(WrittenTime(time).to_string(), same, "{text}");
        }
        Ok(())
    }

    #[test]
    fn an_unknown_unit_is_rejected_with_the_probable_one() {
        for (text, said) in [
            ("5M", "unknown unit \"M\"; write 5m for minutes"),
            ("5S", "unknown unit \"S\"; write 5s for seconds"),
            ("2hours", "unknown unit \"hours\"; write 2h for hours"),
            ("500000000000y", "unknown unit \"y\"; write days"),
            ("1month", "unknown unit \"month\"; write days"),
            ("10us", "the units are ms, s, m, h, d"),
            ("30", "the unit is missing; for example 30s"),
            ("soon", "write numbers with units"),
            ("", "write numbers with units"),
            ("-1s", "write numbers with units"),
            (".s", "write numbers with units"),
            ("1.2.3s", "write numbers with units"),
        ] {
            let error = text.parse::<Time>().map_err(|error| error.to_string());
            assert!(
                error.as_ref().is_err_and(|error| error.contains(said)),
                "{text}: {error:?}"
            );
        }
    }

    #[test]
    fn every_time_has_a_longest_and_a_shortest() {
        let too_long = Err(TimeError::TooLong);
        for text in ["366d", "365d 1ms", "99999999999999999999s", "8761h"] {
            assert_eq!(text.parse::<Time>(), too_long, "{text}");
        }
        for text in ["0", "0s", "0.9ms", "0m 0s"] {
            assert!(text.parse::<Time>().is_ok(), "{text}");
            let error = text.parse::<Timeout>().map_err(|error| error.to_string());
            assert_eq!(error, Err("must be at least 1ms".into()), "{text}");
        }
        assert_eq!("none".parse(), Ok(Timeout(None)));
        assert_eq!("800ns".parse(), Ok(ShortTime(Duration::from_nanos(800))));
        let zero = "0ns"
            .parse::<ShortTime>()
            .map_err(|error| error.to_string());
        assert_eq!(zero, Err("must be at least 1ns".into()));
    }
}
