//! Components whose file has changed take the place of what runs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use solti_metrics_host::text::causes;
use solti_metrics_server::Component;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::voice::complain;

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Reloads components, until it is dropped.
pub(crate) struct Reloading(JoinHandle<()>);

impl Reloading {
    /// Every component when it is asked for; with `watch`, also each whose file changes.
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
                    // A file that is being written is looked at again when it
                    // has stopped to change.
                    if asked || (now.is_some() && now != *seen && is_settled(&now)) {
                        *seen = now;
                        reload(component).await;
                    }
                }
            }
        }))
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn reload(component: &Arc<Component>) {
    let name = &component.name;
    match component.reload().await {
        Ok(()) => complain(format_args!("{name}: replaced by what its file is now")),
        Err(error) => complain(format_args!(
            "error: {}; the backend {name} goes on as it was",
            causes(&error)
        )),
    }
}

/// What changes when a file does.
type Stamp = (SystemTime, u64);

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn is_settled(stamp: &Option<Stamp>) -> bool {
    // One of the future is no younger: the clock was set back since.
    let is_old = |age: Duration| age >= LOOK / 2;
    stamp.is_some_and(|(changed, _)| changed.elapsed().map_or(true, is_old))
}
