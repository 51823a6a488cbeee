//! The report as JUnit XML, which CI systems show as test results.

use std::fmt::{self, Display, Formatter};

use crate::check::{Check, Verdict};
use crate::suite::Suite;

/// The content of a JUnit file.
pub(super) struct Junit<'a> {
    pub(super) component: &'a str,
    pub(super) suites: &'a [Suite],
}

impl Display for Junit<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let suites = self.suites;
        let name = escaped(self.component);
        let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        writeln!(
            f,
            r#"<testsuites name="{name}" tests="{}" failures="{}" errors="0" skipped="{}" time="{:.3}">"#,
            sum(|suite| suite.checks.len()),
            sum(Suite::failed),
            sum(Suite::skipped),
            suites.iter().map(Suite::seconds).sum::<f64>(),
        )?;
        for suite in suites {
            writeln!(
                f,
                r#"  <testsuite name="{}" tests="{}" failures="{}" errors="0" skipped="{}" time="{:.3}">"#,
                suite.role,
                suite.checks.len(),
                suite.failed(),
                suite.skipped(),
                suite.seconds(),
            )?;
            for check in &suite.checks {
                write_check(f, &format!("{name}.{}", suite.role), check)?;
            }
            f.write_str("  </testsuite>\n")?;
        }
        f.write_str("</testsuites>\n")
    }
}

fn write_check(f: &mut Formatter<'_>, class: &str, check: &Check) -> fmt::Result {
    writeln!(
        f,
        r#"    <testcase classname="{class}" name="{}" time="{:.3}">"#,
        escaped(&check.name),
        check.took.as_secs_f64()
    )?;
    match &check.verdict {
        Verdict::Passed => {}
        Verdict::Failed(fault) => {
            let text = format!(
                "expected: {}\nseen: {}\nfix: {}",
                fault.expected, fault.seen, fault.fix
            );
            writeln!(
                f,
                r#"      <failure type="conformance" message="{}">{}</failure>"#,
                escaped(&fault.seen),
                escaped(&text)
            )?;
        }
        Verdict::Skipped { reason } => {
            writeln!(f, r#"      <skipped message="{}"/>"#, escaped(reason))?;
        }
    }
    if !check.note.is_empty() {
        writeln!(f, "      <system-out>{}</system-out>", escaped(&check.note))?;
    }
    f.write_str("    </testcase>\n")
}

/// Escapes a text for XML text and attributes. Characters that XML does not allow are
/// replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{0}'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_a_component_does_not_end_an_attribute_or_an_element() {
        let text = escaped("a\"b'c<d>&e\u{0}\u{1b}\r\nf");
        assert_eq!(
            text,
            "a&quot;b&apos;c&lt;d&gt;&amp;e\u{fffd}\u{fffd}\u{fffd}&#10;f"
        );
    }
}
