use std::path::Path;

use solti_metrics_host::noop_metrics;
use solti_metrics_host::provider::Providers;
use solti_metrics_host::runner::{Runner, printable};

use super::config::{Name, Source};
use super::exporter::Exporter;
use super::start::{access, code_wanted};
use crate::causes::causes;
use crate::component::{Wanted, load};
use crate::exit::{Exit, print};
use crate::voice::complain;

/// Looks at all that a configuration names, and runs nothing. Every error is told.
pub(super) async fn check(source: &Source) -> anyhow::Result<Exit> {
    let config = &source.config;
    let mut errors = Vec::new();
    let mut try_to = |what: String, result: anyhow::Result<()>| {
        if let Err(error) = result {
            errors.push(format!("{what}: {}", causes(&error)));
        }
    };
    let code = code_wanted(source, &config.artifacts);
    let artifacts = code.artifacts(code.open().as_ref())?;
    let runner = Runner::builder(noop_metrics())
        .stack(usize::try_from(config.runner.stack.0.as_u64())?)
        .max_component(config.runner.max_component.0.as_u64())
        .asynchronous(config.runner.asynchronous)
        .fuel(config.runner.fuel)
        .artifacts(artifacts.clone())
        .build()?;
    let providers = Providers::new()?
        .artifacts(artifacts)
        .max_component(config.runner.max_component.0.as_u64());
    try_to("server".into(), access(source).map(drop));
    for (Name(name), task) in &config.tasks {
        let component = runner.load_file(&source.path(&task.component));
        try_to(
            format!("task {name}"),
            component.map(drop).map_err(Into::into),
        );
        for dir in &task.dirs {
            try_to(format!("task {name}"), is_dir(&source.path(&dir.0.host)));
        }
        if let Some(file) = &task.stdin {
            let opened = std::fs::File::open(source.path(file)).map(drop);
            let opened = opened.map_err(|error| {
                anyhow::anyhow!(
                    "cannot open {} as standard input: {error}",
                    printable(&file.display().to_string())
                )
            });
            try_to(format!("task {name}"), opened);
        }
    }
    for middleware in &config.middlewares {
        let wanted = Wanted::middleware(source, middleware);
        try_to(
            format!("middleware {}", wanted.name),
            loads(&providers, &wanted, true),
        );
    }
    for (Name(name), backend) in &config.backends {
        let result = match Wanted::backend(source, name, backend) {
            Some(wanted) => loads(&providers, &wanted, false),
            None => Exporter::new(source, backend).map(drop),
        };
        try_to(format!("backend {name}"), result);
    }
    let file = printable(&source.file.display().to_string());
    if errors.is_empty() {
        let (tasks, backends) = (config.tasks.len(), config.backends.len());
        print(&format!(
            "{file}: good, with {tasks} tasks and {backends} backends\n"
        ))?;
        return Ok(Exit::Good);
    }
    for error in errors {
        complain(format_args!("error: {file}: {error}"));
    }
    Ok(Exit::Misused)
}

fn loads(providers: &Providers, wanted: &Wanted, middleware: bool) -> anyhow::Result<()> {
    let provider = load(providers, &wanted.part)?;
    match (provider.is_middleware(), middleware) {
        (true, false) => anyhow::bail!("is a middleware; name it under [[middlewares]]"),
        (false, true) => {
            anyhow::bail!("is no middleware: it forwards nothing; name it under [backends]")
        }
        _ => Ok(()),
    }
}

fn is_dir(dir: &Path) -> anyhow::Result<()> {
    let shown = printable(&dir.display().to_string());
    match std::fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => anyhow::bail!("cannot grant {shown}: it is no directory"),
        Err(error) => anyhow::bail!("cannot grant the directory {shown}: {error}"),
    }
}
