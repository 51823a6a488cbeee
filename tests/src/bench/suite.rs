use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::to_string;

use super::note::note;
use super::options::Options;
use super::run::Run;
use super::write::write;
use super::{Result, Verdict, child, compile, page, plot, scrape, summary, table};

/// Measures, and shows or writes the results, as the command line says.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let outcome = match arguments.as_slice() {
        [first, part, rest @ ..] if first == child::CHILD => part_of_run(part, rest),
        _ => Options::parse(arguments)
            .map_err(Into::into)
            .and_then(|options| measured(&options))
            .map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(status) => status,
        Err(error) => {
            note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Does a part of a run that needs a process of its own.
#[allow(clippy::print_stdout, reason = "how the process answers")]
fn part_of_run(part: &str, arguments: &[String]) -> Result<ExitCode> {
    let path = || arguments.first().map(Path::new).ok_or("no path");
    match part {
        compile::OURS => println!("{}", to_string(&compile::as_the_runner(path()?)?)?),
        compile::STOCK => println!("{}", to_string(&compile::as_wasmtime(path()?)?)?),
        compile::WORKER => return compile::worker(),
        scrape::SERVE => scrape::serve(path()?)?,
        other => return Err(format!("{other}: no such part of a run").into()),
    }
    Ok(ExitCode::SUCCESS)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_part_of_a_run_is_rejected() {
        assert!(part_of_run("compile", &[]).is_err());
        assert!(part_of_run(compile::OURS, &[]).is_err());
    }
}
