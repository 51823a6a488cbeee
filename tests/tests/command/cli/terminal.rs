//! The part of a terminal that shows the final screen of a user.

use std::iter::Peekable;
use std::path::Path;
use std::process::Command;
use std::str::Chars;

use anyhow::{Result, ensure};

use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::{End, Running};

pub(crate) const ESCAPE: char = '\u{1b}';

/// Runs the command at a terminal, with both output streams.
pub(crate) fn at_terminal(place: &TestFolder, args: &str) -> Result<End> {
    at_terminal_with(place, args, ("TERM", "xterm-256color"))
}

/// Runs the command at a terminal, with a variable of the environment.
pub(crate) fn at_terminal_with(
    place: &TestFolder,
    args: &str,
    (name, value): (&str, &str),
) -> Result<End> {
    let script = Path::new("/usr/bin/script");
    ensure!(
        script.is_file(),
        "{} does not exist; install util-linux, which has this program for terminals",
        script.display()
    );
    let mut command: Command = place.shell(
        r#"PROGRAM="$0" SHELL=/bin/sh exec script -qec "stty cols 120 rows 40; \"\$PROGRAM\" $1" /dev/null"#,
        &[args],
    )?;
    command
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env(name, value);
    let end = Running::start(&mut command)?.end()?;
    ensure!(!end.stdout.contains("panicked at"), "it panicked\n{end}");
    Ok(end)
}

/// The final text of an endless screen, without cleared and overwritten text.
pub(crate) fn shown(output: &str) -> String {
    let mut screen = Screen::default();
    let mut rest = output.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => screen.column = 0,
            '\n' => screen.row += 1,
            ESCAPE if rest.next_if_eq(&'[').is_some() => screen.control(&mut rest),
            shown if !shown.is_control() => screen.put(shown),
            _ => {}
        }
    }
    let lines = screen.rows.iter().map(|row| row.iter().collect::<String>());
    lines
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

#[derive(Default)]
struct Screen {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn put(&mut self, c: char) {
        let column = self.column;
        let row = self.current();
        match row.get_mut(column) {
            Some(old) => *old = c,
            None => row.push(c),
        }
        self.column += 1;
    }

    /// The current row, filled up to the cursor's column.
    fn current(&mut self) -> &mut Vec<char> {
        if self.rows.len() <= self.row {
            self.rows.resize(self.row + 1, Vec::new());
        }
        let row = &mut self.rows[self.row];
        row.resize(row.len().max(self.column), ' ');
        row
    }

    fn clear_to_end(&mut self) {
        let column = self.column;
        self.current().truncate(column);
    }

    /// Handles a control sequence after `ESC [`: parameters, and a letter.
    fn control(&mut self, rest: &mut Peekable<Chars<'_>>) {
        let mut parameters = String::new();
        while let Some(c) = rest.next_if(|c| !c.is_ascii_alphabetic()) {
            parameters.push(c);
        }
        let count = parameters.parse().unwrap_or(1);
        match rest.next() {
            Some('A') => self.row = self.row.saturating_sub(count),
            Some('B') => self.row += count,
            Some('C') => self.column += count,
            Some('D') => self.column = self.column.saturating_sub(count),
            Some('G') => self.column = count.saturating_sub(1),
            Some('K') if parameters == "2" => self.current().clear(),
            Some('K') => self.clear_to_end(),
            Some('J') => {
                self.clear_to_end();
                self.rows.truncate(self.row + 1);
            }
            _ => {}
        }
    }
}

#[test]
fn cleared_text_is_not_shown() {
    for (output, left) in [
        ("a\r\nb", "a\nb\n"),
        ("bar\r\u{1b}[2Ktext", "text\n"),
        ("abc\rx", "xbc\n"),
        ("ab\u{1b}[1D\u{1b}[Kc", "ac\n"),
        ("a\nbar\r\u{1b}[1A\u{1b}[Jb", "b\n"),
        ("\u{1b}[31mred\u{1b}[0m\u{1b}[?25h", "red\n"),
    ] {
        assert_eq!(shown(output), left, "{output:?}");
    }
}
