//! Precompiled files: a component with its code.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::key::ArtifactKey;
use super::sealed::{HEADER, Header, HeaderBytes, PartLengths, is_authentic, read_authentic};
use super::{Refusal, outside};
use crate::component::{Inspection, LoadError, read_open, within};
use crate::text::printable;

/// First bytes of every component.
const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// A file with a component and its code, which is not checked yet.
pub(crate) struct SealedFile<'a> {
    name: String,
    /// Maximum bytes of the component.
    limit: u64,
    size: u64,
    header: HeaderBytes,
    body: SealedBody<'a>,
}

/// Content behind the header.
enum SealedBody<'a> {
    Bytes(Cow<'a, [u8]>),
    File(File),
}

/// Authentic content of a precompiled file.
pub(super) struct Authentic<'a> {
    pub(super) header: Header,
    pub(super) code: Cow<'a, [u8]>,
    pub(super) inspection: Inspection,
}

impl SealedFile<'static> {
    /// A file whose header was read.
    pub(super) fn opened(
        name: String,
        limit: u64,
        header: HeaderBytes,
        file: File,
    ) -> io::Result<Self> {
        Ok(Self {
            name,
            limit,
            size: file.metadata()?.len(),
            header,
            body: SealedBody::File(file),
        })
    }
}

impl<'a> SealedFile<'a> {
    /// A whole file in memory.
    pub(super) fn whole(name: &str, limit: u64, bytes: Cow<'a, [u8]>) -> Result<Self, LoadError> {
        let header = bytes.first_chunk().ok_or_else(|| cut_off(name))?;
        Ok(Self {
            name: name.into(),
            limit,
            size: bytes.len() as u64,
            header: *header,
            body: SealedBody::Bytes(bytes),
        })
    }

    /// Code of the file, if it is authentic.
    pub(super) fn authentic(
        &mut self,
        key: Option<&ArtifactKey>,
    ) -> Result<Authentic<'a>, Refusal> {
        let key = key.ok_or(Refusal::NoKey)?;
        let header = Header::parse(&self.header)?;
        // The body is only read if the header was sealed with the key.
        if !Header::is_authentic(key, &self.header) {
            return Err(Refusal::NotAuthentic);
        }
        let lengths = header.lengths;
        if lengths.file() != Some(self.size) {
            return Err(Refusal::Damaged);
        }
        let (code, outside) = match &mut self.body {
            SealedBody::Bytes(bytes) => {
                let code = part(bytes, HEADER as u64, lengths.code);
                let code = code.ok_or(Refusal::Damaged)?;
                let behind = (HEADER + code.len()) as u64;
                let outside = part(bytes, behind, lengths.outside).ok_or(Refusal::Damaged)?;
                if !is_authentic(key, &self.header, &code, &outside) {
                    return Err(Refusal::NotAuthentic);
                }
                (code, outside)
            }
            SealedBody::File(file) => {
                let read = file
                    .seek(SeekFrom::Start(HEADER as u64))
                    .and_then(|_| read_authentic(key, &self.header, lengths, file));
                let authentic = read.map_err(|_| Refusal::Damaged)?;
                let (code, outside) = authentic.ok_or(Refusal::NotAuthentic)?;
                (code.into(), outside.into())
            }
        };
        Ok(Authentic {
            header,
            code,
            inspection: outside::read(&outside).ok_or(Refusal::Damaged)?,
        })
    }

    /// Header and component of a file whose code is not used, in the form of the
    /// [whole](Self::whole) file.
    pub(super) fn without_code(self) -> Result<Vec<u8>, LoadError> {
        let header = self.header;
        Ok([&header, &*self.component()?].concat())
    }

    /// The component. Its position is searched for, since the header may not be authentic.
    pub(super) fn component(self) -> Result<Cow<'a, [u8]>, LoadError> {
        let lengths = PartLengths::parse(&self.header);
        // Two lengths determine its start, and one of them may be wrong.
        let behind_code = lengths
            .file()
            .and_then(|file| file.checked_sub(lengths.component));
        let before_end = self.size.checked_sub(lengths.component);
        let without_code = Some(HEADER as u64);
        let positions = [behind_code, before_end, without_code]
            .into_iter()
            .flatten();
        let within_file = positions.filter(|from| (HEADER as u64..self.size).contains(from));
        let name = self.name;
        match self.body {
            SealedBody::Bytes(bytes) => {
                let found = within_file
                    .filter_map(|from| part(&bytes, from, self.size - from))
                    .find(|component| component.starts_with(&PREAMBLE));
                let component = found.ok_or_else(|| cut_off(&name))?;
                within(self.limit, &name, &component)?;
                Ok(component)
            }
            SealedBody::File(mut file) => {
                for from in within_file {
                    let mut preamble = [0; PREAMBLE.len()];
                    let preamble_read = file
                        .seek(SeekFrom::Start(from))
                        .and_then(|_| file.read_exact(&mut preamble));
                    if preamble_read.is_ok() && preamble == PREAMBLE {
                        // A position that was just read can be read again.
                        let _ = file.seek(SeekFrom::Start(from));
                        return Ok(read_open(Path::new(&name), &file, self.limit)?.into());
                    }
                }
                Err(cut_off(&name))
            }
        }
    }
}

/// A part of a file, which outlives the file if the file does not own its bytes.
fn part<'a>(bytes: &Cow<'a, [u8]>, from: u64, length: u64) -> Option<Cow<'a, [u8]>> {
    let (from, length) = (usize::try_from(from).ok()?, usize::try_from(length).ok()?);
    let range = from..from.checked_add(length)?;
    Some(match bytes {
        Cow::Borrowed(bytes) => bytes.get(range)?.into(),
        Cow::Owned(bytes) => bytes.get(range)?.to_vec().into(),
    })
}

fn cut_off(name: &str) -> LoadError {
    LoadError::Invalid {
        name: printable(name),
        reason: "the precompiled file does not contain its component".into(),
    }
}
