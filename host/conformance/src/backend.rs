//! A provider, a middleware, or a backend in Rust: every vector, and what follows from all
//! of them.

mod component_instance;
mod ended;
mod growth;
mod instance;
mod native_instance;
mod outcome;
mod passed_on;
mod rounds;
mod scenario;
mod scrape;
mod seen;
mod session;
mod setting;
mod status;
mod step;
mod stop;
mod times;
mod vector_check;

use std::time::Instant;

use bytesize::ByteSize;
use solti_metrics_host::component::{LoadError, Role};
use solti_metrics_host::provider::Providers;
use solti_metrics_host::text::printable;

use crate::check::{Check, Fault, Verdict};
use crate::component::Component;
use crate::error::Error;
use crate::options::Options;
use crate::recorder::Recorder;
use crate::term::Term;
use crate::vectors::Vectors;
use component_instance::ComponentSetting;
pub(crate) use native_instance::{Native, NativeSetting};
use outcome::Rules;
use seen::Seen;
use setting::{Setting, StartFailed};

/// Tests a provider or a middleware.
pub(crate) async fn test_component(
    recorder: &mut Recorder<'_>,
    component: &Component<'_>,
    vectors: &Vectors,
) -> Result<(), Error> {
    let options = component.options;
    match load(recorder, component)? {
        Some(setting) => test(recorder, &setting, options, vectors).await,
        None => {
            let role = component.inspection.role();
            skip(recorder, vectors, role == Role::Middleware)
        }
    }
}

/// Tests a backend in Rust.
pub(crate) async fn test_native(
    recorder: &mut Recorder<'_>,
    native: NativeSetting,
    options: &Options,
    vectors: &Vectors,
) -> Result<(), Error> {
    test(recorder, &Setting::Native(native), options, vectors).await
}

async fn test(
    recorder: &mut Recorder<'_>,
    setting: &Setting,
    options: &Options,
    vectors: &Vectors,
) -> Result<(), Error> {
    let rules = Rules {
        options,
        name: setting.name(),
        memory: setting.memory().unwrap_or(usize::MAX),
        adds_up: !setting.is_middleware(),
    };
    let mut seen = Seen::default();
    let starts = starts(setting, options).await?;
    let failed = starts.failed();
    recorder.add(starts)?;
    if failed {
        return skip(recorder, vectors, setting.is_middleware());
    }
    for vector in vectors.iter() {
        let began = Instant::now();
        let check = match seen.obstacle(vector, setting) {
            Some(reason) => Check::new(&*vector.name, Verdict::skipped(reason)),
            None => vector_check::run(vector, setting, &rules, &mut seen).await?,
        };
        recorder.add(check.took(began.elapsed()))?;
    }
    recorder.add(seen.exposition(setting.optional_interfaces()))?;
    if setting.is_middleware() {
        recorder.add(seen.passed_on.check())?;
    }
    recorder.add(seen.times.check(options.max_time_per_record))
}

/// Compiles and links it. A component that cannot be is at fault, and has that told.
fn load(recorder: &mut Recorder<'_>, component: &Component<'_>) -> Result<Option<Setting>, Error> {
    let Component { name, options, .. } = component;
    let providers = Providers::builder()
        .artifacts(component.artifacts.clone())
        .max_component(options.max_component)
        .build()?;
    match providers.load(name, &component.bytes, &options.grants) {
        Ok(provider) => {
            if let Some(reason) = provider.refusal() {
                let name = printable(provider.name());
                recorder.warn(format!(
                    "{name}: {reason}; it was compiled from its component"
                ))?;
            }
            let setting = ComponentSetting::new(provider, options);
            Ok(Some(Setting::Component(Box::new(setting))))
        }
        Err(error) => {
            if let Some(untested) = Error::untested_load(name, &error) {
                return Err(untested);
            }
            let fix = match &error {
                LoadError::NotGranted { grant, .. } => {
                    format!("grant it with {}", options.term(Term::Network(*grant)))
                }
                _ => format!("see what {} says of it", options.term(Term::Inspection)),
            };
            let fault = Fault::new("it can receive records here", error.to_string(), fix);
            recorder.add(Check::new("starts", Verdict::Failed(fault)))?;
            Ok(None)
        }
    }
}

/// Of what cannot be looked at without an instance, that it was not.
fn skip(recorder: &mut Recorder<'_>, vectors: &Vectors, is_middleware: bool) -> Result<(), Error> {
    let forwards = is_middleware.then_some("forwards");
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
    let check = match setting.start(true) {
        Ok(instance) => {
            let memory = instance.status().memory_bytes;
            instance.stop().await;
            let check = Check::new("starts", Verdict::Passed);
            match setting.memory() {
                None => check,
                Some(_) => check
                    .note(format!("with {} of memory", ByteSize::b(memory)))
                    .figure("memory_bytes", memory as f64),
            }
        }
        Err(StartFailed::Error(error)) => return Err(error),
        Err(StartFailed::Fault(reason)) => {
            let fix = match setting.memory() {
                None => "return a backend, whatever else there is in this process".into(),
                Some(_) => format!(
                    "if it lacks what is not granted, grant it with {}; for more memory, use {}",
                    options.term(Term::Grants),
                    options.term(Term::Memory)
                ),
            };
            let fault = Fault::new("an instance can be made of it", reason, fix);
            Check::new("starts", Verdict::Failed(fault))
        }
    };
    Ok(check.took(began.elapsed()))
}
