//! A provider or a middleware: every vector, and what follows from all of them.

mod ended;
mod growth;
mod instance;
mod outcome;
mod passed_on;
mod rounds;
mod scenario;
mod scrape;
mod seen;
mod session;
mod step;
mod stop;
mod times;
mod vector_check;

use std::time::Instant;

use bytesize::ByteSize;
use solti_metrics_host::provider::{Providers, Role};
use solti_metrics_host::runner::printable;

use crate::check::{Check, Fault, Verdict};
use crate::component::Component;
use crate::error::Error;
use crate::options::Options;
use crate::recorder::Recorder;
use crate::term::Term;
use crate::vectors::Vectors;
use instance::{Instance, Setting};
use outcome::Rules;
use seen::Seen;

pub(crate) async fn test(
    recorder: &mut Recorder<'_>,
    component: &Component<'_>,
    vectors: &Vectors,
) -> Result<(), Error> {
    let Some(setting) = load(recorder, component)? else {
        return skip(recorder, vectors, component.inspection.role());
    };
    let options = component.options;
    let rules = Rules {
        options,
        memory: setting.limits.memory,
        adds_up: !setting.provider.is_middleware(),
    };
    let siblings = setting.provider.siblings();
    let mut seen = Seen::default();
    let starts = starts(&setting, options).await?;
    let failed = starts.failed();
    recorder.add(starts)?;
    if failed {
        return skip(recorder, vectors, setting.role());
    }
    for vector in vectors.iter() {
        let began = Instant::now();
        let check = match seen.obstacle(vector, siblings) {
            Some(reason) => Check::new(&*vector.name, Verdict::skipped(reason)),
            None => vector_check::run(vector, &setting, &rules, &mut seen).await?,
        };
        recorder.add(check.took(began.elapsed()))?;
    }
    recorder.add(seen.exposition(siblings))?;
    if setting.provider.is_middleware() {
        recorder.add(seen.passed_on.check())?;
    }
    recorder.add(seen.times.check(options.max_time_per_record))
}

/// Compiles and links it. A component that cannot be is at fault, and has that told.
fn load(recorder: &mut Recorder<'_>, component: &Component<'_>) -> Result<Option<Setting>, Error> {
    let Component { name, options, .. } = component;
    let providers = Providers::new()?
        .artifacts(component.artifacts.clone())
        .max_component(options.max_component);
    match providers.load(name, &component.bytes, &options.grants) {
        Ok(provider) => {
            if let Some(reason) = provider.refusal() {
                let name = printable(provider.name());
                recorder.warn(format!(
                    "{name}: {reason}; it was compiled from its component"
                ))?;
            }
            Ok(Some(Setting::new(provider, options)))
        }
        Err(error) => {
            if let Some(untested) = Error::untested_load(name, &error) {
                return Err(untested);
            }
            let fix = format!("see what {} says of it", options.term(Term::Inspection));
            let fault = Fault::new("it can receive records here", error.to_string(), fix);
            recorder.add(Check::new("starts", Verdict::Failed(fault)))?;
            Ok(None)
        }
    }
}

/// Of what cannot be looked at without an instance, that it was not.
fn skip(recorder: &mut Recorder<'_>, vectors: &Vectors, role: Role) -> Result<(), Error> {
    let forwards = (role == Role::Middleware).then_some("forwards");
    let names = vectors.iter().map(|vector| &*vector.name);
    let last = ["exposition"].into_iter().chain(forwards);
    for name in names.chain(last).chain(["time-per-record"]) {
        recorder.add(Check::new(name, Verdict::skipped("it does not start")))?;
    }
    Ok(())
}

/// Whether there can be an instance at all, and how much memory it has.
async fn starts(setting: &Setting, options: &Options) -> Result<Check, Error> {
    let began = Instant::now();
    let check = match Instance::start(setting, true) {
        Ok(instance) => {
            let memory = instance.status().memory;
            instance.stop().await;
            Check::new("starts", Verdict::Passed)
                .note(format!("with {} of memory", ByteSize::b(memory)))
                .figure("memory_bytes", memory as f64)
        }
        Err(error) => {
            setting.untested(&error)?;
            let fault = Fault::new(
                "an instance can be made of it",
                error.to_string(),
                format!(
                    "if it lacks what is not granted, grant it with {}; for more memory, use {}",
                    options.term(Term::Grants),
                    options.term(Term::Memory)
                ),
            );
            Check::new("starts", Verdict::Failed(fault))
        }
    };
    Ok(check.took(began.elapsed()))
}
