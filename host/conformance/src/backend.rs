//! Tests of a provider, a middleware, or a backend in Rust: all vectors, and the checks
//! that follow from them.

mod component_instance;
mod forwarded_records;
mod growth;
mod instance;
mod instance_factory;
mod native_instance;
mod observations;
mod outcome;
mod rounds;
mod scenario;
mod scrape;
mod session;
mod status;
mod step;
mod stop;
mod times;
mod vector_check;
mod vector_end;

use std::time::Instant;

use bytesize::ByteSize;
use solti_metrics_host::component::{LoadError, Role};
use solti_metrics_host::provider::Providers;
use solti_metrics_host::text::printable;

use crate::check::{Check, Fault, Verdict};
use crate::component::TestedComponent;
use crate::error::Error;
use crate::options::TestOptions;
use crate::recorder::Recorder;
use crate::term::Term;
use crate::vectors::Vectors;
use component_instance::ComponentFactory;
use instance_factory::{InstanceFactory, InstanceFailure};
pub(crate) use native_instance::{NativeBackend, NativeFactory};
use observations::Observations;
use outcome::VectorRules;

/// Tests a provider or a middleware.
pub(crate) async fn test_component(
    recorder: &mut Recorder<'_>,
    component: &TestedComponent<'_>,
    vectors: &Vectors,
) -> Result<(), Error> {
    let options = component.options;
    match load(recorder, component)? {
        Some(factory) => test(recorder, &factory, options, vectors).await,
        None => {
            let role = component.inspection.role();
            skip(recorder, vectors, role == Role::Middleware)
        }
    }
}

/// Tests a backend in Rust.
pub(crate) async fn test_native(
    recorder: &mut Recorder<'_>,
    native: NativeFactory,
    options: &TestOptions,
    vectors: &Vectors,
) -> Result<(), Error> {
    test(recorder, &InstanceFactory::Native(native), options, vectors).await
}

async fn test(
    recorder: &mut Recorder<'_>,
    factory: &InstanceFactory,
    options: &TestOptions,
    vectors: &Vectors,
) -> Result<(), Error> {
    let rules = VectorRules {
        options,
        name: factory.name(),
        memory: factory.memory().unwrap_or(usize::MAX),
        adds_up: !factory.is_middleware(),
    };
    let mut seen = Observations::default();
    let starts = starts(factory, options).await?;
    let failed = starts.failed();
    recorder.add(starts)?;
    if failed {
        return skip(recorder, vectors, factory.is_middleware());
    }
    for vector in vectors.iter() {
        let start = Instant::now();
        let check = match seen.obstacle(vector, factory) {
            Some(reason) => Check::new(&*vector.name, Verdict::skipped(reason)),
            None => vector_check::run(vector, factory, &rules, &mut seen).await?,
        };
        recorder.add(check.took(start.elapsed()))?;
    }
    recorder.add(seen.exposition(factory.optional_interfaces()))?;
    if factory.is_middleware() {
        recorder.add(seen.forwarded.check())?;
    }
    recorder.add(seen.times.check(options.max_time_per_record))
}

/// Compiles and links the component. A component that cannot be loaded fails the check
/// `starts`.
fn load(
    recorder: &mut Recorder<'_>,
    component: &TestedComponent<'_>,
) -> Result<Option<InstanceFactory>, Error> {
    let TestedComponent { name, options, .. } = component;
    let providers = Providers::builder()
        .artifacts(component.artifacts.clone())
        .max_component(options.max_component)
        .build()?;
    match providers.load(name, &component.bytes, &options.grants) {
        Ok(provider) => {
            if let Some(reason) = provider.refusal() {
                let name = printable(provider.name());
                recorder.warn(format!(
                    "{name}: {reason}; the component was compiled again"
                ))?;
            }
            let factory = ComponentFactory::new(provider, options);
            Ok(Some(InstanceFactory::Component(Box::new(factory))))
        }
        Err(error) => {
            if let Some(untested) = Error::untested_load(name, &error) {
                return Err(untested);
            }
            let fix = match &error {
                LoadError::NotGranted { grant, .. } => {
                    format!(
                        "grant the import with {}",
                        options.term(Term::Network(*grant))
                    )
                }
                _ => format!(
                    "check the component with {}",
                    options.term(Term::Inspection)
                ),
            };
            let fault = Fault::new(
                "the component can be a backend here",
                error.to_string(),
                fix,
            );
            recorder.add(Check::new("starts", Verdict::Failed(fault)))?;
            Ok(None)
        }
    }
}

/// Adds a skipped check for each check that needs an instance.
fn skip(recorder: &mut Recorder<'_>, vectors: &Vectors, is_middleware: bool) -> Result<(), Error> {
    let forwards = is_middleware.then_some("forwards");
    let names = vectors.iter().map(|vector| &*vector.name);
    let last = ["exposition"].into_iter().chain(forwards);
    for name in names.chain(last).chain(["time-per-record"]) {
        recorder.add(Check::new(
            name,
            Verdict::skipped("the backend does not start"),
        ))?;
    }
    Ok(())
}

/// The check `starts`: an instance can be created. Reports its memory.
async fn starts(factory: &InstanceFactory, options: &TestOptions) -> Result<Check, Error> {
    let start = Instant::now();
    let check = match factory.start(true) {
        Ok(instance) => {
            let memory = instance.status().memory_bytes;
            instance.stop().await;
            let check = Check::new("starts", Verdict::Passed);
            match factory.memory() {
                None => check,
                Some(_) => check
                    .note(format!("with {} of memory", ByteSize::b(memory)))
                    .figure("memory_bytes", memory as f64),
            }
        }
        Err(InstanceFailure::Error(error)) => return Err(error),
        Err(InstanceFailure::Fault(reason)) => {
            let fix = match factory.memory() {
                None => "return a backend for each call of the function".into(),
                Some(_) => format!(
                    "if a grant is missing, set it with {}; for more memory, use {}",
                    options.term(Term::Grants),
                    options.term(Term::Memory)
                ),
            };
            let fault = Fault::new("an instance starts", reason, fix);
            Check::new("starts", Verdict::Failed(fault))
        }
    };
    Ok(check.took(start.elapsed()))
}
