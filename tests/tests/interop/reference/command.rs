//! `docs/reference/command.md`: the help of each subcommand.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::command;

use crate::reference::document::Document;
use crate::reference::help::Help;

pub(crate) fn written() -> Result<()> {
    Document("docs/reference/command.md").must_have("subcommands", &subcommands()?)
}

fn subcommands() -> Result<String> {
    let overview = help(&[])?;
    let list = overview
        .split("\nCommands:\n")
        .nth(1)
        .context("no commands")?;
    let names = list
        .lines()
        .map_while(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut text = String::new();
    // Groups of options that several subcommands share, and the subcommand that has them.
    let mut groups = BTreeMap::new();
    for name in names {
        let help = Help::read(&help(&[name])?)?;
        write!(text, "\n## `{name}`\n\n")?;
        for paragraph in help.about {
            write!(text, "{paragraph}\n\n")?;
        }
        writeln!(text, "```text\n{}\n```", help.usage)?;
        for group in help.groups {
            let table = group.table();
            let first = groups
                .entry((group.title.clone(), table.clone()))
                .or_insert_with(|| name.to_owned());
            if first == name || group.title == "Arguments" {
                write!(text, "\n**{}**\n\n{table}", group.title)?;
            } else {
                writeln!(
                    text,
                    "\n**{}**: the same as of [`{first}`](#{first}).",
                    group.title
                )?;
            }
        }
    }
    Ok(text)
}

fn help(subcommand: &[&str]) -> Result<String> {
    let output = Command::new(command())
        .arg("help")
        .args(subcommand)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}
