//! `conformance`: tests a component in each of its roles.

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
use crate::messages::{MessageNotices, print_message};
use crate::stdin::named_twice;
pub(crate) use args::ConformanceArgs;
use args::ConformanceFormat;

pub(crate) async fn conformance(args: ConformanceArgs) -> anyhow::Result<Exit> {
    let vectors = args.vectors.as_deref().map(Vectors::in_folder);
    let vectors = match vectors.transpose() {
        Ok(vectors) => vectors,
        Err(error) => {
            print_message(format_args!("error: {}", causes(&error)));
            return Ok(Exit::Misused);
        }
    };
    let files = iter::once(&args.component).chain(&args.stdin);
    if let Some(misuse) = named_twice(files.map(PathBuf::as_path)) {
        print_message(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let report = match args.test(vectors)?.run_async().await {
        Ok(report) => report,
        Err(error) => return misused(error),
    };
    print(&match args.format {
        ConformanceFormat::Text => report.summary(),
        ConformanceFormat::Junit => report.to_junit(),
        ConformanceFormat::Json => report.to_json()?,
    })?;
    Ok(if report.conforms() {
        Exit::Good
    } else {
        Exit::Failed
    })
}

/// Reports an error that is wrong use with the options of this command.
fn misused(error: Error) -> anyhow::Result<Exit> {
    let (name, misuse) = match error {
        Error::GrantsForGuest { name } => (
            name,
            "is a guest, and --grant applies to providers and middlewares; use --dir and --env",
        ),
        Error::InputForProvider { name } => (
            name,
            "is not a guest, and arguments, --dir, --env and --stdin apply to guests; use --grant",
        ),
        error => return Err(error.into()),
    };
    print_message(format_args!("error: {name}: {misuse}"));
    Ok(Exit::Misused)
}

impl ConformanceArgs {
    /// The test of the component, with the options of the command line.
    fn test(&self, vectors: Option<Vectors>) -> anyhow::Result<ComponentTest> {
        let component = GrantedComponent::granted(&self.component, &self.grants);
        let (max_memory, limits) = (self.max_memory, self.limits);
        let text = self.format == ConformanceFormat::Text;
        let mut test = ComponentTest::from_file(&self.component)
            .artifacts(self.artifacts.artifacts()?)
            .max_component(self.max_component.as_u64())
            .stack(bytes(self.stack))
            .grants(component.grants)
            .budget(self.budget.0)
            .terms(term)
            .limits(move |defaults| {
                defaults.memory = max_memory.map_or(defaults.memory, bytes);
                limits.apply_to(defaults);
            })
            .progress(move |progress| match progress {
                Progress::Warning(warning) => {
                    print_message(format_args!("warning: {warning}"));
                    Ok(())
                }
                _ if text => print(&progress.to_string()),
                _ => Ok(()),
            });
        if component.output {
            test = test.output(line_outputs(&self.component));
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
        Ok(self.with_input(test))
    }

    /// Adds the arguments, variables, directories and standard input of a guest.
    fn with_input(&self, mut test: ComponentTest) -> ComponentTest {
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

/// Outputs that show what a component prints. The output of a provider or middleware is
/// shown line by line.
fn line_outputs(component: &Path) -> impl Fn(Role) -> [Output; 2] + use<> {
    let name = printable(&component.display().to_string());
    move |role| match role {
        Role::Guest => [Output::Stderr, Output::Stderr],
        _ => (Arc::new(MessageNotices) as Arc<dyn Notices>).outputs(&name),
    }
}

/// Option of this command for a term of the report.
fn term(term: Term) -> &'static str {
    match term {
        Term::Grants => "--grant",
        Term::Network(grant) => for_network(grant),
        Term::Memory | Term::Limit(Limit::Memory) => "--max-memory",
        Term::Limit(limit) => option(limit).unwrap_or(term.in_rust()),
        Term::Timeout => "--timeout",
        Term::Budget => "--budget",
        Term::AllowUnpaired => "--allow-unpaired",
        Term::Input => "arguments after --, --stdin, --dir or --env",
        Term::Inspection => "`solti-metrics check`",
        _ => term.in_rust(),
    }
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}
