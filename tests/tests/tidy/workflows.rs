//! The steps of CI are `make` targets, so that a developer can run each of them.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::tree::root;

#[test]
fn each_step_of_a_workflow_is_a_make_target() -> Result<()> {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let is_target = |name: &str| {
        let rule = format!("{name}:");
        makefile.lines().any(|line| line.starts_with(&rule))
    };
    let mut steps = 0;
    for entry in fs::read_dir(root().join(".github/workflows"))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        for line in text.lines().map(|it| it.trim_start_matches([' ', '-'])) {
            let Some(run) = line.strip_prefix("run:") else {
                continue;
            };
            let place = format!("{}: {line}", path.display());
            let targets = run.trim().strip_prefix("make ").context(place.clone())?;
            ensure!(targets.split(' ').all(is_target), "{place}");
            steps += 1;
        }
    }
    ensure!(steps > 0, "no workflow has a step");
    Ok(())
}
