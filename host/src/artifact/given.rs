use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::Refusal;
use super::key::ArtifactKey;
use super::outside;
use super::sealed::{HEADER, Header, HeaderBytes, Lengths, is_authentic, read_authentic};
use crate::sandbox::{Inspection, LoadError, SEALED, open, printable, read_open, within};

/// Bytes of code that a file may have. Real code takes two or three times as much as
/// its component.
const MOST_CODE: u64 = 1 << 30;

/// How every component begins.
const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// What somebody has named as a component.
pub(crate) enum Given<'a> {
    Component(Cow<'a, [u8]>),
    /// It has its code with it.
    Sealed(SealedFile<'a>),
}

/// A file with a component and its code, which is not looked at yet.
pub(crate) struct SealedFile<'a> {
    name: String,
    /// Bytes that the component may have.
    limit: u64,
    size: u64,
    header: HeaderBytes,
    body: Body<'a>,
}

/// What comes behind the header.
enum Body<'a> {
    Bytes(&'a [u8]),
    File(File),
}

/// What was in the file of a component, and is authentic.
pub(super) struct Authentic<'a> {
    pub(super) header: Header,
    pub(super) code: Cow<'a, [u8]>,
    pub(super) inspection: Inspection,
}

impl<'a> Given<'a> {
    /// Bytes in memory.
    pub(crate) fn bytes(name: &str, bytes: &'a [u8], limit: u64) -> Result<Self, LoadError> {
        if !bytes.starts_with(&SEALED) {
            within(limit, name, bytes)?;
            return Ok(Self::Component(bytes.into()));
        }
        within(most(limit), name, bytes)?;
        let (header, body) = bytes.split_first_chunk().ok_or_else(|| cut_off(name))?;
        Ok(Self::Sealed(SealedFile {
            name: name.into(),
            limit,
            size: bytes.len() as u64,
            header: *header,
            body: Body::Bytes(body),
        }))
    }
}

impl Given<'static> {
    /// A file, of which no more is read than is of use.
    pub(crate) fn file(path: &Path, limit: u64) -> Result<Self, LoadError> {
        let failed = |source: io::Error| LoadError::Read {
            path: path.into(),
            source,
        };
        let name = path.display().to_string();
        let mut file = open(path)?;
        let metadata = file.metadata().map_err(failed)?;
        let size = metadata.len();
        // What is no file cannot be read from its middle.
        if !metadata.is_file() || size < HEADER as u64 {
            return Ok(Self::Component(read_open(path, file, limit)?.into()));
        }
        let mut header = [0; HEADER];
        file.read_exact(&mut header).map_err(failed)?;
        if !header.starts_with(&SEALED) {
            file.rewind().map_err(failed)?;
            return Ok(Self::Component(read_open(path, file, limit)?.into()));
        }
        if size > most(limit) {
            let (name, limit) = (printable(&name), most(limit));
            return Err(LoadError::TooLarge { name, size, limit });
        }
        Ok(Self::Sealed(SealedFile {
            name,
            limit,
            size,
            header,
            body: Body::File(file),
        }))
    }
}

impl<'a> Given<'a> {
    /// The component alone.
    pub(crate) fn component(self) -> Result<Cow<'a, [u8]>, LoadError> {
        match self {
            Self::Component(component) => Ok(component),
            Self::Sealed(file) => file.found(),
        }
    }
}

/// Reads all of a file that a component may be in, to be [given](Given::bytes).
pub(crate) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let bytes = read_open(path, open(path)?, most(limit))?;
    if !bytes.starts_with(&SEALED) {
        within(limit, &path.display().to_string(), &bytes)?;
    }
    Ok(bytes)
}

/// How large a file may be whose component may be so large.
fn most(limit: u64) -> u64 {
    limit.saturating_add(MOST_CODE)
}

impl<'a> SealedFile<'a> {
    /// Its code, if it is authentic.
    pub(super) fn authentic(
        &mut self,
        key: Option<&ArtifactKey>,
    ) -> Result<Authentic<'a>, Refusal> {
        let key = key.ok_or(Refusal::NoKey)?;
        let header = Header::parse(&self.header)?;
        let lengths = header.lengths;
        if lengths.file() != Some(self.size) {
            return Err(Refusal::Damaged);
        }
        let (code, outside) = match &mut self.body {
            Body::Bytes(body) => {
                let part = |from: u64, length: u64| {
                    let (from, length) = (usize::try_from(from), usize::try_from(length));
                    body.get(from.ok()?..)?.get(..length.ok()?)
                };
                let code = part(0, lengths.code).ok_or(Refusal::Damaged)?;
                let outside = part(lengths.code, lengths.outside).ok_or(Refusal::Damaged)?;
                if !is_authentic(key, &self.header, code, outside) {
                    return Err(Refusal::NotAuthentic);
                }
                (code.into(), Cow::from(outside))
            }
            Body::File(file) => {
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

    /// The component, as its code is not used for this reason. It is looked for, as
    /// nobody vouches for the header.
    pub(crate) fn component(self, refusal: Refusal) -> Result<Cow<'a, [u8]>, LoadError> {
        tracing::warn!(component = self.name, reason = %refusal, "precompiled code is not used");
        self.found()
    }

    fn found(self) -> Result<Cow<'a, [u8]>, LoadError> {
        let lengths = Lengths::parse(&self.header);
        // Two lengths tell where it begins, of which one may be wrong.
        let behind_code = lengths
            .file()
            .and_then(|file| file.checked_sub(lengths.component));
        let before_end = self.size.checked_sub(lengths.component);
        let places = [behind_code, before_end].into_iter().flatten();
        let within_file = places.filter(|from| (HEADER as u64..self.size).contains(from));
        let name = self.name;
        match self.body {
            Body::Bytes(body) => {
                let found = within_file
                    .filter_map(|from| body.get(usize::try_from(from).ok()? - HEADER..))
                    .find(|component| component.starts_with(&PREAMBLE));
                let component = found.ok_or_else(|| cut_off(&name))?;
                within(self.limit, &name, component)?;
                Ok(component.into())
            }
            Body::File(mut file) => {
                for from in within_file {
                    let mut preamble = [0; PREAMBLE.len()];
                    let begins = file
                        .seek(SeekFrom::Start(from))
                        .and_then(|_| file.read_exact(&mut preamble));
                    if begins.is_ok() && preamble == PREAMBLE {
                        // Where it was read from just now, it can be read from again.
                        let _ = file.seek(SeekFrom::Start(from));
                        return Ok(read_open(Path::new(&name), file, self.limit)?.into());
                    }
                }
                Err(cut_off(&name))
            }
        }
    }
}

fn cut_off(name: &str) -> LoadError {
    LoadError::Invalid {
        name: printable(name),
        reason: "it was precompiled, and what it was made of is not in it any more".into(),
    }
}
