//! Messages of errors of a composition.

use super::{Result, path, system, tell_once, text, unknown};
use crate::component::{LoadError, Role};
use crate::compose::ComposeError;

#[test]
fn an_error_of_composing_tells_its_cause_once() -> Result {
    let all = [
        ComposeError::Part(LoadError::Read {
            path: path(),
            reason: system(),
        }),
        ComposeError::TooLarge {
            name: text(),
            size: 2,
            limit: 1,
        },
        ComposeError::TooFew,
        ComposeError::RecordsNothing { name: text() },
        ComposeError::Misplaced {
            name: text(),
            role: Role::Guest,
            expected: Role::Provider,
        },
        ComposeError::MetricsInterface {
            name: text(),
            unknown: unknown()?,
        },
        ComposeError::MetricsVersion {
            name: text(),
            interface: text(),
        },
        ComposeError::WrongTypes {
            name: text(),
            interface: text(),
            reason: text(),
        },
        ComposeError::Mismatch {
            importer: text(),
            exporter: text(),
            interface: text(),
            reason: text(),
        },
        ComposeError::ExportedTwice {
            name: text(),
            other: text(),
            interface: text(),
        },
        ComposeError::ImportConflict {
            name: text(),
            other: text(),
            import: text(),
            reason: text(),
        },
        ComposeError::Unsupported { reason: text() },
    ];
    tell_once(&all, include_str!("../compose/error.rs"))
}
