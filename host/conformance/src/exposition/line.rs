//! Lines of an exposition: metadata and samples.

use std::collections::BTreeMap;
use std::fmt;

use solti_metrics_host::text::printable;

/// One value of one series.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// The series, without its value.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"));
        let labels: Vec<_> = labels.collect();
        write!(f, "{}{{{}}}", self.name, labels.join(","))
    }
}

/// What `# TYPE a counter` consists of.
pub(super) fn metadata(line: &str) -> Result<(&str, &str, &str), String> {
    let mut words = line.splitn(4, ' ').skip(1);
    let what = words.next().unwrap_or_default();
    if !matches!(what, "TYPE" | "HELP" | "UNIT") {
        return Err("OpenMetrics has no comments, only `TYPE`, `HELP`, `UNIT` and `EOF`".into());
    }
    let name = words.next().unwrap_or_default();
    if name.is_empty() || !rest_of_name(name, true).is_empty() {
        return Err(format!("{:?} is no name of a metric", printable(name)));
    }
    Ok((what, name, words.next().unwrap_or_default()))
}

pub(super) fn sample(line: &str) -> Result<Sample, String> {
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
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// A value, and maybe a time: each with a space before it.
fn values_of(text: &str) -> Result<f64, String> {
    let Some(text) = text.strip_prefix(' ') else {
        return Err("there is no value behind a space".into());
    };
    let mut numbers = text.split(' ').map(number);
    let value = numbers.next().transpose()?.unwrap_or(f64::NAN);
    numbers.next().transpose()?;
    match numbers.next() {
        None => Ok(value),
        Some(_) => Err("there is something behind the value and its time".into()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| format!("{:?} is no number", printable(text)))
}

/// Labels in braces, if there are any, and what is behind them.
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
            return Err(format!("the label `{name}` is there twice"));
        }
        if let Some(rest) = after_value.strip_prefix('}') {
            return Ok((labels, rest));
        }
        rest = after_value
            .strip_prefix(',')
            .ok_or("between labels is a comma, and behind the last one a brace")?;
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
                Some((_, other)) => return Err(format!("`\\{other}` is no escape")),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("the value of a label does not end".into())
}

/// What is behind a name, of a metric or of a label, at the beginning of a text.
fn rest_of_name(text: &str, metric: bool) -> &str {
    let end = text.char_indices().find(|(at, character)| {
        let digit = *at > 0 && character.is_ascii_digit();
        let colon = metric && *character == ':';
        !(character.is_ascii_alphabetic() || *character == '_' || digit || colon)
    });
    end.map_or("", |(at, _)| &text[at..])
}
