//! `conformance`: tests a component in each role that it has.

mod args;

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytesize::ByteSize;
use solti_metrics_conformance::{
    ComponentTest, Error, Limit, Output, Progress, Role, Stdin, Term, Vectors,
};
use solti_metrics_host::text::{causes, printable};
use solti_metrics_server::{GrantedComponent, Notices};

use crate::check::for_network;
use crate::exit::{Exit, print};
use crate::limits::option;
use crate::stdin::named_twice;
use crate::voice::{Voice, complain};
pub(crate) use args::ConformanceArgs;
use args::Format;

pub(crate) async fn conformance(args: ConformanceArgs) -> anyhow::Result<Exit> {
    let vectors = args.vectors.as_deref().map(Vectors::in_folder);
    let vectors = match vectors.transpose() {
        Ok(vectors) => vectors,
        Err(error) => {
            complain(format_args!("error: {}", causes(&error)));
            return Ok(Exit::Misused);
        }
    };
    let files = iter::once(&args.component).chain(&args.stdin);
    if let Some(misuse) = named_twice(files.map(PathBuf::as_path)) {
        complain(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let report = match args.test(vectors)?.run_async().await {
        Ok(report) => report,
        Err(error) => return misused(error),
    };
    print(&match args.format {
        Format::Text => report.summary(),
        Format::Junit => report.to_junit(),
        Format::Json => report.to_json()?,
    })?;
    Ok(if report.conforms() {
        Exit::Good
    } else {
        Exit::Failed
    })
}

/// An error that is wrong use is told with the options that are meant.
fn misused(error: Error) -> anyhow::Result<Exit> {
    let (name, misuse) = match error {
        Error::GrantsForGuest { name } => (
            name,
            "is a guest, and --grant is for those that receive records; use --dir and --env",
        ),
        Error::InputForProvider { name } => (
            name,
            "is no guest, and arguments, --dir, --env and --stdin are for guests; use --grant",
        ),
        error => return Err(error.into()),
    };
    complain(format_args!("error: {name}: {misuse}"));
    Ok(Exit::Misused)
}

impl ConformanceArgs {
    /// What was asked for.
    fn test(&self, vectors: Option<Vectors>) -> anyhow::Result<ComponentTest> {
        let part = GrantedComponent::granted(&self.component, &self.grants);
        let (memory, limits) = (self.memory, self.limits);
        let text = self.format == Format::Text;
        let mut test = ComponentTest::from_file(&self.component)
            .artifacts(self.artifacts.artifacts()?)
            .max_component(self.max_component.as_u64())
            .stack(bytes(self.stack))
            .grants(part.grants)
            .budget(self.budget.0)
            .terms(term)
            .limits(move |its| {
                its.memory = memory.map_or(its.memory, bytes);
                limits.put(its);
            })
            .progress(move |progress| match progress {
                Progress::Warning(warning) => {
                    complain(format_args!("warning: {warning}"));
                    Ok(())
                }
                _ if text => print(&progress.to_string()),
                _ => Ok(()),
            });
        if part.output {
            test = test.output(shown(&self.component));
        }
        if let Some(time) = self.timeout {
            test = test.timeout(time.0);
        }
        if let Some(vectors) = vectors {
            test = test.vectors(vectors);
        }
        if let Some(records) = self.records {
            test = test.records(records);
        }
        if let Some(growth) = self.max_growth {
            test = test.max_growth(growth);
        }
        if let Some(time) = self.max_time_per_record {
            test = test.max_time_per_record(time.0);
        }
        if self.allow_unpaired {
            test = test.allow_unpaired();
        }
        Ok(self.give_input(test))
    }

    /// What a guest reads.
    fn give_input(&self, mut test: ComponentTest) -> ComponentTest {
        for arg in &self.args {
            test = test.arg(arg);
        }
        for (key, value) in &self.env {
            test = test.env(key, value);
        }
        for dir in &self.dirs {
            test = test.dir(&dir.host, &dir.guest, dir.access);
        }
        match &self.stdin {
            Some(file) => test.stdin(Stdin::File(file.clone())),
            None => test,
        }
    }
}

/// Shows what a component prints: that of one that receives records line by line.
fn shown(component: &Path) -> impl Fn(Role) -> [Output; 2] + use<> {
    let name = printable(&component.display().to_string());
    move |role| match role {
        Role::Guest => [Output::Stderr, Output::Stderr],
        _ => (Arc::new(Voice) as Arc<dyn Notices>).outputs(&name),
    }
}

/// What reports name is an option here.
fn term(term: Term) -> &'static str {
    match term {
        Term::Grants => "--grant",
        Term::Network(grant) => for_network(grant),
        Term::Memory | Term::Limit(Limit::Memory) => "--memory",
        Term::Limit(limit) => option(limit).unwrap_or(term.in_rust()),
        Term::Timeout => "--timeout",
        Term::Budget => "--budget",
        Term::AllowUnpaired => "--allow-unpaired",
        Term::Input => "arguments behind --, --stdin, --dir or --env",
        Term::Inspection => "`solti-metrics check`",
        _ => term.in_rust(),
    }
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}
