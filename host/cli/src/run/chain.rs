//! Backends and middlewares of the command line, with their grants.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Error};
use solti_metrics_server::{Grant, GrantedComponent};

/// Argument of `--backend`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BackendArgument {
    Builtin(BuiltinBackend),
    Component(PathBuf),
}

impl FromStr for BackendArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "noop" => Ok(Self::Builtin(BuiltinBackend::Noop)),
            "memory" => Ok(Self::Builtin(BuiltinBackend::Memory)),
            "prometheus" => Ok(Self::Builtin(BuiltinBackend::Prometheus)),
            file if file == "-" || file.contains(['/', '.']) => Ok(Self::Component(file.into())),
            _ => Err(
                "expected noop, memory, prometheus, or the file of a component (./NAME for a file without an extension; - is standard input)"
                    .into(),
            ),
        }
    }
}

/// A built-in backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuiltinBackend {
    /// Discards records.
    Noop,
    /// Counts records, and stores the distribution of durations for the report.
    Memory,
    /// Counts like `memory`, and serves the Prometheus exposition.
    Prometheus,
}

impl BuiltinBackend {
    pub(crate) const fn as_label(self) -> &'static str {
        match self {
            Self::Noop => "noop",
            Self::Memory => "memory",
            Self::Prometheus => "prometheus",
        }
    }
}

/// Components of the run: the middlewares in the order of the records, and the backends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BackendChain {
    pub(crate) middlewares: Vec<GrantedComponent>,
    pub(crate) builtins: Vec<BuiltinBackend>,
    pub(crate) backends: Vec<GrantedComponent>,
}

impl BackendChain {
    /// Assigns each grant to the component that is named before it. Only the positions of
    /// the arguments show this order.
    pub(crate) fn of(
        backends: &[BackendArgument],
        middlewares: &[PathBuf],
        grants: &[Grant],
        matches: &ArgMatches,
    ) -> Result<Self, Error> {
        let mut named: Vec<(usize, NamedArgument<'_>)> = Vec::new();
        named.extend(positioned(
            matches,
            "backends",
            backends.iter().map(NamedArgument::Backend),
        ));
        named.extend(positioned(
            matches,
            "middlewares",
            middlewares
                .iter()
                .map(|file| NamedArgument::Middleware(file)),
        ));
        named.extend(positioned(
            matches,
            "grants",
            grants.iter().map(NamedArgument::Grant),
        ));
        named.sort_by_key(|(position, _)| *position);

        let mut chain = Self::default();
        let mut last = LastNamed::None;
        for (_, named) in named {
            match named {
                NamedArgument::Backend(BackendArgument::Builtin(backend)) => {
                    chain.builtins.push(*backend);
                    last = LastNamed::None;
                }
                NamedArgument::Backend(BackendArgument::Component(file)) => {
                    chain.backends.push(GrantedComponent::new(file));
                    last = LastNamed::Backend;
                }
                NamedArgument::Middleware(file) => {
                    chain.middlewares.push(GrantedComponent::new(file));
                    last = LastNamed::Middleware;
                }
                NamedArgument::Grant(grant) => {
                    let component = match last {
                        LastNamed::None => None,
                        LastNamed::Backend => chain.backends.last_mut(),
                        LastNamed::Middleware => chain.middlewares.last_mut(),
                    };
                    component.ok_or_else(no_component)?.grant(grant);
                }
            }
        }
        Ok(chain)
    }
}

enum NamedArgument<'a> {
    Backend(&'a BackendArgument),
    Middleware(&'a Path),
    Grant(&'a Grant),
}

#[derive(Clone, Copy)]
enum LastNamed {
    None,
    Backend,
    Middleware,
}

fn positioned<'a>(
    matches: &ArgMatches,
    id: &str,
    values: impl Iterator<Item = NamedArgument<'a>>,
) -> Vec<(usize, NamedArgument<'a>)> {
    let positions = matches.indices_of(id).into_iter().flatten();
    positions.zip(values).collect()
}

fn no_component() -> Error {
    Command::new("solti-metrics").error(
        ErrorKind::ArgumentConflict,
        "--grant applies to the component that is named before it; put --grant after --backend FILE or --middleware FILE",
    )
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use solti_metrics_host::provider::Grants;

    use super::*;
    use crate::run::RunArgs;

    fn chain(args: &[&str]) -> Result<BackendChain, Error> {
        let all = ["run"].iter().chain(args).chain(&["guest.wasm"]);
        let matches = RunArgs::augment_args(Command::new("run")).try_get_matches_from(all)?;
        let args = RunArgs::from_arg_matches(&matches)?;
        BackendChain::of(&args.backends, &args.middlewares, &args.grants, &matches)
    }

    #[test]
    fn a_grant_applies_to_the_component_before_it() -> Result<(), Error> {
        let chain = chain(&[
            "--backend",
            "a.wasm",
            "--grant",
            "env=A=1",
            "--middleware",
            "m.wasm",
            "--grant",
            "output",
            "--backend",
            "memory",
            "--backend",
            "b.wasm",
            "--grant",
            "udp=127.0.0.1:8125",
            "--grant",
            "env=B=2=3",
        ])?;
        assert_eq!(chain.builtins, [BuiltinBackend::Memory]);
        assert_eq!(chain.backends[0].grants, Grants::new().env("A", "1"));
        let second = Grants::new()
            .udp(([127, 0, 0, 1], 8125).into())
            .env("B", "2=3");
        assert_eq!(chain.backends[1].grants, second);
        assert!(chain.middlewares[0].output && !chain.backends[0].output);
        Ok(())
    }

    #[test]
    fn a_grant_without_a_component_is_wrong_use() {
        for args in [
            &["--grant", "env=A=1"][..],
            &["--backend", "memory", "--grant", "env=A=1"],
            &["--grant", "env=A=1", "--backend", "a.wasm"],
        ] {
            assert!(chain(args).is_err(), "{args:?}");
        }
    }
}
