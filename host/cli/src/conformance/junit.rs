//! The report as JUnit's XML, which CI systems show as the results of tests.

use std::fmt::{self, Write};

use super::suite::Suite;
use super::verdict::{Check, Verdict};

pub(super) fn render(component: &str, suites: &[Suite]) -> Result<String, fmt::Error> {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = escaped(component);
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    writeln!(
        xml,
        r#"<testsuites name="{name}" tests="{}" failures="{}" errors="0" skipped="{}" time="{:.3}">"#,
        sum(|suite| suite.checks.len()),
        sum(|suite| suite.count("failed")),
        sum(|suite| suite.count("skipped")),
        suites.iter().map(Suite::seconds).sum::<f64>(),
    )?;
    for suite in suites {
        writeln!(
            xml,
            r#"  <testsuite name="{}" tests="{}" failures="{}" errors="0" skipped="{}" time="{:.3}">"#,
            suite.role,
            suite.checks.len(),
            suite.count("failed"),
            suite.count("skipped"),
            suite.seconds(),
        )?;
        for check in &suite.checks {
            write_check(&mut xml, &format!("{name}.{}", suite.role), check)?;
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    Ok(xml)
}

fn write_check(xml: &mut String, class: &str, check: &Check) -> fmt::Result {
    writeln!(
        xml,
        r#"    <testcase classname="{class}" name="{}" time="{:.3}">"#,
        escaped(&check.name),
        check.took.as_secs_f64()
    )?;
    match &check.verdict {
        Verdict::Passed => {}
        Verdict::Failed(fault) => {
            let text = format!(
                "expected: {}\nseen: {}\nchange: {}",
                fault.expected, fault.seen, fault.fix
            );
            writeln!(
                xml,
                r#"      <failure type="conformance" message="{}">{}</failure>"#,
                escaped(&fault.seen),
                escaped(&text)
            )?;
        }
        Verdict::Skipped { reason } => {
            writeln!(xml, r#"      <skipped message="{}"/>"#, escaped(reason))?;
        }
    }
    if !check.note.is_empty() {
        writeln!(
            xml,
            "      <system-out>{}</system-out>",
            escaped(&check.note)
        )?;
    }
    xml.push_str("    </testcase>\n");
    Ok(())
}

/// Fit for text and for attributes. Characters that XML cannot have at all are replaced.
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
    fn nothing_that_a_component_says_ends_an_attribute_or_an_element() {
        let text = escaped("a\"b'c<d>&e\u{0}\u{1b}\r\nf");
        assert_eq!(
            text,
            "a&quot;b&apos;c&lt;d&gt;&amp;e\u{fffd}\u{fffd}\u{fffd}&#10;f"
        );
    }
}
