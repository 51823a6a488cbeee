use std::time::Duration;

/// Formats a duration with a precision that fits its length.
pub(crate) fn elapsed(ms: u64) -> String {
    match ms {
        0 => "<1 ms".into(),
        1..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        _ => humantime::format_duration(Duration::from_secs(ms / 1_000)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precision_of_a_duration_fits_its_length() {
        for (ms, text) in [
            (0, "<1 ms"),
            (999, "999 ms"),
            (1_000, "1.00 s"),
            (59_999, "59.99 s"),
            (61_000, "1m 1s"),
            (31_536_000_000, "11months 30days 3h 50m 24s"),
        ] {
            assert_eq!(elapsed(ms), text);
        }
    }
}
