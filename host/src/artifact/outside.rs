//! Inspection of a component, as it is written next to its code.

use crate::component::{Inspection, Interface};

/// Writes an inspection: imports, exports, at most one reason for component-model async, the bytes
/// of instance data, and the sizes of its code. Each list starts with its number of items, and each
/// text with its length.
pub(super) fn written(inspection: &Inspection) -> Vec<u8> {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, number: usize| {
        bytes.extend((number as u64).to_le_bytes());
    };
    for interfaces in [&inspection.imports, &inspection.exports] {
        number(&mut bytes, interfaces.len());
        for interface in interfaces {
            number(&mut bytes, interface.name().len());
            bytes.extend(interface.name().as_bytes());
        }
    }
    let reason = inspection.needs_async.as_ref();
    number(&mut bytes, usize::from(reason.is_some()));
    if let Some(reason) = reason {
        number(&mut bytes, reason.len());
        bytes.extend(reason.as_bytes());
    }
    for number in [
        inspection.instance_data,
        inspection.functions,
        inspection.code_size,
        inspection.added_by_inlining,
    ] {
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

/// Reads an inspection; `None` if the bytes were not made by [`written`].
pub(super) fn read(bytes: &[u8]) -> Option<Inspection> {
    let mut rest = bytes;
    let mut inspection = Inspection::default();
    for interfaces in [&mut inspection.imports, &mut inspection.exports] {
        for _ in 0..number(&mut rest)? {
            interfaces.push(Interface::new(text(&mut rest)?));
        }
    }
    inspection.needs_async = match number(&mut rest)? {
        0 => None,
        _ => Some(text(&mut rest)?.into()),
    };
    inspection.instance_data = number(&mut rest)?;
    inspection.functions = number(&mut rest)?;
    inspection.code_size = number(&mut rest)?;
    inspection.added_by_inlining = number(&mut rest)?;
    rest.is_empty().then_some(inspection)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    std::str::from_utf8(text).ok()
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (number, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outside_is_read_as_it_was_written() {
        let names = |names: &[&str]| names.iter().map(|name| Interface::new(name)).collect();
        let inspection = Inspection {
            imports: names(&["solti:metrics/backend@0.1.0", "", "a\n\0b"]),
            exports: names(&["wasi:cli/run@0.2.12"]),
            needs_async: None,
            instance_data: 1 << 40,
            functions: 3,
            code_size: 1 << 33,
            added_by_inlining: 5,
        };
        let asynchronous = Inspection {
            needs_async: Some("it has streams".into()),
            ..inspection.clone()
        };
        for inspection in [inspection, asynchronous] {
            let bytes = written(&inspection);
            assert_eq!(read(&bytes), Some(inspection));
            for length in 0..bytes.len() {
                assert_eq!(read(&bytes[..length]), None, "{length}");
            }
            assert_eq!(read(&[&bytes[..], &[0]].concat()), None);
        }
    }
}
