//! One line with a value.

use std::borrow::Cow;

/// A line with a value.
pub(super) struct SampleLine<'a> {
    pub(super) name: &'a str,
    /// The labels with their braces, or an empty text.
    labels: &'a str,
    value: &'a str,
    /// The time stamp, in seconds.
    time: Option<f64>,
}

impl<'a> SampleLine<'a> {
    pub(super) fn read(line: &'a str) -> Result<Self, &'static str> {
        let end = line.find(['{', ' ']).ok_or("there is no value")?;
        let (name, rest) = line.split_at(end);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        if name.is_empty()
            || name.starts_with(|c: char| c.is_ascii_digit())
            || !name.chars().all(is_name)
        {
            return Err("a metric has no name");
        }
        let end = if rest.starts_with('{') {
            labels_end(rest)?
        } else {
            0
        };
        let (labels, rest) = rest.split_at(end);
        if !rest.starts_with(' ') {
            return Err("a space and a value must follow the series");
        }
        let numbers = rest.split(" # ").next().unwrap_or_default();
        let mut numbers = numbers.trim_end_matches(' ').split(' ').skip(1);
        let value = numbers.next().ok_or("there is no value")?;
        value
            .parse::<f64>()
            .map_err(|_| "the value is not a number")?;
        let time = numbers.next().map(str::parse::<f64>).transpose();
        let time = time.map_err(|_| "the time stamp is not a number")?;
        // The older format has 64 bits for the milliseconds.
        if time.is_some_and(|time| !(time * 1e3).abs().lt(&(i64::MAX as f64))) {
            return Err("the time stamp is out of range");
        }
        if numbers.next().is_some() {
            return Err("there is text after the value");
        }
        Ok(Self {
            name,
            labels,
            value,
            time,
        })
    }

    pub(super) fn write(&self, text: &mut String) {
        let Self {
            name,
            labels,
            value,
            time,
        } = self;
        text.push_str(name);
        text.push_str(&with_whole_bound(labels));
        text.push(' ');
        text.push_str(value);
        if let Some(time) = time {
            text.push_str(&format!(" {:.0}", time * 1e3));
        }
        text.push('\n');
    }
}

/// Index after the closing brace of the labels.
fn labels_end(labels: &str) -> Result<usize, &'static str> {
    let mut rest = &labels[1..];
    if rest.starts_with('}') {
        return Ok(2);
    }
    loop {
        let (name, value) = rest
            .split_once("=\"")
            .ok_or("the value of a label has no quotes")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || name.starts_with(|c: char| c.is_ascii_digit())
            || !name.chars().all(is_name)
        {
            return Err("a label has no name");
        }
        let after = &value[text_end(value)?..];
        if after.starts_with('}') {
            return Ok(labels.len() - after.len() + 1);
        }
        rest = after
            .strip_prefix(',')
            .ok_or("a comma or a brace must follow the value of a label")?;
    }
}

/// Index after the quote that ends the value of a label. Within the value, a brace is text.
fn text_end(value: &str) -> Result<usize, &'static str> {
    let mut bytes = value.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' if !matches!(bytes.next(), Some((_, b'n' | b'"' | b'\\'))) => {
                return Err("the value of a label has an invalid escape sequence");
            }
            _ => {}
        }
    }
    Err("the value of a label does not end")
}

/// Labels with a whole bucket bound as an integer. A bound is `1.0` in OpenMetrics, and `1`
/// in the older format, so that one query matches the buckets of all backends. The bound is
/// the last label of a bucket, and a quote within the value of a label is always escaped.
fn with_whole_bound(labels: &str) -> Cow<'_, str> {
    match (labels.rfind("le=\""), labels.rfind(".0\"}")) {
        (Some(bound), Some(fraction))
            if bound < fraction
                && labels[..bound].ends_with(['{', ','])
                && labels[bound + 4..fraction]
                    .bytes()
                    .all(|b| b.is_ascii_digit()) =>
        {
            format!("{}{}", &labels[..fraction], &labels[fraction + 2..]).into()
        }
        _ => labels.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> Result<String, &'static str> {
        let mut text = String::new();
        SampleLine::read(line)?.write(&mut text);
        Ok(text)
    }

    #[test]
    fn an_exemplar_is_cut_and_a_hash_in_a_label_is_not() {
        for (sample, older) in [
            (r##"a{b="#"} 1 # {id="x"} 1"##, r##"a{b="#"} 1"##),
            (r##"a{b="\" # }"} 1"##, r##"a{b="\" # }"} 1"##),
            (r##"a 1 # {id="x # y"} 1 2"##, "a 1"),
        ] {
            assert_eq!(rewritten(sample), Ok(format!("{older}\n")));
        }
    }

    #[test]
    fn a_time_stamp_is_in_milliseconds() {
        for (sample, older) in [
            ("a 1 1700000000.5", "a 1 1700000000500"),
            ("a 1 1700000000", "a 1 1700000000000"),
            ("a 1 -0.25", "a 1 -250"),
        ] {
            assert_eq!(rewritten(sample), Ok(format!("{older}\n")));
        }
    }

    #[test]
    fn a_line_that_the_older_format_cannot_have_is_rejected() {
        for sample in [
            r#"a{b="c"}d 1"#,
            r#"a{b="c"}="d"} 1"#,
            r#"a{"b"} 1"#,
            r#"a{1="b"} 1"#,
            r#"a{b="c" d="e"} 1"#,
            r#"a{b="c",} 1"#,
            r#"a{b="\x"} 1"#,
            "a 1 NaN",
            "a 1\u{85}",
            "a 1 +Inf",
            "a 1 1e300",
            "a 1 -9223372036854775.808",
        ] {
            assert!(rewritten(sample).is_err(), "{sample}");
        }
    }

    #[test]
    fn a_whole_bound_loses_its_fraction_and_nothing_else_does() {
        for (sample, older) in [
            (
                r#"a_bucket{b="x",le="5.0"} 1"#,
                r#"a_bucket{b="x",le="5"} 1"#,
            ),
            (r#"a_bucket{le="3600.0"} 1"#, r#"a_bucket{le="3600"} 1"#),
            (r#"a_bucket{le="0.01"} 1"#, r#"a_bucket{le="0.01"} 1"#),
            (r#"a_bucket{le="+Inf"} 1"#, r#"a_bucket{le="+Inf"} 1"#),
            (r#"a{b="le=\"5.0"} 1"#, r#"a{b="le=\"5.0"} 1"#),
            (r#"a{b="5.0"} 1.0"#, r#"a{b="5.0"} 1.0"#),
        ] {
            assert_eq!(rewritten(sample), Ok(format!("{older}\n")));
        }
    }
}
