//! Parts of a composition, and their checks.

use wasmparser::{Validator, WasmFeatures};

use super::ComposeError;
use crate::bounds::bound_types;
use crate::component::{Inspection, Interface, LoadError, Role, UnknownInterface};
use crate::contained::contained;
use crate::text::printable;

/// A component of a composition.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Name in messages, such as the component's file.
    pub name: &'a str,
    /// Bytes of the component.
    pub bytes: &'a [u8],
}

/// A part that was inspected, and is at the right position.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    /// Printable name.
    pub(super) name: String,
    pub(super) bytes: &'a [u8],
    pub(super) inspection: Inspection,
}

/// Inspects all parts, and returns the first error.
pub(super) fn placed<'a>(parts: &[Part<'a>], limit: u64) -> Result<Vec<Placed<'a>>, ComposeError> {
    let last = match parts.len() {
        0 | 1 => return Err(ComposeError::TooFew),
        count => count - 1,
    };
    let parts = parts.iter().enumerate().map(|(number, part)| {
        let expected = match number {
            0 => Role::Guest,
            _ if number == last => Role::Provider,
            _ => Role::Middleware,
        };
        Placed::new(part, expected, limit)
    });
    parts.collect()
}

impl<'a> Placed<'a> {
    fn new(part: &Part<'a>, expected: Role, limit: u64) -> Result<Self, ComposeError> {
        let name = printable(part.name);
        let size = part.bytes.len() as u64;
        if size > limit {
            return Err(ComposeError::TooLarge { name, size, limit });
        }
        let inspection = Inspection::of(part.name, part.bytes)?;
        let placed = Self {
            name,
            bytes: part.bytes,
            inspection,
        };
        placed.must_speak_this_version()?;
        placed.must_be(expected)?;
        bound(part.name, part.bytes)?;
        validate(part.bytes).map_err(|reason| LoadError::Invalid {
            name: placed.name.clone(),
            reason,
        })?;
        Ok(placed)
    }

    /// Imports of an interface, in any version.
    pub(super) fn imports(&self, path: &str) -> impl Iterator<Item = &str> {
        let of_path = move |import: &&Interface| import.path() == path;
        self.inspection
            .imports
            .iter()
            .filter(of_path)
            .map(Interface::name)
    }

    /// The export of the metrics package under this path.
    pub(super) fn exported(&self, path: &str) -> Option<&str> {
        self.inspection.exported(path).map(Interface::name)
    }

    fn must_speak_this_version(&self) -> Result<(), ComposeError> {
        if let Some(import) = self.inspection.wrong_metrics_versions().next() {
            return Err(match UnknownInterface::imported(import) {
                Some(unknown) => ComposeError::MetricsInterface {
                    name: self.name.clone(),
                    unknown,
                },
                None => self.is_of_another_version(import),
            });
        }
        // The other exports are not visible outside of the composition.
        let mut exported = self.inspection.wrong_metrics_exports();
        match exported.find(|export| export.path() == "solti:metrics/backend") {
            None => Ok(()),
            Some(export) => Err(self.is_of_another_version(export)),
        }
    }

    fn is_of_another_version(&self, interface: &Interface) -> ComposeError {
        ComposeError::MetricsVersion {
            name: self.name.clone(),
            interface: printable(interface.name()),
        }
    }

    fn must_be(&self, expected: Role) -> Result<(), ComposeError> {
        let name = || self.name.clone();
        match (self.inspection.role(), expected) {
            (role, expected) if role == expected => Ok(()),
            (Role::None, Role::Guest) => Err(ComposeError::RecordsNothing { name: name() }),
            (role, expected) => Err(ComposeError::Misplaced {
                name: name(),
                role,
                expected,
            }),
        }
    }
}

/// Rejects types that are too large to walk.
pub(super) fn bound(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    bound_types(bytes).map_err(|what| LoadError::FixedLimit {
        name: printable(name),
        what,
    })
}

/// Validates a component with the default features of runtimes.
pub(super) fn validate(bytes: &[u8]) -> Result<(), String> {
    let mut validator = Validator::new_with_features(WasmFeatures::default());
    match contained(|| validator.validate_all(bytes).map(drop))? {
        Ok(()) => Ok(()),
        Err(error) => Err(printable(&error.to_string())),
    }
}
