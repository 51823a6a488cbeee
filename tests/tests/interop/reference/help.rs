//! The long help of a subcommand, as clap writes it.

use anyhow::{Context, Result};

#[derive(Debug)]
pub(crate) struct Help {
    /// The paragraphs before the usage.
    pub(crate) about: Vec<String>,
    pub(crate) usage: String,
    pub(crate) groups: Vec<Group>,
}

/// Arguments or options under one heading.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) title: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The option and its value.
    syntax: String,
    paragraphs: Vec<String>,
}

impl Help {
    pub(crate) fn read(text: &str) -> Result<Self> {
        let (about, rest) = text.split_once("\nUsage: ").context("no usage")?;
        let (usage, rest) = rest.split_once('\n').context("no end of the usage")?;
        let mut groups: Vec<Group> = Vec::new();
        for line in rest.lines() {
            let indent = line.len() - line.trim_start().len();
            let line = line.trim();
            if indent == 0 && !line.is_empty() {
                groups.push(Group {
                    title: line.trim_end_matches(':').to_owned(),
                    entries: Vec::new(),
                });
                continue;
            }
            let Some(group) = groups.last_mut() else {
                continue;
            };
            if (1..10).contains(&indent) {
                // Short descriptions follow on the same line.
                let (syntax, short) = line.split_once("  ").unwrap_or((line, ""));
                group.entries.push(Entry {
                    syntax: syntax.to_owned(),
                    paragraphs: vec![short.trim().to_owned()],
                });
            } else if let Some(entry) = group.entries.last_mut() {
                entry.paragraphs.push(line.to_owned());
            }
        }
        Ok(Self {
            about: about
                .split("\n\n")
                .map(|it| it.trim().to_owned())
                .filter(|it| !it.is_empty())
                .collect(),
            usage: usage.to_owned(),
            groups,
        })
    }
}

impl Group {
    pub(crate) fn table(&self) -> String {
        let mut text = "| Option | Description |\n|---|---|\n".to_owned();
        if self.title == "Arguments" {
            text = text.replace("Option", "Argument");
        }
        for entry in &self.entries {
            let lines = entry.paragraphs.iter().filter(|it| !it.is_empty());
            let lines: Vec<_> = lines.map(|it| cell(it)).collect();
            let syntax = entry.syntax.replace('|', "\\|");
            text.push_str(&format!("| `{syntax}` | {} |\n", lines.join("<br>")));
        }
        text
    }
}

/// A line of a description. Possible values and defaults get the form of code.
fn cell(line: &str) -> String {
    let value = line.strip_prefix("- ").and_then(|it| it.split_once(':'));
    let default = line
        .strip_prefix("[default: ")
        .and_then(|it| it.strip_suffix(']'));
    let line = match (value, default) {
        (Some((value, means)), _) => format!("`{value}`: {}", means.trim()),
        (_, Some(default)) => format!("Default: `{default}`."),
        _ if line.ends_with(['.', ':']) => line.to_owned(),
        // clap takes the full stop of a single sentence away.
        _ => format!("{line}."),
    };
    // Outside of code, a placeholder would be taken for HTML.
    let mut text = String::new();
    for (number, part) in line.split('`').enumerate() {
        if number > 0 {
            text.push('`');
        }
        match number % 2 {
            0 => text.push_str(&part.replace('<', "&lt;")),
            _ => text.push_str(part),
        }
    }
    text.replace('|', "\\|")
}
