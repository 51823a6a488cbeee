//! Finds the series that an expression reads. It understands the part of PromQL that this
//! project writes.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use self::token::{Token, tokens};

mod token;

/// A metric, and its requirements in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Name of the metric.
    pub metric: String,
    /// Required labels: labels that select, group or match its series.
    pub labels: BTreeSet<String>,
    /// Labels and the texts to which they are compared, with alternatives as separate
    /// entries. Patterns and variables have no entry.
    pub texts: Vec<(String, String)>,
    /// The function that takes the metric's range, if any.
    pub function: Option<String>,
}

const AGGREGATIONS: [&str; 9] = [
    "sum", "min", "max", "avg", "count", "group", "quantile", "topk", "bottomk",
];

/// Words between expressions, and numbers.
const KEYWORDS: [&str; 7] = ["and", "or", "unless", "bool", "offset", "Inf", "NaN"];

/// All uses in this expression.
///
/// # Errors
///
/// When the expression is not closed, or has unsupported syntax: grouping after the
/// operand, `ignoring`, `group_left` and `group_right`.
pub fn uses(expression: &str) -> Result<Vec<Use>> {
    let mut reader = Reader {
        tokens: tokens(expression)?,
        at: 0,
        uses: Vec::new(),
    };
    reader
        .expressions(None)
        .with_context(|| format!("in {expression}"))?;
    Ok(reader.uses)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    uses: Vec<Use>,
}

impl Reader {
    /// Reads up to the closing parenthesis, or to the end. `function` is the function
    /// with these arguments.
    fn expressions(&mut self, function: Option<&str>) -> Result<()> {
        let (first, mut on) = (self.uses.len(), Vec::new());
        loop {
            match self.next() {
                None | Some(Token::Sign(')')) => break,
                Some(Token::Sign('(')) => self.operand(None)?,
                Some(Token::Sign('{')) => self.selector(None, function)?,
                Some(Token::Word(word)) if word == "on" => on.extend(self.labels()?),
                Some(Token::Word(word)) => self.word(word, function)?,
                Some(Token::Sign(_) | Token::Number | Token::Text(_)) => {}
            }
        }
        self.ask(first, &on);
        Ok(())
    }

    fn word(&mut self, word: String, function: Option<&str>) -> Result<()> {
        if KEYWORDS.contains(&&*word) {
            return Ok(());
        }
        if AGGREGATIONS.contains(&&*word) {
            return self.aggregation();
        }
        if ["by", "without", "ignoring", "group_left", "group_right"].contains(&&*word) {
            bail!("`{word}` is not understood here");
        }
        match self.peek() {
            Some(Token::Sign('(')) => {
                self.at += 1;
                self.operand(Some(&word))
            }
            Some(Token::Sign('{')) => {
                self.at += 1;
                self.selector(Some(word), function)
            }
            _ => {
                self.selected(word, &[], function);
                Ok(())
            }
        }
    }

    fn aggregation(&mut self) -> Result<()> {
        let mut grouped = Vec::new();
        if let Some(Token::Word(how)) = self.peek() {
            ensure!(how == "by" || how == "without", "`{how}` groups nothing");
            self.at += 1;
            grouped = self.labels()?;
        }
        ensure!(self.next() == Some(Token::Sign('(')), "nothing to sum up");
        let first = self.uses.len();
        self.operand(None)?;
        self.ask(first, &grouped);
        Ok(())
    }

    /// Reads an operand in parentheses after its opening parenthesis.
    fn operand(&mut self, function: Option<&str>) -> Result<()> {
        self.expressions(function)?;
        let closed = self.tokens.get(self.at - 1) == Some(&Token::Sign(')'));
        ensure!(closed, "a parenthesis is not closed");
        Ok(())
    }

    /// Labels in parentheses.
    fn labels(&mut self) -> Result<Vec<String>> {
        ensure!(self.next() == Some(Token::Sign('(')), "no labels");
        let mut labels = Vec::new();
        loop {
            match self.next() {
                Some(Token::Sign(')')) => return Ok(labels),
                Some(Token::Sign(',')) => {}
                Some(Token::Word(label)) => labels.push(label),
                other => bail!("{other:?} is not a label"),
            }
        }
    }

    /// Reads matchers in braces after the opening brace.
    fn selector(&mut self, metric: Option<String>, function: Option<&str>) -> Result<()> {
        let mut matchers = Vec::new();
        loop {
            match self.next() {
                Some(Token::Sign('}')) => break,
                Some(Token::Sign(',')) => {}
                Some(Token::Word(label)) => {
                    while let Some(Token::Sign('=' | '!' | '~')) = self.peek() {
                        self.at += 1;
                    }
                    let Some(Token::Text(text)) = self.next() else {
                        bail!("`{label}` is compared with no text");
                    };
                    matchers.push((label, text));
                }
                other => bail!("{other:?} is not a matcher"),
            }
        }
        let (named, matchers): (Vec<_>, Vec<_>) = matchers
            .into_iter()
            .partition(|(label, _)| label == "__name__");
        let named = named.iter().flat_map(|(_, names)| names.split('|'));
        let metrics: Vec<_> = metric.into_iter().chain(named.map(str::to_owned)).collect();
        ensure!(!metrics.is_empty(), "a selector without a metric");
        for metric in metrics {
            self.selected(metric, &matchers, function);
        }
        Ok(())
    }

    fn selected(&mut self, metric: String, matchers: &[(String, String)], function: Option<&str>) {
        let plain = |text: &&str| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        };
        let texts = matchers.iter().flat_map(|(label, text)| {
            let texts = text.split('|').filter(plain);
            texts.map(|text| (label.clone(), text.to_owned()))
        });
        self.uses.push(Use {
            metric,
            labels: matchers.iter().map(|(label, _)| label.clone()).collect(),
            texts: texts.collect(),
            function: function.map(str::to_owned),
        });
    }

    /// Requires these labels from all metrics from index `first` on.
    fn ask(&mut self, first: usize, labels: &[String]) {
        for found in &mut self.uses[first..] {
            found.labels.extend(labels.iter().cloned());
        }
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(expression: &str) -> Result<Vec<(String, Vec<String>)>> {
        let uses = uses(expression)?.into_iter();
        Ok(uses
            .map(|found| (found.metric, found.labels.into_iter().collect()))
            .collect())
    }

    #[test]
    fn metrics_are_found_with_their_required_labels() -> Result<()> {
        let found = read(
            r#"sum by (a, b) (rate(x_total{c=~"d|e", f!="g"}[5m] offset 1h)) / on (h) (y - z{i="}("})"#,
        )?;
        let expected = [
            ("x_total", &["a", "b", "c", "f", "h"][..]),
            ("y", &["h"]),
            ("z", &["h", "i"]),
        ];
        let expected = expected.map(|(metric, labels)| {
            let labels = labels.iter().map(|label| (*label).to_owned());
            (metric.to_owned(), labels.collect::<Vec<_>>())
        });
        assert_eq!(found, expected);
        Ok(())
    }

    #[test]
    fn functions_keywords_and_numbers_are_not_metrics() -> Result<()> {
        let found = read("abs(-1.5e3 + x) > bool 0x1F and max_over_time(y[1h:5m]) unless Inf")?;
        let names: Vec<_> = found.iter().map(|(metric, _)| &**metric).collect();
        assert_eq!(names, ["x", "y"]);
        Ok(())
    }

    #[test]
    fn patterns_and_variables_are_not_texts() -> Result<()> {
        let found = uses(r#"rate({__name__=~"x|y",a=~"b|c",d=~"$e",f=~"g.*"}[1m])"#)?;
        assert_eq!(found.len(), 2);
        for found in found {
            let texts: Vec<_> = found.texts.iter().map(|(_, text)| &**text).collect();
            assert_eq!(texts, ["b", "c"]);
            assert_eq!(found.function.as_deref(), Some("rate"));
        }
        Ok(())
    }

    #[test]
    fn unsupported_syntax_is_an_error() {
        for wrong in [
            "sum(x) by (a)",
            "x / ignoring (a) y",
            "x * on (a) group_left (b) y",
            "(x",
            "x{a",
            "x{a=\"b",
            "x[5m",
            "{a=\"b\"}",
        ] {
            assert!(uses(wrong).is_err(), "{wrong}");
        }
    }
}
