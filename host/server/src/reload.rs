use solti_metrics_host::text::causes;

use crate::config::{Configuration, Name, Text};
use crate::live::Live;
use crate::not_applied::NotApplied;
use crate::start::pool;
use crate::told::first;

/// Reads the configuration again, and changes what has changed. What cannot be used
/// leaves what there was as it was: those errors are returned.
pub(crate) async fn reload(began_with: &Configuration, live: &Live) -> Vec<String> {
    match read(began_with, live).await {
        Ok(source) => apply(began_with, &source, live).await,
        Err(error) => {
            let error = causes(&*error);
            note(live, vec![format!("{error}; everything goes on as it was")])
        }
    }
}

/// Changes what is another one in this configuration.
pub(crate) async fn apply(
    began_with: &Configuration,
    source: &Configuration,
    live: &Live,
) -> Vec<String> {
    let mut errors = fixed(began_with, source);
    // Backends first: what begins may have records for them.
    let receivers = live.receivers.apply(source).await;
    let tasks = live.tasks.apply(source).await;
    errors.extend(receivers.iter().chain(&tasks).map(NotApplied::told));
    note(live, errors)
}

/// A file without tasks, but for an explicit table of none, has hardly been written
/// whole: to end everything for that would be the worst answer.
async fn read(began_with: &Configuration, live: &Live) -> anyhow::Result<Configuration> {
    let file = began_with.file.clone();
    let read = move || Configuration::read_again(&file);
    let source = live.reads.in_time(&began_with.file, read).await??;
    let tasks = live.tasks.count();
    anyhow::ensure!(
        source.has_tasks_table || tasks == 0,
        "{}: there are no tasks in it, and {tasks} were there before; to remove all, write an empty table [tasks]",
        live.file
    );
    Ok(source)
}

/// What cannot be changed while it runs.
fn fixed(began_with: &Configuration, now: &Configuration) -> Vec<String> {
    let (before, now) = (&began_with.config, &now.config);
    let changed = [
        ("server", before.server != now.server),
        ("runner", before.runner != now.runner),
        ("artifacts", before.artifacts != now.artifacts),
        ("log", before.log != now.log),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    let mut errors: Vec<_> = changed
        .map(|(table, _)| format!("[{table}] has changed, which needs a restart"))
        .collect();
    let room = pool(before);
    for (Name(name), task) in &now.tasks {
        let memory = task.max_memory.map(|Text(size)| size.as_u64());
        let elements = task.max_table_elements.map(u64::from);
        for (key, asked, room, of) in [
            ("max_memory", memory, room.memory, "bytes"),
            (
                "max_table_elements",
                elements,
                room.table_elements,
                "elements",
            ),
        ] {
            if asked.is_some_and(|asked| asked > room as u64) {
                errors.push(format!(
                    "task {name}: `{key}` is more than the {room} {of} that were set aside for each run, which needs a restart"
                ));
            }
        }
    }
    errors
}

fn note(live: &Live, errors: Vec<String>) -> Vec<String> {
    let good = errors.is_empty();
    let errors = first(errors);
    for error in &errors {
        tracing::error!("{error}");
    }
    let mut reloads = live.reloads.lock();
    if good {
        reloads.applied += 1;
        reloads.last_error = None;
        tracing::info!("configuration applied");
    } else {
        reloads.failed += 1;
        reloads.last_error = Some(errors.join("\n"));
    }
    errors
}
