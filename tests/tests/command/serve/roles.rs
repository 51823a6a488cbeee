//! A file that becomes a component of another role.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guests;

use crate::serve::test_folder::{TestFolder, backend, count, until_backend};

#[test]
fn a_component_that_changes_its_role_is_rejected_and_the_old_one_continues() -> Result<()> {
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?)])?;
    for (file, from) in [("first.wasm", "middleware"), ("sink.wasm", "provider")] {
        fs::copy(artifact(from, WASI), place.path(file))?;
    }
    let mut served = place.serve(
        "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n\
         [[middlewares]]\nname = \"first\"\ncomponent = \"first.wasm\"\n\
         [backends.sink]\ncomponent = \"sink.wasm\"\n",
    )?;
    let mut failed = 0.0;
    for (name, other, said) in [
        ("first", "provider", "first.wasm: is not a middleware"),
        ("sink", "middleware", "sink.wasm: is a middleware"),
    ] {
        let file = place.path(&format!("{name}.wasm"));
        let was = fs::read(&file)?;
        fs::copy(artifact(other, WASI), &file)?;
        let error = served.reload_as_it_is()?.context("no error")?;
        ensure!(
            error.contains(said) && error.contains("the previous version stays in use"),
            "{error}"
        );
        failed += 1.0;
        let counted = r#"solti_metrics_config_reloads_total{result="failed"}"#;
        ensure!(served.sample(counted)? == failed);
        // Records still pass both middlewares.
        let before = count(&backend(&served, "sink")?["ledger"]["delivered"])?;
        until_backend(&served, "sink", |it| {
            it["ledger"]["delivered"].as_u64() >= Some(before + 1_000)
        })?;
        ensure!(backend(&served, name)?["replacements"] == 0);
        fs::write(&file, was)?;
        ensure!(served.reload_as_it_is()?.is_none());
    }
    Ok(())
}

/// The new role is rejected, so the component keeps its old role and its old position.
#[test]
fn a_rejected_move_to_the_other_table_leaves_the_role() -> Result<()> {
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?)])?;
    for (file, from) in [("first.wasm", "middleware"), ("sink.wasm", "provider")] {
        fs::copy(artifact(from, WASI), place.path(file))?;
    }
    let flood = "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n";
    let middleware =
        |name: &str| format!("[[middlewares]]\nname = \"{name}\"\ncomponent = \"{name}.wasm\"\n");
    let receiver = |name: &str| format!("[backends.{name}]\ncomponent = \"{name}.wasm\"\n");
    let right = format!("{flood}{}{}", middleware("first"), receiver("sink"));
    let mut served = place.serve(&right)?;
    for (moved, more) in [
        (
            "sink",
            format!("{}{}", middleware("first"), middleware("sink")),
        ),
        (
            "first",
            format!("{}{}", receiver("first"), receiver("sink")),
        ),
    ] {
        let error = served.reload(&format!("{flood}{more}"))?;
        let error = error.context("no error")?;
        ensure!(
            error.contains(moved) && error.ends_with("the previous version stays in use"),
            "{error}"
        );
        for name in ["first", "sink"] {
            let before = count(&backend(&served, name)?["ledger"]["delivered"])?;
            until_backend(&served, name, |it| {
                it["ledger"]["delivered"].as_u64() >= Some(before + 1_000)
            })?;
        }
    }
    // The message about a new, rejected backend does not say that it continues.
    let new = format!("{right}[backends.new]\ncomponent = \"first.wasm\"\n");
    let error = served.reload(&new)?.context("no error")?;
    ensure!(error.ends_with("it is not started"), "{error}");
    ensure!(served.reload(&right)?.is_none());
    Ok(())
}
