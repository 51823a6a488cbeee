//! A file that becomes a component of another role.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guests;

use crate::place::{Place, backend, count, until_backend};

#[test]
fn who_changes_its_role_is_refused_and_the_old_one_goes_on() -> Result<()> {
    let place = Place::with(&[("flood.wasm", guests::flood()?)])?;
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
        ("first", "provider", "first.wasm: is no middleware"),
        ("sink", "middleware", "sink.wasm: is a middleware"),
    ] {
        let file = place.path(&format!("{name}.wasm"));
        let was = fs::read(&file)?;
        fs::copy(artifact(other, WASI), &file)?;
        let error = served.reload_as_it_is()?.context("no error")?;
        ensure!(
            error.contains(said) && error.contains("goes on as it was"),
            "{error}"
        );
        failed += 1.0;
        let counted = r#"solti_metrics_config_reloads_total{result="failed"}"#;
        ensure!(served.sample(counted)? == failed);
        // Records pass both of them as before.
        let before = count(&backend(&served, "sink")?["ledger"]["delivered"])?;
        until_backend(&served, "sink", |it| {
            it["ledger"]["delivered"].as_u64() >= Some(before + 1_000)
        })?;
        ensure!(backend(&served, name)?["swaps"] == 0);
        fs::write(&file, was)?;
        ensure!(served.reload_as_it_is()?.is_none());
    }
    Ok(())
}
