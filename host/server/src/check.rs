//! Checks a configuration with the files that it names, without running anything.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use solti_metrics_host::artifact::CompilerProcess;
use solti_metrics_host::file::{is_standard_input, open_file};
use solti_metrics_host::noop_metrics;
use solti_metrics_host::process::ProcessLimit;
use solti_metrics_host::provider::Providers;
use solti_metrics_host::runner::Runner;
use solti_metrics_host::text::{causes, printable};

use crate::component::{ComponentSpec, has_role, load};
use crate::config::{ConfigErrors, ConfigName, Configuration, TextValue};
use crate::error::Error;
use crate::grant::Grant;
use crate::native_exporter::NativeExporter;
use crate::notices::Notices;
use crate::start::{access, compilation_settings, stack};

/// Result of a check of a configuration.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// Errors of the configuration; `None` if there are none.
    pub errors: Option<ConfigErrors>,
    /// Settings that are valid and probably a mistake.
    pub warnings: Vec<String>,
    /// Number of tasks.
    pub tasks: usize,
    /// Number of backends and middlewares.
    pub backends: usize,
}

/// Checks all files that a configuration names, components included, and runs nothing.
/// This blocks while components are compiled.
///
/// # Errors
///
/// When the checks cannot start, for a reason outside the configuration.
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
        checking.backends(&providers);
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
        backends: config.backends.len() + config.middlewares.len(),
    })
}

struct Checking<'a> {
    source: &'a Configuration,
    compiler: Option<CompilerProcess>,
    notices: &'a dyn Notices,
    /// Errors, each with the keys of its setting.
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

    /// Creates the loader of tasks and the loader of backends.
    fn loaders(&mut self) -> Result<Option<(Runner, Providers)>, Error> {
        let config = &self.source.config;
        let code = compilation_settings(self.source, self.compiler.clone());
        let cache = code.open(self.notices);
        let artifacts = code.artifacts(cache.as_ref());
        let Some(artifacts) = self.note(&["compilation", "artifact_key"], artifacts) else {
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
        // A file is loaded once, even if several tasks run it.
        let mut loaded: BTreeMap<_, Option<String>> = BTreeMap::new();
        for (ConfigName(name), task) in &source.config.tasks {
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

    fn loads(
        &self,
        providers: &Providers,
        wanted: &ComponentSpec,
        middleware: bool,
    ) -> Result<(), Error> {
        let provider = load(providers, &wanted.source, self.notices)?;
        has_role(&provider, middleware)
    }

    fn granted_dirs(&mut self, keys: &[&str], grants: &[TextValue<Grant>]) {
        for grant in grants {
            if let Grant::Dir(dir) = &grant.0 {
                self.wrong(keys, is_dir(&self.source.path(&dir.host)));
            }
        }
    }

    fn backends(&mut self, providers: &Providers) {
        let source = self.source;
        for (at, middleware) in source.config.middlewares.iter().enumerate() {
            let wanted = ComponentSpec::middleware(source, middleware);
            let at = at.to_string();
            let keys = ["middlewares", &at, "component"];
            let loads = self.loads(providers, &wanted, true);
            self.note(&keys, loads);
            self.granted_dirs(&["middlewares", &at, "grants"], &middleware.grants);
        }
        for (ConfigName(name), backend) in &source.config.backends {
            let keys = |key| ["backends", name, key];
            if let Some(wanted) = ComponentSpec::backend(source, name, backend) {
                let loads = self.loads(providers, &wanted, false);
                self.note(&keys("component"), loads);
                let grants = backend.grants.as_deref().unwrap_or_default();
                self.granted_dirs(&keys("grants"), grants);
            }
            if backend.component.is_none() {
                let kind = if backend.otlp.is_some() {
                    "otlp"
                } else {
                    "statsd"
                };
                self.note(&keys(kind), NativeExporter::new(name, source, backend));
            }
        }
    }
}

/// Returns a message if `dir` is not a directory.
fn is_dir(dir: &Path) -> Result<(), String> {
    let shown = printable(&dir.display().to_string());
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(format!("cannot grant {shown}: it is not a directory")),
        Err(error) => Err(format!("cannot grant the directory {shown}: {error}")),
    }
}

/// The metadata of a file that can be opened. A named pipe is not opened: that would wait for a
/// writer, or take the only reader from one.
fn metadata(file: &Path) -> io::Result<Metadata> {
    if is_standard_input(file) {
        return open_file(file)?.metadata();
    }
    let found = fs::metadata(file)?;
    match found.file_type().is_fifo() {
        true => Ok(found),
        false => fs::File::open(file)?.metadata(),
    }
}

/// Returns a message if `file` cannot be opened as standard input.
fn is_file(file: &Path) -> Result<(), String> {
    let shown = printable(&file.display().to_string());
    match metadata(file) {
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
