//! Lines of an exposition: metadata and samples.

use std::collections::BTreeMap;
use std::fmt;

use solti_metrics_host::text::printable;

/// One sample: a series and its value.
#[derive(Debug, Clone)]
pub(crate) struct ParsedSample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// Formats the series without its value.
impl fmt::Display for ParsedSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"));
        let labels: Vec<_> = labels.collect();
        write!(f, "{}{{{}}}", self.name, labels.join(","))
    }
}

/// The parts of a metadata line such as `# TYPE a counter`.
pub(super) fn metadata(line: &str) -> Result<(&str, &str, &str), String> {
    let mut words = line.splitn(4, ' ').skip(1);
    let what = words.next().unwrap_or_default();
    if !matches!(what, "TYPE" | "HELP" | "UNIT") {
        return Err("OpenMetrics has no comments, only `TYPE`, `HELP`, `UNIT` and `EOF`".into());
    }
    let name = words.next().unwrap_or_default();
    if name.is_empty() || !rest_of_name(name, true).is_empty() {
        return Err(format!("{:?} is not the name of a metric", printable(name)));
    }
    Ok((what, name, words.next().unwrap_or_default()))
}

pub(super) fn sample(line: &str) -> Result<ParsedSample, String> {
    if line.is_empty() {
        return Err("the line is empty".into());
    }
    let after_name = rest_of_name(line, true);
    let name = &line[..line.len() - after_name.len()];
    if name.is_empty() {
        return Err("a metric has no name".into());
    }
    let (labels, rest) = labels(after_name)?;
    let (values, exemplar) = match rest.split_once(" # ") {
        Some((values, exemplar)) => (values, Some(exemplar)),
        None => (rest, None),
    };
    let value = values_of(values)?;
    if let Some(exemplar) = exemplar {
        let (_, rest) = self::labels(exemplar)?;
        values_of(rest)?;
    }
    Ok(ParsedSample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// A value, and an optional timestamp. A space precedes each of them.
fn values_of(text: &str) -> Result<f64, String> {
    let Some(text) = text.strip_prefix(' ') else {
        return Err("a space and a value must follow the series".into());
    };
    let mut numbers = text.split(' ').map(number);
    let value = numbers.next().transpose()?.unwrap_or(f64::NAN);
    numbers.next().transpose()?;
    match numbers.next() {
        None => Ok(value),
        Some(_) => Err("there is text after the value and its timestamp".into()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| format!("{:?} is not a number", printable(text)))
}

/// Optional labels in braces, and the rest of the line.
fn labels(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    let Some(mut rest) = text.strip_prefix('{') else {
        return Ok((labels, text));
    };
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((labels, rest));
    }
    loop {
        let after_name = rest_of_name(rest, false);
        let name = &rest[..rest.len() - after_name.len()];
        if name.is_empty() {
            return Err("a label has no name".into());
        }
        let quoted = after_name
            .strip_prefix("=\"")
            .ok_or("the value of a label has no quotes")?;
        let (value, after_value) = unquoted(quoted)?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("the label `{name}` occurs twice"));
        }
        if let Some(rest) = after_value.strip_prefix('}') {
            return Ok((labels, rest));
        }
        rest = after_value
            .strip_prefix(',')
            .ok_or("expected a comma between labels, and a brace after the last label")?;
    }
}

fn unquoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                Some((_, other)) => {
                    let other = printable(other.encode_utf8(&mut [0; 4]));
                    return Err(format!("`\\{other}` is not an escape sequence"));
                }
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("the value of a label does not end".into())
}

/// The rest of a text after the name of a metric or of a label.
fn rest_of_name(text: &str, metric: bool) -> &str {
    let end = text.char_indices().find(|(at, character)| {
        let digit = *at > 0 && character.is_ascii_digit();
        let colon = metric && *character == ':';
        !(character.is_ascii_alphabetic() || *character == '_' || digit || colon)
    });
    end.map_or("", |(at, _)| &text[at..])
}
