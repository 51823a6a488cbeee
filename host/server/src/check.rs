//! Checks a configuration with the files that it names, without running anything.

use std::collections::BTreeMap;
use std::path::Path;

use solti_metrics_host::artifact::CompilerProcess;
use solti_metrics_host::file::{is_standard_input, open_file};
use solti_metrics_host::noop_metrics;
use solti_metrics_host::process::ProcessLimit;
use solti_metrics_host::provider::Providers;
use solti_metrics_host::runner::Runner;
use solti_metrics_host::text::{causes, printable};

use crate::component::{Wanted, has_role, load};
use crate::config::{ConfigErrors, Configuration, Name};
use crate::error::Error;
use crate::exporter::Exporter;
use crate::notices::Notices;
use crate::start::{access, code_wanted, stack};

/// What was found when looking at all that a configuration names.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// What cannot be used; `None` if all can.
    pub errors: Option<ConfigErrors>,
    /// What may be meant so, and probably is not.
    pub warnings: Vec<String>,
    /// How many tasks there are.
    pub tasks: usize,
    /// How many backends and middlewares there are.
    pub receivers: usize,
}

/// Looks at all that a configuration names, components and other files included, and runs
/// nothing. This blocks, for as long as compiling takes.
///
/// # Errors
///
/// When nothing can be looked at, whatever the configuration says.
pub(crate) fn check(
    source: &Configuration,
    compiler: Option<CompilerProcess>,
    notices: &dyn Notices,
) -> Result<Checked, Error> {
    let mut checking = Checking {
        source,
        compiler,
        notices,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    checking.machine();
    if let Some((runner, providers)) = checking.loaders()? {
        checking.tasks(&runner);
        checking.receivers(&providers);
    }
    let (errors, mut warnings) = (checking.errors, checking.warnings);
    let errors = (!errors.is_empty()).then(|| source.wrong(errors));
    if errors.is_none()
        && let Some(warning) = source.warning()
    {
        let file = printable(&source.file.display().to_string());
        warnings.push(format!("{file}: {warning}"));
    }
    let config = &source.config;
    Ok(Checked {
        errors,
        warnings,
        tasks: config.tasks.len(),
        receivers: config.backends.len() + config.middlewares.len(),
    })
}

struct Checking<'a> {
    source: &'a Configuration,
    compiler: Option<CompilerProcess>,
    notices: &'a dyn Notices,
    /// Each with the keys of what is wrong.
    errors: Vec<(Vec<String>, String)>,
    warnings: Vec<String>,
}

impl Checking<'_> {
    fn note<T>(&mut self, keys: &[&str], result: Result<T, impl Into<Error>>) -> Option<T> {
        self.wrong(keys, result.map_err(|error| causes(&error.into())))
    }

    fn wrong<T>(&mut self, keys: &[&str], result: Result<T, String>) -> Option<T> {
        let keys = || keys.iter().map(|key| (*key).to_owned()).collect();
        let wrong = |what| self.errors.push((keys(), what));
        result.map_err(wrong).ok()
    }

    fn machine(&mut self) {
        let Some(access) = self.note(&["server", "token_file"], access(self.source)) else {
            return;
        };
        let server = self.source.config.server.as_ref();
        if let Some(warning) = server.and_then(|server| access.warning(server.listen.0)) {
            self.warnings.push(warning);
        }
    }

    /// What loads tasks, and what loads the others.
    fn loaders(&mut self) -> Result<Option<(Runner, Providers)>, Error> {
        let config = &self.source.config;
        let code = code_wanted(self.source, self.compiler.clone());
        let cache = code.open(self.notices);
        let artifacts = code.artifacts(cache.as_ref());
        let Some(artifacts) = self.note(&["artifacts", "key"], artifacts) else {
            return Ok(None);
        };
        let runner = Runner::builder(noop_metrics())
            .stack(stack(config))
            .max_component(config.runner.max_component.0.as_u64())
            .asynchronous(config.runner.asynchronous)
            .fuel(config.runner.fuel)
            .artifacts(artifacts.clone())
            .build();
        let Some(runner) = self.note(&["runner"], runner) else {
            return Ok(None);
        };
        let providers = Providers::builder()
            .artifacts(artifacts)
            .max_component(config.runner.max_component.0.as_u64())
            .build()?;
        Ok(Some((runner, providers)))
    }

    fn tasks(&mut self, runner: &Runner) {
        let source = self.source;
        // Each file once, however many tasks run it.
        let mut loaded: BTreeMap<_, Option<String>> = BTreeMap::new();
        for (Name(name), task) in &source.config.tasks {
            let file = source.path(&task.component);
            let wrong = loaded.entry(file).or_insert_with_key(|file| {
                let error = runner.load_file(file).err();
                error.map(|error| causes(&error))
            });
            let component = wrong.clone().map_or(Ok(()), Err);
            let keys = |key| ["tasks", name, key];
            self.wrong(&keys("component"), component);
            for dir in &task.dirs {
                self.wrong(&keys("dirs"), is_dir(&source.path(&dir.0.host)));
            }
            if let Some(file) = &task.stdin {
                self.wrong(&keys("stdin"), is_file(&source.path(file)));
            }
        }
    }

    fn loads(&self, providers: &Providers, wanted: &Wanted, middleware: bool) -> Result<(), Error> {
        let provider = load(providers, &wanted.part, self.notices)?;
        has_role(&provider, middleware)
    }

    fn receivers(&mut self, providers: &Providers) {
        let source = self.source;
        for (at, middleware) in source.config.middlewares.iter().enumerate() {
            let wanted = Wanted::middleware(source, middleware);
            let at = at.to_string();
            let keys = ["middlewares", &at, "component"];
            let loads = self.loads(providers, &wanted, true);
            self.note(&keys, loads);
        }
        for (Name(name), backend) in &source.config.backends {
            let keys = |key| ["backends", name, key];
            if let Some(wanted) = Wanted::backend(source, name, backend) {
                let loads = self.loads(providers, &wanted, false);
                self.note(&keys("component"), loads);
            }
            if backend.component.is_none() {
                let kind = if backend.otlp.is_some() {
                    "otlp"
                } else {
                    "statsd"
                };
                self.note(&keys(kind), Exporter::new(name, source, backend));
            }
        }
    }
}

/// Or what is wrong with it.
fn is_dir(dir: &Path) -> Result<(), String> {
    let shown = printable(&dir.display().to_string());
    match std::fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(format!("cannot grant {shown}: it is no directory")),
        Err(error) => Err(format!("cannot grant the directory {shown}: {error}")),
    }
}

fn opened(file: &Path) -> std::io::Result<std::fs::File> {
    match is_standard_input(file) {
        true => open_file(file),
        false => std::fs::File::open(file),
    }
}

/// Or what is wrong with it.
fn is_file(file: &Path) -> Result<(), String> {
    let shown = printable(&file.display().to_string());
    match opened(file).and_then(|opened| opened.metadata()) {
        Ok(found) if found.is_dir() => Err(format!(
            "cannot open {shown} as standard input: it is a directory"
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(match ProcessLimit::of_io(&error) {
            Some(limit) => format!("cannot open {shown} as standard input: {limit}"),
            None => format!("cannot open {shown} as standard input: {error}"),
        }),
    }
}
