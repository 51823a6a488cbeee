//! Unusable files at a reload: nothing changes, and no reload blocks.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guests;
use solti_metrics_tests::served::{FILE, Served};

use crate::serve::test_folder::{TestFolder, task, until};

const WAITER: &str = "[tasks.waiter]\ncomponent = \"waiter.wasm\"\ndirs = [\".:rw\"]\n";

fn place() -> Result<TestFolder> {
    TestFolder::with(&[("waiter.wasm", guests::waiter()?)])
}

/// Checks that the previous run continues.
fn goes_on(served: &Served) -> Result<()> {
    let task = task(served, "waiter")?;
    ensure!(task["running"] == 1 && task["last"].is_null(), "{task}");
    let good = "solti_metrics_config_last_reload_successful";
    ensure!(served.sample(good)? == 0.0);
    Ok(())
}

#[test]
fn an_emptied_configuration_removes_nothing() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(WAITER)?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    for emptied in ["", "\n", " \n\t\n", "# nothing\n", "\u{feff}"] {
        place.write(FILE, emptied.as_bytes())?;
        let error = served.reload_as_it_is()?.context("no error")?;
        ensure!(
            error.contains("the configuration is empty")
                && error.contains("the previous configuration continues"),
            "{emptied:?}: {error}"
        );
        goes_on(&served)?;
    }
    // The beginning of a file that was not written completely.
    let error = served.reload("")?.context("no error")?;
    ensure!(error.contains("the table [tasks] is missing"), "{error}");
    goes_on(&served)?;
    // An explicit empty table removes all tasks.
    ensure!(served.reload("[tasks]\n")?.is_none());
    ensure!(task(&served, "waiter").is_err());
    ensure!(served.reload("")?.is_none());
    Ok(())
}

#[test]
fn a_path_that_is_not_a_file_is_rejected_at_once() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(WAITER)?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    for (make, said) in [
        ("mkfifo serve.toml", "it is a named pipe"),
        ("mkdir serve.toml", "it is a directory"),
        ("ln -s /dev/zero serve.toml", "it is a device"),
        ("truncate -s 1T serve.toml", "larger than 1 MiB"),
        ("ln -s nowhere serve.toml", "No such file"),
    ] {
        let script = format!("rm -rf {FILE} && {make}");
        let made = Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder(&place)?)
            .status()?;
        ensure!(made.success(), "{make}: {made}");
        let error = served.reload_as_it_is()?.context("no error")?;
        ensure!(error.contains(said), "{make}: {error}");
        goes_on(&served)?;
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_pipe_is_read_once_and_reported_as_a_pipe() -> Result<()> {
    let place = place()?;
    let folder = place.path("");
    let config = WAITER
        .replace(
            "waiter.wasm",
            &place.path("waiter.wasm").display().to_string(),
        )
        .replace(".:rw", &format!("{}::/:rw", folder.display()));
    let script =
        format!("mkfifo pipe && (cat {FILE} >pipe &) && exec \"$1\" serve /dev/stdin <pipe");
    let mut served = place.serve_by(&script, &config)?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    let error = served.reload_as_it_is()?.context("no error")?;
    ensure!(error.contains("it was read from a pipe"), "{error}");
    goes_on(&served)?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let warned = end
        .stderr
        .matches("the configuration was read from a pipe")
        .count();
    ensure!(warned == 1, "{end}");
    Ok(())
}

#[test]
fn a_component_that_is_not_a_file_is_rejected_at_once() -> Result<()> {
    let place = place()?;
    let made = Command::new("mkfifo").arg(place.path("pipe")).status()?;
    ensure!(made.success(), "{made}");
    let mut served = place.serve(WAITER)?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    for more in [
        "[tasks.other]\ncomponent = \"pipe\"\n",
        "[backends.other]\ncomponent = \"pipe\"\n",
        "[[middlewares]]\nname = \"other\"\ncomponent = \"pipe\"\n",
    ] {
        let error = served.reload(&format!("{WAITER}{more}"))?;
        let error = error.context("no error")?;
        ensure!(error.contains("it is a named pipe"), "{error}");
        goes_on(&served)?;
    }
    Ok(())
}

fn folder(place: &TestFolder) -> Result<std::path::PathBuf> {
    let file = place.path(FILE);
    file.parent().map(Path::to_owned).context("a folder")
}
