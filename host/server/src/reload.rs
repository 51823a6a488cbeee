//! Applies a changed configuration to a running server.

use crate::config::{ConfigName, Configuration, TextValue};
use crate::error::Error;
use crate::live::Live;
use crate::not_applied::{NotApplied, Remains};
use crate::reload_error::ReloadError;
use crate::start::pool;

/// Reads the configuration again, and applies the changes. Parts that cannot be applied
/// stay unchanged; their errors are returned.
pub(crate) async fn reload(started_with: &Configuration, live: &Live) -> Result<(), ReloadError> {
    match read(started_with, live).await {
        Ok(source) => apply(started_with, &source, live).await,
        Err(error) => note(live, vec![NotApplied::new(error, Remains::Everything)]),
    }
}

/// Applies the changes of this configuration.
pub(crate) async fn apply(
    started_with: &Configuration,
    source: &Configuration,
    live: &Live,
) -> Result<(), ReloadError> {
    let mut errors = fixed(started_with, source);
    // Backends change first, because new tasks may have records for them.
    errors.extend(live.backends.apply(source).await);
    errors.extend(live.tasks.apply(source).await);
    note(live, errors)
}

/// A file without the table of tasks is probably incomplete. Stopping all tasks because
/// of it would be the worst reaction.
async fn read(started_with: &Configuration, live: &Live) -> Result<Configuration, Error> {
    let file = started_with.file.clone();
    let read = move || Configuration::read_again(&file);
    let source = live.reads.in_time(&started_with.file, read).await??;
    let running = live.tasks.count();
    if !source.has_tasks_table && running > 0 {
        let file = live.file.clone();
        return Err(Error::NoTasks { file, running });
    }
    Ok(source)
}

/// Changes that need a restart.
fn fixed(started_with: &Configuration, now: &Configuration) -> Vec<NotApplied> {
    let (before, now) = (&started_with.config, &now.config);
    let changed = [
        ("server", before.server != now.server),
        ("runner", before.runner != now.runner),
        ("compilation", before.compilation != now.compilation),
        ("log", before.log != now.log),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    let mut errors: Vec<_> = changed
        .map(|(table, _)| Error::FixedTable { table })
        .collect();
    let capacity = pool(before);
    for (ConfigName(name), task) in &now.tasks {
        let memory = task.max_memory.map(|TextValue(size)| size.as_u64());
        let elements = task.limits.max_table_elements.map(u64::from);
        for (key, asked, capacity, unit) in [
            ("max_memory", memory, capacity.memory, "bytes"),
            (
                "max_table_elements",
                elements,
                capacity.table_elements,
                "elements",
            ),
        ] {
            if asked.is_some_and(|asked| asked > capacity as u64) {
                errors.push(Error::BeyondPool {
                    task: name.clone(),
                    key,
                    capacity,
                    unit,
                });
            }
        }
    }
    let errors = errors.into_iter();
    errors
        .map(|error| NotApplied::new(error, Remains::UntilRestart))
        .collect()
}

/// Logs and counts the errors of a reload.
fn note(live: &Live, not_applied: Vec<NotApplied>) -> Result<(), ReloadError> {
    let result = ReloadError::unless_empty(not_applied);
    let lines = result.as_ref().err().map(ReloadError::lines);
    for line in lines.iter().flatten() {
        tracing::error!("{line}");
    }
    let mut reloads = live.reloads.lock();
    reloads.last_error = lines.map(|lines| lines.join("\n"));
    if result.is_ok() {
        reloads.applied += 1;
        tracing::info!("configuration applied");
    } else {
        reloads.failed += 1;
    }
    drop(reloads);
    result
}
