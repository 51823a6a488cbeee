//! The JSON schema: the stored file, and the results of another project's validator with
//! it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::blocks::blocks;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};
use tempfile::TempDir;

use crate::configs::case::Kind;
use crate::configs::{cases, root};

const FILE: &str = "docs/reference/serve.schema.json";

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let validator = ReferenceTool::jsonschema();
    Ok(vec![
        trial("the_stored_schema_is_current", written),
        validator.trial("the_schema_accepts_all_good_configurations", accepts),
        validator.trial("the_schema_rejects_all_faults_that_it_can_express", refuses),
    ])
}

fn written() -> Result<()> {
    let output = Command::new(command())
        .args(["serve", "--schema"])
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let schema = String::from_utf8(output.stdout)?;
    let file = root().join(FILE);
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        return Ok(fs::write(file, schema)?);
    }
    let found = fs::read_to_string(file)?;
    ensure!(
        found == schema,
        "{FILE} differs from the output of `serve --schema`: BLESS=1 writes it"
    );
    Ok(())
}

fn accepts(validator: &Path) -> Result<()> {
    let examples = examples()?;
    let mut files: Vec<_> = examples.1;
    ensure!(files.len() >= 2, "{} examples", files.len());
    let fine = cases()?
        .into_iter()
        .filter(|case| case.kind != Kind::Rejected);
    files.extend(fine.map(|case| case.path));
    files.push(root().join("deploy/serve.toml"));
    for (file, (accepted, why)) in verdicts(validator, &files)? {
        ensure!(accepted, "{}: {why}", file.display());
    }
    Ok(())
}

fn refuses(validator: &Path) -> Result<()> {
    let cases = cases()?;
    let rejected = cases.iter().filter(|case| case.kind == Kind::Rejected);
    let expected: BTreeMap<_, _> = rejected
        .map(|case| (case.path.clone(), case.schema_accepts))
        .collect();
    let files: Vec<_> = expected.keys().cloned().collect();
    for (file, (accepted, why)) in verdicts(validator, &files)? {
        let expected = expected.get(&file).context("another file")?;
        ensure!(
            accepted == *expected,
            "{}: accepted is {accepted}, {why}; `# schema: accepts it` says otherwise",
            file.display()
        );
    }
    Ok(())
}

/// The configurations of the page.
fn examples() -> Result<(TempDir, Vec<PathBuf>)> {
    let folder = tempfile::tempdir()?;
    let page = fs::read_to_string(root().join("docs/operate/serve.md"))?;
    let mut files = Vec::new();
    for (number, block) in blocks(&page)?.iter().enumerate() {
        if block.language == "toml" {
            let file = folder.path().join(format!("{number}.toml"));
            fs::write(&file, &block.text)?;
            files.push(file);
        }
    }
    Ok((folder, files))
}

/// The verdict of the validator on each file, and its reason.
fn verdicts(validator: &Path, files: &[PathBuf]) -> Result<BTreeMap<PathBuf, (bool, String)>> {
    let output = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("reference_tools/validate_configs.py"))
        .arg(root().join(FILE))
        .args(files)
        .env("PYTHONPATH", validator)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout)?;
    let verdicts = said.lines().map(|line| {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().context("a part of a line");
        let (verdict, file, why) = (part()?, part()?, part()?);
        Ok((file.into(), (verdict == "accepted", why.to_owned())))
    });
    let verdicts: BTreeMap<PathBuf, _> = verdicts.collect::<Result<_>>()?;
    ensure!(
        verdicts.len() == files.len(),
        "a verdict is missing: {said}"
    );
    Ok(verdicts)
}
