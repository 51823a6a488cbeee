//! Compares the text of a page with the real output.

use anyhow::{Result, bail, ensure};

/// Finds each shown line in the output, in order. Shown lines are adjacent, unless the
/// page has `…` for any lines or for the rest of a line. Spaces, frames, times and
/// running counters are not compared.
pub(crate) fn is_in(shown: &str, printed: &str) -> Result<()> {
    let printed_lines = lines(printed);
    let shown = lines(shown);
    let mut rest = &printed_lines[..];
    for part in shown
        .split(|line| line == "…")
        .filter(|part| !part.is_empty())
    {
        let is_here =
            |window: &[String]| window.iter().zip(part).all(|(line, shown)| is(line, shown));
        match rest.windows(part.len()).position(is_here) {
            Some(at) => rest = &rest[at + part.len()..],
            None => bail!(
                "the shown output was not printed:\n{}\n\n{printed}",
                part.join("\n")
            ),
        }
    }
    Ok(())
}

fn is(line: &str, shown: &str) -> bool {
    match shown.strip_suffix('…') {
        Some(beginning) => line.starts_with(beginning),
        None => line == shown,
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| {
        let mut words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let is_unit = matches!(word, "ns" | "µs" | "ms" | "s");
            match words.last_mut() {
                Some(last) if is_unit && is_number(last) => *last = "(a time)",
                _ if is_counting(word) => words.push("(a count)"),
                _ => words.push(word),
            }
        }
        words.join(" ")
    });
    let is_frame = |line: &str| line.chars().all(|c| matches!(c, '─' | '═'));
    lines.filter(|line| !is_frame(line)).collect()
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('<').unwrap_or(word);
    digits.parse::<f64>().is_ok()
}

/// A counter of ten digits or more continues while the reader looks at it.
fn is_counting(word: &str) -> bool {
    word.len() >= 10 && word.chars().all(|c| c.is_ascii_digit())
}

pub(crate) fn compares() -> Result<()> {
    is_in("x_total 0000000001\n", "x_total 0000000022\n")?;
    let printed = "════\n a   1\n b   <1 ms   2.5 s\n\n c   3\n";
    for same in ["a 1\nb 2 ms 3 ms\n", "a 1\n…\nc …\n", "…\nc 3\n"] {
        is_in(same, printed)?;
    }
    for other in [
        "a 2\n",
        "a 1\nc 3\n",
        "c 3\n…\na 1\n",
        "b 1 ms 2.5 kg\n",
        "d …\n",
    ] {
        ensure!(is_in(other, printed).is_err(), "{other}");
    }
    Ok(())
}
