//! The command line: subcommands and their help.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::check::CheckArgs;
use crate::completions::CompletionsArgs;
use crate::compose::ComposeArgs;
use crate::conformance::ConformanceArgs;
use crate::man::ManArgs;
use crate::misused::misused;
use crate::new::NewArgs;
use crate::plain::colors;
use crate::precompile::PrecompileArgs;
use crate::run::RunArgs;
use crate::serve::ServeArgs;
use crate::wit::WitArgs;

/// Run WebAssembly components as tasks, with limits and metrics.
#[derive(Debug, Parser)]
#[command(name = "solti-metrics", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: CliCommand,
}

impl Cli {
    /// Parses the arguments of this process. Invalid arguments end the process.
    pub(crate) fn of_process() -> Self {
        let matches = Self::command().color(colors()).try_get_matches();
        let matches =
            matches.unwrap_or_else(|error| misused(&error, Self::command().color(colors())));
        let parsed = Self::from_arg_matches(&matches).and_then(|mut cli| {
            if let (CliCommand::Run(args), Some((_, matches))) =
                (&mut cli.command, matches.subcommand())
            {
                args.name_chain(matches)?;
            }
            Ok(cli)
        });
        parsed.unwrap_or_else(|error| error.exit())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Run a component, once or many times, and print a report.
    ///
    /// The component must have a `main`: it exports `wasi:cli/run`.
    ///
    /// The output of the guest goes to standard output, and the table to standard error.
    /// With `--format json` and `--format prometheus`, the report goes to standard output,
    /// and the output of the guest to standard error.
    ///
    /// The exit code is 0 if every run of the component succeeds and nothing is lost. Tasks
    /// that the guest records do not affect it. The exit code is 1 if a run or a backend
    /// fails, or something is lost, and 2 on wrong use. Ctrl-C cancels the runs and prints
    /// the report. A second signal forces the exit with the code 130 or 143.
    Run(Box<RunArgs>),
    /// Run the tasks of a configuration, and serve metrics and a status page.
    ///
    /// SIGHUP reloads the configuration and applies the changes. SIGTERM and Ctrl-C cancel
    /// all runs and wait until backends have taken the records in their queues. A second
    /// signal forces the exit: runs are abandoned, and records in queues are lost. The log
    /// goes to standard error.
    ///
    /// The exit code is 0 after a graceful stop, 1 if the runner could not start, 2 if the
    /// configuration is invalid, and 130 or 143 if a second SIGINT or SIGTERM forced the
    /// exit. `docs/reference/configuration.md` lists all keys.
    Serve(ServeArgs),
    /// Print the role and the imports of a component, and whether this host can run it.
    Check(CheckArgs),
    /// Test a guest, a provider or a middleware.
    ///
    /// A component is tested in each of its roles. A provider or a middleware receives
    /// records of every kind, a million of them, and is flushed, scraped and restarted. A
    /// guest is run, and its records are checked. `docs/reference/conformance.md` lists all
    /// checks.
    ///
    /// The exit code is 0 if the component conforms, 1 if it does not, and 2 on wrong use.
    Conformance(Box<ConformanceArgs>),
    /// Compose a guest, middlewares and a provider into one component.
    ///
    /// The component needs no metrics host: any runtime that has the other imports of the
    /// guest can run it. It exports everything that the guest exports. If the guest is a
    /// program, buffered records are flushed before the program ends.
    Compose(ComposeArgs),
    /// Compile a component into a file that runs without compilation.
    ///
    /// The machine that runs the file needs the key, the same version of this command, and
    /// a compatible processor. The file also contains the component: if the code cannot be
    /// used, the component is compiled again, and a warning gives the reason.
    ///
    /// The default key is the key in the folder of the compilation cache.
    Precompile(PrecompileArgs),
    /// Write the WIT package `solti:metrics`, which guests are built against.
    ///
    /// With `--package`, the package is one component file, the format of registries.
    Wit(WitArgs),
    /// Create a project for a component in Rust, Python, JavaScript, C, C++, Go or Zig.
    ///
    /// The folder must be new or empty. Its name is the name of the project. The README.md
    /// of the project lists the required tools.
    New(NewArgs),
    /// Write the completion script of a shell to standard output.
    Completions(CompletionsArgs),
    /// Write the manual pages of all subcommands into a folder.
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
