//! Tests that every error of this library shows each of its causes once.

mod cached_code;
mod composing;
mod loading;
mod provider;
mod runner;

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::mem::discriminant;
use std::path::PathBuf;

use crate::component::{Interface, UnknownInterface};
use crate::limits::GuestTrap;
use crate::process::ProcessLimit;
use crate::text::causes;

/// Any part of a message.
fn text() -> String {
    "it".to_owned()
}

fn path() -> PathBuf {
    PathBuf::from("it.wasm")
}

/// An error of the system without a limit of the process as its cause.
fn system() -> io::Error {
    io::Error::from_raw_os_error(13)
}

fn trap() -> GuestTrap {
    GuestTrap {
        message: "unreachable".to_owned(),
        backtrace: String::new(),
    }
}

fn limit() -> Result<ProcessLimit, &'static str> {
    ProcessLimit::of_io(&io::Error::from_raw_os_error(24)).ok_or("no limit is behind it")
}

fn unknown() -> Result<UnknownInterface, &'static str> {
    let interface = Interface::new("solti:metrics/other@0.1.0");
    UnknownInterface::imported(&interface).ok_or("it is known")
}

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// Checks all variants of an error. The file of the error contains the number of variants.
fn tell_once<E: Error + 'static>(errors: &[E], source: &str) -> Result {
    let variants: HashSet<_> = errors.iter().map(discriminant).collect();
    assert_eq!(variants.len(), errors.len(), "{errors:?}");
    let name = std::any::type_name::<E>();
    let name = name.rsplit("::").next().unwrap_or(name);
    let (_, definition) = source
        .split_once(&format!("enum {name} {{"))
        .ok_or("there is no such enumeration")?;
    let definition = definition.split("\n}").next().unwrap_or_default();
    let attributes = definition.matches("#[error(").count();
    assert_eq!(attributes, errors.len(), "a variant of {name} is missing");
    for error in errors {
        tells_once(error);
    }
    Ok(())
}

fn tells_once(error: &(dyn Error + 'static)) {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let cause = source.to_string();
        assert!(!told.contains(&cause), "{told:?} has told {cause:?}");
        told = format!("{told}: {cause}");
        next = source.source();
    }
    assert_eq!(causes(error), told);
}
