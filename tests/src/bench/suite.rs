use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::limit::Verdict;
use super::note::note;
use super::options::Options;
use super::run::Run;
use super::write::write;
use super::{Result, page, plot, summary, table};

/// Measures, and shows or writes the results, as the command line says.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let outcome = Options::parse(arguments)
        .map_err(Into::into)
        .and_then(|options| measured(&options));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn measured(options: &Options) -> Result<()> {
    let run = Run::of(options)?;
    table::show(&run);
    let summary = target()?.join("bench/summary.json");
    write(&summary, &summary::json(&run.verdicts())?)?;
    if options.write {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        write(&docs.join("performance.md"), &page::page(&run))?;
        write(&docs.join("performance.svg"), &plot::plot(&run))?;
    }
    let failed: Vec<_> = run.verdicts().into_iter().filter(Verdict::fails).collect();
    if options.check && !failed.is_empty() {
        let names: Vec<_> = failed.iter().map(|verdict| verdict.limit.name).collect();
        return Err(format!("these limits do not hold: {}", names.join("; ")).into());
    }
    Ok(())
}

/// The target directory. This program is in `<target>/<profile>/deps`.
fn target() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(3).ok_or("not where cargo builds")?;
    Ok(target.to_owned())
}
