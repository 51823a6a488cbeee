//! The third-party hosts of `docs/embed/hosts.md`: each runs the reporter in each of its
//! languages, and receives the same calls.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::blocks::blocks;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::toolchains::toolchains;
use solti_metrics_tests::trial::{Trial, trial};

mod browser;
mod calls;
mod test_folder;

use test_folder::TestFolder;

/// A section of the page, which runs a guest in a folder.
type Host = fn(&TestFolder) -> Result<String>;

/// Toolchains that need component-model async. These hosts call a synchronous `main`.
const ASYNC: [&str; 1] = ["quickjs-async"];

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = vec![trial("every_block_is_run", every_block_is_run)];
    trials.extend(trials_of("rust"));
    match toolchains() {
        Ok(toolchains) => {
            let runnable = toolchains.iter().filter(|name| !ASYNC.contains(&&***name));
            trials.extend(runnable.flat_map(|name| trials_of(name)));
        }
        Err(error) => trials.push(trial("toolchains", move || Err(error))),
    }
    Ok(trials)
}

fn trials_of(language: &str) -> Vec<Trial> {
    let reporter = ReferenceTool::example(language, "reporter");
    let hosts: [(&str, Vec<ReferenceTool>, Host); 3] = [
        ("python", vec![ReferenceTool::wasmtime_py()], place::python),
        ("node", vec![ReferenceTool::jco()], place::node),
        (
            "browser",
            vec![ReferenceTool::jco(), ReferenceTool::chromium()],
            browser::run,
        ),
    ];
    hosts
        .into_iter()
        .map(|(host, needs, run)| {
            let name = format!("{host}::gets_the_same_calls_from_{language}");
            let reference_tool = needs.into_iter().fold(reporter.clone(), ReferenceTool::and);
            reference_tool.trial(&name, move |component| {
                let place = TestFolder::new(host, component)?;
                calls::are_those_expected(&run(&place)?)
            })
        })
        .collect()
}

/// A block of a kind that is not run would become outdated.
fn every_block_is_run() -> Result<()> {
    let all = blocks(&page()?)?;
    let sections: Vec<_> = all.iter().filter(|block| block.language == "sh").collect();
    ensure!(
        sections
            .iter()
            .map(|block| &*block.about)
            .eq(test_folder::HOSTS),
        "{sections:?}"
    );
    let files = all.iter().filter(|block| block.language != "sh");
    for block in files {
        ensure!(test_folder::FILES.contains(&&*block.about), "{block:?}");
    }
    Ok(())
}

fn page() -> Result<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/embed/hosts.md");
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
