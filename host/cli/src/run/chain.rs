//! Components between the guests and whoever receives their records, as they
//! were asked for on the command line.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Error};
use solti_metrics_server::{Grant, GrantedComponent};

/// What receives records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Receiver {
    Builtin(Backend),
    Component(PathBuf),
}

impl FromStr for Receiver {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "noop" => Ok(Self::Builtin(Backend::Noop)),
            "memory" => Ok(Self::Builtin(Backend::Memory)),
            "prometheus" => Ok(Self::Builtin(Backend::Prometheus)),
            file if file == "-" || file.contains(['/', '.']) => Ok(Self::Component(file.into())),
            _ => Err(
                "expected noop, memory, prometheus, or the file of a component (./NAME, if it has no ending; - is standard input)"
                    .into(),
            ),
        }
    }
}

/// A backend that is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// Keeps nothing.
    Noop,
    /// Counts, and keeps the distribution of durations, for the report.
    Memory,
    /// The same, and what Prometheus scrapes.
    Prometheus,
}

impl Backend {
    pub(crate) const fn as_label(self) -> &'static str {
        match self {
            Self::Noop => "noop",
            Self::Memory => "memory",
            Self::Prometheus => "prometheus",
        }
    }
}

/// The components in the order in which records pass them: each middleware after
/// the other, then all backends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) middlewares: Vec<GrantedComponent>,
    pub(crate) builtins: Vec<Backend>,
    pub(crate) backends: Vec<GrantedComponent>,
}

impl Chain {
    /// A grant belongs to the component that was named before it, which only the
    /// places of the arguments tell.
    pub(crate) fn of(
        backends: &[Receiver],
        middlewares: &[PathBuf],
        grants: &[Grant],
        matches: &ArgMatches,
    ) -> Result<Self, Error> {
        let mut named: Vec<(usize, Named<'_>)> = Vec::new();
        named.extend(placed(
            matches,
            "backends",
            backends.iter().map(Named::Receiver),
        ));
        named.extend(placed(
            matches,
            "middlewares",
            middlewares.iter().map(|file| Named::Middleware(file)),
        ));
        named.extend(placed(matches, "grants", grants.iter().map(Named::Grant)));
        named.sort_by_key(|(place, _)| *place);

        let mut chain = Self::default();
        let mut last = Last::None;
        for (_, named) in named {
            match named {
                Named::Receiver(Receiver::Builtin(backend)) => {
                    chain.builtins.push(*backend);
                    last = Last::None;
                }
                Named::Receiver(Receiver::Component(file)) => {
                    chain.backends.push(GrantedComponent::new(file));
                    last = Last::Backend;
                }
                Named::Middleware(file) => {
                    chain.middlewares.push(GrantedComponent::new(file));
                    last = Last::Middleware;
                }
                Named::Grant(grant) => {
                    let part = match last {
                        Last::None => None,
                        Last::Backend => chain.backends.last_mut(),
                        Last::Middleware => chain.middlewares.last_mut(),
                    };
                    part.ok_or_else(nobody)?.grant(grant);
                }
            }
        }
        Ok(chain)
    }
}

enum Named<'a> {
    Receiver(&'a Receiver),
    Middleware(&'a Path),
    Grant(&'a Grant),
}

#[derive(Clone, Copy)]
enum Last {
    None,
    Backend,
    Middleware,
}

fn placed<'a>(
    matches: &ArgMatches,
    id: &str,
    values: impl Iterator<Item = Named<'a>>,
) -> Vec<(usize, Named<'a>)> {
    let places = matches.indices_of(id).into_iter().flatten();
    places.zip(values).collect()
}

fn nobody() -> Error {
    Command::new("solti-metrics").error(
        ErrorKind::ArgumentConflict,
        "--grant belongs to the component named before it: put it behind its --backend FILE or --middleware FILE",
    )
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use solti_metrics_host::provider::Grants;

    use super::*;
    use crate::run::RunArgs;

    fn chain(args: &[&str]) -> Result<Chain, Error> {
        let all = ["run"].iter().chain(args).chain(&["guest.wasm"]);
        let matches = RunArgs::augment_args(Command::new("run")).try_get_matches_from(all)?;
        let args = RunArgs::from_arg_matches(&matches)?;
        Chain::of(&args.backends, &args.middlewares, &args.grants, &matches)
    }

    #[test]
    fn a_grant_goes_to_the_component_before_it() -> Result<(), Error> {
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
        assert_eq!(chain.builtins, [Backend::Memory]);
        assert_eq!(chain.backends[0].grants, Grants::new().env("A", "1"));
        let second = Grants::new()
            .udp(([127, 0, 0, 1], 8125).into())
            .env("B", "2=3");
        assert_eq!(chain.backends[1].grants, second);
        assert!(chain.middlewares[0].output && !chain.backends[0].output);
        Ok(())
    }

    #[test]
    fn a_grant_to_nobody_is_wrong_use() {
        for args in [
            &["--grant", "env=A=1"][..],
            &["--backend", "memory", "--grant", "env=A=1"],
            &["--grant", "env=A=1", "--backend", "a.wasm"],
        ] {
            assert!(chain(args).is_err(), "{args:?}");
        }
    }
}
