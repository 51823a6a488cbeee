//! The configuration and the commands that `docs/operate/README.md` shows are run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::blocks::{Block, blocks};
use solti_metrics_tests::served::{FILE, Served, serve};

#[test]
fn the_configuration_of_the_page_is_valid_and_runs() -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate/README.md");
    let blocks = blocks(&fs::read_to_string(page)?)?;
    let block = |language: &str, about: &str| -> Result<&Block> {
        let mut found = blocks.iter().filter(|block| block.is(language, about));
        found
            .next()
            .with_context(|| format!("no block `{language} {about}`"))
    };
    let config = block("toml", FILE)?.text.clone();
    // The port of the page may be taken.
    let config = config.replace("127.0.0.1:9464", "127.0.0.1:0");
    let config = format!("{config}\n[log]\nformat = \"json\"\n");
    let folder = tempfile::tempdir()?;
    for name in ["digest", "provider"] {
        let file = folder.path().join(format!("{name}.wasm"));
        fs::copy(artifact(name, WASI), file)?;
    }
    fs::create_dir(folder.path().join("src"))?;
    fs::write(folder.path().join("src/one.txt"), "one")?;

    let commands: Vec<_> = block("sh", "serve")?.lines().collect();
    ensure!(commands.len() == 2, "{commands:?}");
    for (command, args) in commands.iter().zip([&["--check", FILE][..], &[FILE]]) {
        let shown = format!("solti-metrics serve {}", args.join(" "));
        ensure!(*command == shown, "{command}");
    }
    fs::write(folder.path().join(FILE), &config)?;
    let check = serve(folder.path(), &["--check", FILE]).output()?;
    ensure!(check.status.success(), "{check:?}");

    let served = Served::start_with(&mut serve(folder.path(), &[FILE]), folder.path(), &config)?;
    let runs = r#"solti_metrics_task_runs_total{task="digest",outcome="success"}"#;
    served.until_at_least(runs, 1.0)?;
    for page in ["/", "/healthz", "/readyz", "/api/tasks", "/api/backends"] {
        served.page(page)?;
    }
    // The backend gets all records after some time.
    let totals = r#"solti_metrics_records_delivered_total{source="totals"}"#;
    served.until_at_least(totals, 4.0)?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}
