//! Format of a file with machine code.
//!
//! The file contains a header, the code, the inspection of the component, and, in a precompiled
//! file, the component itself. In a cache the header comes last, since the system maps whole pages
//! of code, from the start of a file. A keyed digest in the header covers the fields of the header,
//! the code and the inspection. A second one covers the header alone, so that nothing behind a
//! header is read before the header is authentic. The component needs no key: it is compiled like
//! any other, and has its digest in the header.

use std::io::{self, Read};

use super::Refusal;
use super::address::{Address, CodeKind, Digest, FORMAT, PIECE};
use super::key::ArtifactKey;
use crate::component::SEALED;

/// Bytes of the header.
pub(super) const HEADER: usize = HEADER_MAC + 32;

/// Positions of the lengths, and of the two keyed digests at the end.
const LENGTHS: usize = 80;
const MAC: usize = LENGTHS + 24;
const HEADER_MAC: usize = MAC + 32;

/// The bytes of a header.
pub(super) type HeaderBytes = [u8; HEADER];

/// Fields of a header, authentic or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: CodeKind,
    pub(super) address: Address,
    pub(super) component: Digest,
    pub(super) lengths: PartLengths,
}

/// Bytes of each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PartLengths {
    pub(super) code: u64,
    pub(super) outside: u64,
    pub(super) component: u64,
}

impl PartLengths {
    /// Reads the lengths of a header of any format: their position never changes.
    pub(super) fn parse(bytes: &HeaderBytes) -> Self {
        let mut fields = Fields(&bytes[LENGTHS..]);
        Self {
            code: u64::from_le_bytes(fields.take()),
            outside: u64::from_le_bytes(fields.take()),
            component: u64::from_le_bytes(fields.take()),
        }
    }

    /// Bytes of the whole file; `None` if they exceed 64 bits.
    pub(super) fn file(self) -> Option<u64> {
        (HEADER as u64)
            .checked_add(self.code)?
            .checked_add(self.outside)?
            .checked_add(self.component)
    }
}

impl Header {
    /// Bytes of the header, with the keyed digests of the header and of these parts.
    pub(super) fn seal(&self, key: &ArtifactKey, code: &[u8], outside: &[u8]) -> HeaderBytes {
        let mut bytes = [0; HEADER];
        let kind: u32 = match self.kind {
            CodeKind::Plain => 0,
            #[cfg(feature = "runner")]
            CodeKind::WithShim => 1,
        };
        let mut rest: &mut [u8] = &mut bytes;
        for field in [
            &SEALED[..],
            &FORMAT.to_le_bytes(),
            &kind.to_le_bytes(),
            &self.address.0.0,
            &self.component.0,
            &self.lengths.code.to_le_bytes(),
            &self.lengths.outside.to_le_bytes(),
            &self.lengths.component.to_le_bytes(),
        ] {
            let (here, behind) = rest.split_at_mut(field.len());
            here.copy_from_slice(field);
            rest = behind;
        }
        let mac = keyed_mac(key, &bytes)
            .update(code)
            .update(outside)
            .finalize();
        bytes[MAC..HEADER_MAC].copy_from_slice(mac.as_bytes());
        let mac = of_header(key, &bytes);
        bytes[HEADER_MAC..].copy_from_slice(mac.as_bytes());
        bytes
    }

    /// Whether this header was sealed with the key.
    pub(super) fn is_authentic(key: &ArtifactKey, header: &HeaderBytes) -> bool {
        is(&header[HEADER_MAC..], of_header(key, header))
    }

    /// Reads the fields of a header, without checking that it is authentic.
    pub(super) fn parse(bytes: &HeaderBytes) -> Result<Self, Refusal> {
        let mut fields = Fields(bytes);
        if fields.take() != SEALED {
            return Err(Refusal::Damaged);
        }
        if u32::from_le_bytes(fields.take()) != FORMAT {
            return Err(Refusal::OtherHost);
        }
        let kind = match u32::from_le_bytes(fields.take()) {
            0 => CodeKind::Plain,
            #[cfg(feature = "runner")]
            1 => CodeKind::WithShim,
            _ => return Err(Refusal::OtherHost),
        };
        Ok(Self {
            kind,
            address: Address(Digest(fields.take())),
            component: Digest(fields.take()),
            lengths: PartLengths::parse(bytes),
        })
    }
}

/// Takes one field after another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            // All fields together are as long as a header.
            None => [0; N],
        }
    }
}

/// Whether the header and these parts were sealed with the key.
pub(super) fn is_authentic(
    key: &ArtifactKey,
    header: &HeaderBytes,
    code: &[u8],
    outside: &[u8],
) -> bool {
    matches(
        header,
        keyed_mac(key, header)
            .update(code)
            .update(outside)
            .finalize(),
    )
}

/// Reads and authenticates the code and the inspection of a header in one pass; `None` if they are
/// not authentic.
pub(super) fn read_authentic(
    key: &ArtifactKey,
    header: &HeaderBytes,
    lengths: PartLengths,
    mut from: impl Read,
) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut mac = keyed_mac(key, header);
    let code = read(lengths.code, &mut from, &mut mac)?;
    let outside = read(lengths.outside, &mut from, &mut mac)?;
    Ok(matches(header, mac.finalize()).then_some((code, outside)))
}

/// Authenticates without a copy of the code: its pages are in the system's memory afterwards, to be
/// mapped.
pub(super) fn look_authentic(
    key: &ArtifactKey,
    header: &HeaderBytes,
    lengths: PartLengths,
    mut from: impl Read,
) -> io::Result<Option<Vec<u8>>> {
    let mut mac = keyed_mac(key, header);
    let mut piece = vec![0; PIECE];
    let mut left = lengths.code;
    while left > 0 {
        let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        from.read_exact(&mut piece[..length])?;
        mac.update(&piece[..length]);
        left -= length as u64;
    }
    let outside = read(lengths.outside, &mut from, &mut mac)?;
    Ok(matches(header, mac.finalize()).then_some(outside))
}

fn read(length: u64, from: &mut impl Read, mac: &mut blake3::Hasher) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    for piece in bytes.chunks_mut(PIECE) {
        from.read_exact(piece)?;
        mac.update(piece);
    }
    Ok(bytes)
}

fn keyed_mac(key: &ArtifactKey, header: &HeaderBytes) -> blake3::Hasher {
    let mut mac = key.mac();
    mac.update(&header[..MAC]);
    mac
}

fn of_header(key: &ArtifactKey, header: &HeaderBytes) -> blake3::Hash {
    let mut mac = key.mac();
    // A digest of header and body never starts with these bytes.
    mac.update(b"header");
    mac.update(&header[..HEADER_MAC]);
    mac.finalize()
}

fn matches(header: &HeaderBytes, mac: blake3::Hash) -> bool {
    is(&header[MAC..HEADER_MAC], mac)
}

/// Compares in the same time for any position of a difference.
fn is(sealed: &[u8], mac: blake3::Hash) -> bool {
    blake3::Hash::from_slice(sealed).is_ok_and(|sealed| sealed == mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_bit_of_a_sealed_file_can_be_changed() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let key = ArtifactKey::read_or_create(&folder.path().join("key"))?;
        let other = ArtifactKey::read_or_create(&folder.path().join("other"))?;
        let (code, outside) = ([7; 100], [8; 10]);
        let header = Header {
            kind: CodeKind::Plain,
            address: Address(Digest([1; 32])),
            component: Digest([2; 32]),
            lengths: PartLengths {
                code: 100,
                outside: 10,
                component: 5,
            },
        };
        let sealed = header.seal(&key, &code, &outside);
        assert_eq!(Header::parse(&sealed), Ok(header.clone()));
        assert_eq!(header.lengths.file(), Some(HEADER as u64 + 115));
        assert!(is_authentic(&key, &sealed, &code, &outside));
        assert!(!is_authentic(&other, &sealed, &code, &outside));
        assert!(Header::is_authentic(&key, &sealed));
        assert!(!Header::is_authentic(&other, &sealed));

        let whole = [&sealed[..], &code, &outside].concat();
        for bit in 0..8 * whole.len() {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let (header, body) = changed.split_first_chunk().ok_or("too short")?;
            let (code, outside) = body.split_at(code.len());
            let whole = is_authentic(&key, header, code, outside);
            let of_header = Header::is_authentic(&key, header);
            assert!(!(of_header && whole), "{bit}");
            assert_eq!(of_header, bit >= 8 * HEADER, "{bit}");
        }
        let (mut body, lengths) = (&whole[HEADER..], header.lengths);
        let read = read_authentic(&key, &sealed, lengths, &mut body)?;
        assert_eq!(read, Some((code.to_vec(), outside.to_vec())));
        let cut = &whole[HEADER..whole.len() - 1];
        assert!(read_authentic(&key, &sealed, lengths, cut).is_err());
        Ok(())
    }
}
