//! Replaces components whose file has changed.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use solti_metrics_host::text::causes;
use solti_metrics_server::Component;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::messages::print_message;

/// Interval between two checks of the files.
const LOOK: Duration = Duration::from_millis(500);

/// Task that reloads components until it is dropped.
pub(crate) struct Reloader(JoinHandle<()>);

impl Reloader {
    /// Reloads every component on request. With `watch`, also reloads each component whose
    /// file changes.
    pub(crate) fn start(components: Vec<Arc<Component>>, asked: Arc<Notify>, watch: bool) -> Self {
        Self(tokio::spawn(async move {
            let mut seen: Vec<_> = components.iter().map(|it| stamp(&it.file())).collect();
            loop {
                let asked = tokio::select! {
                    () = asked.notified() => true,
                    () = tokio::time::sleep(LOOK), if watch => false,
                };
                for (component, seen) in components.iter().zip(&mut seen) {
                    let now = stamp(&component.file());
                    // A file that is being written is checked again when it no longer
                    // changes.
                    if asked || (now.is_some() && now != *seen && is_settled(&now)) {
                        *seen = now;
                        reload(component).await;
                    }
                }
            }
        }))
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn reload(component: &Arc<Component>) {
    let name = &component.name;
    match component.reload().await {
        Ok(()) => print_message(format_args!(
            "{name}: replaced by the new component in its file"
        )),
        Err(error) => print_message(format_args!(
            "error: {}; the backend {name} continues unchanged",
            causes(&error)
        )),
    }
}

/// Modification time and size, which differ when a file changes.
type Stamp = (SystemTime, u64);

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn is_settled(stamp: &Option<Stamp>) -> bool {
    // A time in the future counts as old: the clock was set back since the change.
    let is_old = |age: Duration| age >= LOOK / 2;
    stamp.is_some_and(|(changed, _)| changed.elapsed().map_or(true, is_old))
}
