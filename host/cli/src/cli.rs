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

/// Run WebAssembly components as tasks, bound them, and see what happened.
#[derive(Debug, Parser)]
#[command(name = "solti-metrics", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// From the arguments of this process. Ends it if they are wrong.
    pub(crate) fn of_process() -> Self {
        let matches = Self::command().color(colors()).try_get_matches();
        let matches =
            matches.unwrap_or_else(|error| misused(&error, Self::command().color(colors())));
        let parsed = Self::from_arg_matches(&matches).and_then(|mut cli| {
            if let (Command::Run(args), Some((_, matches))) =
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
pub(crate) enum Command {
    /// Run a component, once or many times, and report.
    ///
    /// Any component with a `main` can be run, that is one that exports
    /// `wasi:cli/run`.
    ///
    /// What the guest prints goes to standard output, and the table to standard
    /// error, so that the two can be told apart. With `--format json` or
    /// `prometheus` it is the other way round.
    ///
    /// The exit code is 0 if every task succeeded and nothing was lost, 1 if
    /// not, 2 for wrong use. Ctrl-C ends the tasks as canceled and reports.
    Run(Box<RunArgs>),
    /// Run tasks as a configuration says, until asked to stop, and be looked at.
    ///
    /// SIGHUP reads the configuration again, and changes what has changed. SIGTERM and
    /// Ctrl-C end what runs, as canceled, and let backends take what waits; a second one
    /// ends at once. The log goes to standard error.
    ///
    /// The exit code is 0 after an orderly stop, 1 if something could not be started, 2
    /// if the configuration cannot be used. `docs/operate/serve.md` has every key.
    Serve(ServeArgs),
    /// Tell what a component is, what it needs, and whether it can be run here.
    Check(CheckArgs),
    /// Test a component: a guest, a provider or a middleware.
    ///
    /// A provider or a middleware is given records of every kind, a million of them,
    /// flushed, scraped and restarted; a guest is run, and its records are looked at. A
    /// component is tested in each role that it has. `docs/reference/conformance.md` has every
    /// check.
    ///
    /// The exit code is 0 if it conforms, 1 if not, 2 for wrong use.
    Conformance(Box<ConformanceArgs>),
    /// Make one component of a guest, middlewares and a provider.
    ///
    /// It needs no metrics host: whatever runs components with the guest's other
    /// imports runs it. All exports of the guest are its exports. If it is a
    /// program, and a part keeps records for a while, they are handed on before
    /// the program ends.
    Compose(ComposeArgs),
    /// Compile a component now, into a file that runs in its place.
    ///
    /// Whoever runs the file needs the key, the same version of this command and a
    /// machine that can do the same; it then need not be compiled. The component is in
    /// the file as well: where its code cannot be used, it is compiled as ever, and a
    /// warning says why.
    ///
    /// Without `--artifact-key`, the key is that in the folder of kept code.
    Precompile(PrecompileArgs),
    /// Write the WIT package `solti:metrics`, to build guests against.
    ///
    /// With `--package`, the package is one component, as registries store it.
    Wit(WitArgs),
    /// Start a project: a component in a language of your choice, that can be built.
    ///
    /// The folder is to be new or empty, and the last part of its path is the
    /// project's name. Its README.md says what has to be installed.
    New(NewArgs),
    /// Write the completions of a shell to standard output.
    Completions(CompletionsArgs),
    /// Write the manual pages of this command and of each subcommand into a folder.
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
