//! The exposition of a server: metrics of the server itself, and of its registry. All
//! label values are names of the configuration or entries of closed lists.

mod family;
mod machine;
mod requests;
mod tasks;

use std::sync::atomic::Ordering;

use solti_metrics::{EncodeError, ExpositionFormat};

use crate::live::Live;
use family::FamilyWriter;
pub(super) use machine::process_start;

/// The exposition of a server, as `/metrics` has it.
///
/// # Errors
///
/// When a collector in the registry of the server fails.
pub(super) fn exposition(live: &Live, format: ExpositionFormat) -> Result<String, EncodeError> {
    // The last exposition tells the size of this one. A text that grows is copied, and a
    // text of megabytes is copied to new pages of memory.
    let last = live.exposition_bytes.load(Ordering::Relaxed);
    let mut families = FamilyWriter::new(format, last + last / 16);
    tasks::write(live, &mut families);
    machine::write(live, &mut families);
    requests::write(&live.hits, &mut families);
    let mut text = families.finish();
    text.push_str(&live.scraped.encode(format)?);
    live.exposition_bytes.store(text.len(), Ordering::Relaxed);
    Ok(text)
}
