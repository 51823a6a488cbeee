//! Numbers for people: three significant digits.

/// Formats a number with at most three digits, or all digits before the point, with
/// commas.
pub(crate) fn figure(number: f64) -> String {
    let decimals = match number.abs() {
        0.0..0.000_95 => 6,
        0.000_95..0.0095 => 5,
        0.0095..0.095 => 4,
        0.095..9.95 => 2,
        9.95..99.5 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    match text.split_once('.') {
        Some((whole, part)) => format!("{}.{part}", thousands(whole)),
        None => thousands(&text),
    }
}

/// Formats a whole number, with commas.
pub(crate) fn count(number: u64) -> String {
    thousands(&number.to_string())
}

/// Formats bytes in a fitting unit.
pub(crate) fn bytes(bytes: u64) -> String {
    let number = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", figure(number / 1e3)),
        _ => format!("{} MB", figure(number / 1e6)),
    }
}

/// Formats seconds in a fitting unit.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        0.0..0.001 => format!("{} µs", figure(seconds * 1e6)),
        0.001..1.0 => format!("{} ms", figure(seconds * 1e3)),
        _ => format!("{} s", figure(seconds)),
    }
}

fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_three_digits() {
        let figures = [
            (0.000_234_4, "0.000234"),
            (0.012_34, "0.0123"),
            (0.441, "0.44"),
            (1.0, "1.00"),
            (9.96, "10.0"),
            (72.74, "72.7"),
            (611.3, "611"),
            (65_432.1, "65,432"),
        ];
        for (number, text) in figures {
            assert_eq!(figure(number), text);
        }
    }

    #[test]
    fn a_number_has_a_fitting_unit() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(21_040_091), "21.0 MB");
        assert_eq!(seconds(0.000_016_4), "16.4 µs");
        assert_eq!(seconds(0.25), "250 ms");
        assert_eq!(seconds(39.1), "39.1 s");
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
