//! Follows a page in its own folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::counted::exposed;
use solti_metrics_tests::exposition::value;
use solti_metrics_tests::shell;

use crate::guides::page::{Block, Kind, blocks_of, kind, root};
use crate::guides::shown;
use crate::guides::terminal::{ADDRESS, Terminal};

/// The folders of projects that `new` writes.
const PROJECTS: [&str; 2] = ["hello/", "tally/"];

pub(crate) fn check(language: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let page = blocks_of(&format!("{language}.md"))?;
    let (mut terminal, mut asks) = (None, false);
    let mut printed = String::new();
    for (n, block) in page.iter().enumerate() {
        match kind(block)? {
            Kind::Install => {}
            Kind::File(file) => read_or_write(file, &block.text, folder)?,
            Kind::Until => terminal = Some(Terminal::open(block, folder)?),
            Kind::Commands => {
                printed = match &terminal {
                    None => run(block, folder)?,
                    Some(terminal) => {
                        asks = true;
                        asked(terminal, block, page.get(n + 1), folder)?
                    }
                }
            }
            Kind::Shown => shown::is_in(&block.text, &printed)?,
            Kind::After => {
                let terminal = terminal.take().context("nothing runs")?;
                shown::is_in(&block.text, &terminal.end(&block.about)?)?;
            }
        }
    }
    ensure!(terminal.is_none(), "no block ends the running command");
    ensure!(asks, "no block queries the provider");
    ends_as_promised(language, folder)
}

/// A file of `new` must contain the text of the page unchanged. The reader writes all
/// other files.
fn read_or_write(file: &str, text: &str, folder: &Path) -> Result<()> {
    let path = folder.join(file);
    if PROJECTS.iter().any(|project| file.starts_with(project)) {
        let there = fs::read_to_string(&path).with_context(|| file.to_owned())?;
        ensure!(there.contains(text), "{file} is not as shown:\n{there}");
        return Ok(());
    }
    fs::create_dir_all(path.parent().context("no folder")?)?;
    Ok(fs::write(path, text)?)
}

fn run(block: &Block, folder: &Path) -> Result<String> {
    let mut printed = String::new();
    for line in block.lines() {
        printed += &shell::run(line, folder)?;
        for entry in fs::read_dir(folder)? {
            let project = entry?.path();
            // A new Rust project would fetch the latest versions. The locked ones are
            // present.
            if project.join("Cargo.toml").exists() {
                fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock"))?;
            }
        }
    }
    Ok(printed)
}

/// Repeats a request until the answer matches the page: the program may need some time to
/// start.
fn asked(
    terminal: &Terminal,
    block: &Block,
    answer: Option<&Block>,
    folder: &Path,
) -> Result<String> {
    let Some(answer) = answer.filter(|answer| answer.is("console", "")) else {
        bail!("no answer is shown to {:?}", block.text);
    };
    let [line] = block.lines().collect::<Vec<_>>()[..] else {
        bail!("not one question: {:?}", block.text);
    };
    ensure!(line.contains(ADDRESS), "{line} queries another address");
    let question = line.replace(ADDRESS, &terminal.address);
    loop {
        let printed = shell::run(&question, folder)?;
        match shown::is_in(&answer.text, &printed) {
            Err(error) if terminal.is_late() => return Err(error),
            Err(_) => {}
            Ok(()) => return Ok(printed),
        }
    }
}

/// The components at the end of the page work, independent of the shown output.
fn ends_as_promised(language: &str, folder: &Path) -> Result<()> {
    let [guest, provider] = if language == "wat" {
        ["guest.wasm", "provider.wasm"]
    } else {
        ["hello/hello.wasm", "tally/tally.wasm"]
    };
    let line = format!("solti-metrics run --backend {provider} {guest}");
    let printed = shell::run(&line, folder)?;
    shown::is_in("wasm success 2 1 ms 1 ms 1 ms\n", &printed)?;
    let name = provider.split(['/', '.']).next().unwrap_or_default();
    shown::is_in(&format!("{name} 4 4 0 0 0\n"), &printed)?;

    let (exposed, counts) = exposed(&folder.join(provider))?;
    let names = ["tasks_started", "tasks_completed", "runner_errors"];
    for (name, count) in names.iter().zip(counts) {
        let total = value(&exposed, &format!("{name}_total"))?;
        ensure!(total == count as f64, "{exposed}");
    }
    Ok(())
}
