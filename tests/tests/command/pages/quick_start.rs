//! The quick start of the README: its two commands, and the output that it shows.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::blocks::Block;

use super::{README, blocks_of, only, root, shell};

/// The path of the guest, as `make run` passes it.
const GUEST: &str = "target/guests/wasm32-wasip2/guest/examples/digest.wasm";

#[test]
fn its_commands_are_make_targets() -> Result<()> {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let blocks = blocks_of(README)?;
    let lines = blocks.iter().filter(|block| block.is("sh", ""));
    let lines: Vec<_> = lines.flat_map(Block::lines).collect();
    ensure!(lines == ["make run", "make test"], "{lines:?}");
    for line in lines {
        let target = line.strip_prefix("make ").context("no target")?;
        ensure!(makefile.contains(&format!("\n{target}:")), "{line}");
    }
    Ok(())
}

/// Times differ from run to run, and so does the width of a table that has them.
#[test]
fn the_output_shown_is_the_real_one_but_for_times() -> Result<()> {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let recipe = "solti-metrics run --dir . $(GUESTS)/digest.wasm -- wit\n";
    ensure!(makefile.contains(recipe), "`make run` runs something else");
    let guest = artifact("digest", WASI).display().to_string();
    let command = format!("solti-metrics run --dir . {guest} -- wit");
    let real = shell(&command, &root())?.replace(&guest, GUEST);
    let blocks = blocks_of(README)?;
    let shown = &only(&blocks, "console", "")?.text;
    ensure!(
        without_times(shown) == without_times(&real),
        "the README shows\n{shown}\nand `make run` prints\n{real}\nRun `make screenshots`."
    );
    Ok(())
}

/// The words of each line, with `_` for each time, and without the rules of tables.
fn without_times(text: &str) -> Vec<Vec<String>> {
    let rule = |word: &str| word.chars().all(|c| "─═".contains(c));
    let line = |line: &str| {
        let mut words: Vec<String> = Vec::new();
        for word in line.split_whitespace().filter(|word| !rule(word)) {
            match (word, words.last_mut()) {
                ("ms" | "s" | "µs", Some(number)) => *number = "_".to_owned(),
                _ => words.push(word.to_owned()),
            }
        }
        words
    };
    let lines = text.lines().map(line);
    lines.filter(|words| !words.is_empty()).collect()
}
