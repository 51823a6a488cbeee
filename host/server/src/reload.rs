//! Applies a changed configuration to a running server.

use crate::config::{Configuration, Name, Text};
use crate::error::Error;
use crate::live::Live;
use crate::not_applied::{NotApplied, Remains};
use crate::reload_error::ReloadError;
use crate::start::pool;

/// Reads the configuration again, and changes what has changed. What cannot be used
/// leaves what there was as it was: those errors are returned.
pub(crate) async fn reload(began_with: &Configuration, live: &Live) -> Result<(), ReloadError> {
    match read(began_with, live).await {
        Ok(source) => apply(began_with, &source, live).await,
        Err(error) => note(live, vec![NotApplied::new(error, Remains::Everything)]),
    }
}

/// Changes what is another one in this configuration.
pub(crate) async fn apply(
    began_with: &Configuration,
    source: &Configuration,
    live: &Live,
) -> Result<(), ReloadError> {
    let mut errors = fixed(began_with, source);
    // Backends first: what begins may have records for them.
    errors.extend(live.receivers.apply(source).await);
    errors.extend(live.tasks.apply(source).await);
    note(live, errors)
}

/// A file without tasks, but for an explicit table of none, has hardly been written
/// whole: to end everything for that would be the worst answer.
async fn read(began_with: &Configuration, live: &Live) -> Result<Configuration, Error> {
    let file = began_with.file.clone();
    let read = move || Configuration::read_again(&file);
    let source = live.reads.in_time(&began_with.file, read).await??;
    let running = live.tasks.count();
    if !source.has_tasks_table && running > 0 {
        let file = live.file.clone();
        return Err(Error::NoTasks { file, running });
    }
    Ok(source)
}

/// What cannot be changed while it runs.
fn fixed(began_with: &Configuration, now: &Configuration) -> Vec<NotApplied> {
    let (before, now) = (&began_with.config, &now.config);
    let changed = [
        ("server", before.server != now.server),
        ("runner", before.runner != now.runner),
        ("artifacts", before.artifacts != now.artifacts),
        ("log", before.log != now.log),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    let mut errors: Vec<_> = changed
        .map(|(table, _)| Error::FixedTable { table })
        .collect();
    let room = pool(before);
    for (Name(name), task) in &now.tasks {
        let memory = task.max_memory.map(|Text(size)| size.as_u64());
        let elements = task.limits.max_table_elements.map(u64::from);
        for (key, asked, room, unit) in [
            ("max_memory", memory, room.memory, "bytes"),
            (
                "max_table_elements",
                elements,
                room.table_elements,
                "elements",
            ),
        ] {
            if asked.is_some_and(|asked| asked > room as u64) {
                errors.push(Error::BeyondPool {
                    task: name.clone(),
                    key,
                    room,
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

/// Logs and counts what could not be applied.
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
