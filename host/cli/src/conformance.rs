//! `conformance`: tests a component in each role that it has.

mod args;
mod counts;
mod exposition;
mod growth;
mod guest;
mod junit;
mod outcome;
mod passed_on;
mod receiver;
mod rounds;
mod scenario;
mod scrape;
mod subject;
mod suite;
mod sums;
mod text;
mod times;
mod untested;
mod vector;
mod vectors;
mod verdict;

use std::iter;
use std::path::PathBuf;

use anyhow::bail;
use bytesize::ByteSize;
use serde::Serialize;
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{Artifacts, component_in};
use solti_metrics_host::provider::{BackendOptions, Providers, Role, Siblings};
use solti_metrics_host::runner::{Inspection, Runner, printable};

use crate::artifacts::tell;
use crate::exit::{Exit, print};
use crate::stdin::named_twice;
use crate::voice::complain;
pub(crate) use args::ConformanceArgs;
use args::Format;
use guest::Guest;
use outcome::Rules;
use solti_metrics_host::causes;
use solti_metrics_server::{Grant, Part};
use subject::Setting;
use suite::Suite;
use untested::Untested;
use verdict::{Check, Fault, Verdict};

/// What was looked at, in the form in which programs read it.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    component: String,
    metrics_version: Option<String>,
    conforms: bool,
    suites: Vec<Suite>,
}

/// The component under test.
struct Subject {
    name: String,
    bytes: Vec<u8>,
    inspection: Inspection,
    artifacts: Artifacts,
}

pub(crate) async fn conformance(args: ConformanceArgs) -> anyhow::Result<Exit> {
    let vectors = match vectors::vectors(args.vectors.as_deref()) {
        Ok(vectors) => vectors,
        Err(error) => {
            complain(format_args!("error: {}", causes(&*error)));
            return Ok(Exit::Misused);
        }
    };
    let files = iter::once(&args.component).chain(&args.stdin);
    if let Some(misuse) = named_twice(files.map(PathBuf::as_path)) {
        complain(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let subject = Subject::read(&args)?;
    let roles = subject.roles()?;
    if let Some(misuse) = args.misuse(&roles) {
        complain(format_args!("error: {}: {misuse}", subject.name));
        return Ok(Exit::Misused);
    }
    let mut suites = Vec::new();
    for role in roles {
        let interfaces = match role {
            Role::Guest => Vec::new(),
            _ => Siblings::of(&subject.inspection).names(),
        };
        let mut suite = Suite::new(role.as_label(), interfaces, args.format);
        if args.format == Format::Text {
            let version = subject.inspection.metrics_version().unwrap_or_default();
            print(&text::head(&subject.name, &printable(version), &suite))?;
        }
        match role {
            Role::Guest => subject.test_guest(&mut suite, &args).await?,
            _ => subject.test_receiver(&mut suite, &args, &vectors).await?,
        }
        suites.push(suite);
    }
    let conforms = suites.iter().all(|suite| suite.count("failed") == 0);
    print(&match args.format {
        Format::Text => text::verdict(&subject.name, &suites),
        Format::Junit => junit::render(&subject.name, &suites)?,
        Format::Json => {
            let report = Report {
                schema: "solti-metrics/conformance@1",
                metrics_version: subject.inspection.metrics_version().map(printable),
                component: subject.name,
                conforms,
                suites,
            };
            serde_json::to_string_pretty(&report)? + "\n"
        }
    })?;
    Ok(if conforms { Exit::Good } else { Exit::Failed })
}

impl Subject {
    fn read(args: &ConformanceArgs) -> anyhow::Result<Self> {
        let name = printable(&args.component.display().to_string());
        let artifacts = args.artifacts.artifacts()?;
        let runner = Runner::builder(noop_metrics())
            .artifacts(artifacts.clone())
            .max_component(args.max_component.as_u64())
            .build()?;
        let bytes = runner.read(&args.component)?;
        let inspection = Inspection::of(&name, &component_in(&name, &bytes)?)?;
        Ok(Self {
            name,
            bytes,
            inspection,
            artifacts,
        })
    }

    /// In which roles it is tested.
    fn roles(&self) -> anyhow::Result<Vec<Role>> {
        let role = self.inspection.role();
        let mut imports = self.inspection.imports.iter();
        let records = imports.any(|import| import.path() == "solti:metrics/backend");
        Ok(match role {
            Role::Guest => vec![Role::Guest],
            Role::Provider => vec![Role::Provider],
            // A middleware with a `main` records for itself, too.
            Role::Middleware if records && self.inspection.is_program() => {
                vec![Role::Guest, Role::Middleware]
            }
            Role::Middleware => vec![Role::Middleware],
            _ => bail!(
                "{}: neither imports nor exports `solti:metrics/backend`, so that there is nothing to test; name a guest, a provider or a middleware",
                self.name
            ),
        })
    }

    async fn test_guest(&self, suite: &mut Suite, args: &ConformanceArgs) -> anyhow::Result<()> {
        let guest = Guest {
            name: &self.name,
            bytes: &self.bytes,
            artifacts: self.artifacts.clone(),
            args,
        };
        guest::test(suite, &guest).await
    }

    async fn test_receiver(
        &self,
        suite: &mut Suite,
        args: &ConformanceArgs,
        vectors: &[vector::Vector],
    ) -> anyhow::Result<()> {
        let part = Part::granted(&args.component, &args.grants);
        let providers = Providers::new()?
            .artifacts(self.artifacts.clone())
            .max_component(args.max_component.as_u64());
        let provider = match providers.load(&self.name, &self.bytes, &part.grants) {
            Ok(provider) => provider,
            Err(error) => {
                if let Some(untested) = Untested::of_load(&self.name, &error) {
                    return Err(untested.into());
                }
                let fix = "see what `solti-metrics check` says of it";
                let fault = Fault::new("it can receive records here", error.to_string(), fix);
                suite.add(Check::new("starts", Verdict::Failed(fault)))?;
                return receiver::skip(suite, vectors, self.inspection.role());
            }
        };
        tell(provider.name(), provider.refusal());
        let defaults = BackendOptions::default();
        let mut limits = defaults.limits;
        limits.memory = args.memory.map_or(limits.memory, bytes);
        args.limits.put(&mut limits);
        let setting = Setting {
            provider,
            limits,
            deadline: args.timeout.map_or(defaults.deadline, |time| time.0),
            output: part.output,
        };
        let rules = Rules {
            records: args.records,
            budget: args.budget.0,
            max_growth: args.max_growth,
            memory: setting.limits.memory,
            adds_up: !setting.provider.is_middleware(),
        };
        let max_time = args.max_time_per_record.map(|time| time.0);
        receiver::test(suite, vectors, &setting, &rules, max_time).await
    }
}

impl ConformanceArgs {
    /// What is given to somebody who is not there.
    fn misuse(&self, roles: &[Role]) -> Option<&'static str> {
        let is_guest = roles.contains(&Role::Guest);
        let receives = roles.iter().any(|role| *role != Role::Guest);
        let granted = self.grants.iter().any(|grant| *grant != Grant::Output);
        let given = !(self.args.is_empty() && self.dirs.is_empty() && self.env.is_empty())
            || self.stdin.is_some();
        if granted && !receives {
            return Some(
                "is a guest, and --grant is for those that receive records; use --dir and --env",
            );
        }
        (given && !is_guest).then_some(
            "is no guest, and arguments, --dir, --env and --stdin are for guests; use --grant",
        )
    }

    /// Whether what the component prints is shown.
    fn shows_output(&self) -> bool {
        self.grants.contains(&Grant::Output)
    }
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}
