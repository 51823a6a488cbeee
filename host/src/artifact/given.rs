use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::address::Digest;
use super::sealed::HEADER;
use super::sealed_file::SealedFile;
use crate::sandbox::{LoadError, SEALED, open, printable, read_open, within};

/// Bytes of code that a file may have. Real code takes two or three times as much as
/// its component.
const MOST_CODE: u64 = 1 << 30;

/// What somebody has named as a component.
pub(crate) enum Given<'a> {
    Component(Cow<'a, [u8]>),
    File(ComponentFile),
    /// It has its code with it.
    Sealed(SealedFile<'a>),
}

/// A component's file. If its code is kept, there is no need for its bytes.
pub(crate) struct ComponentFile {
    path: PathBuf,
    limit: u64,
    file: File,
}

impl<'a> Given<'a> {
    /// Bytes in memory.
    pub(crate) fn bytes(name: &str, bytes: &'a [u8], limit: u64) -> Result<Self, LoadError> {
        if bytes.starts_with(&SEALED) {
            within(most(limit), name, bytes)?;
            return SealedFile::whole(name, limit, bytes).map(Self::Sealed);
        }
        within(limit, name, bytes)?;
        Ok(Self::Component(bytes.into()))
    }

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
        // What is no file cannot be read from its middle, or twice.
        if !metadata.is_file() || size < HEADER as u64 {
            return Ok(Self::Component(read_open(path, file, limit)?.into()));
        }
        let mut header = [0; HEADER];
        file.read_exact(&mut header).map_err(failed)?;
        let (sealed, name) = (header.starts_with(&SEALED), printable(&name));
        let limit_of_all = if sealed { most(limit) } else { limit };
        if size > limit_of_all {
            let limit = limit_of_all;
            return Err(LoadError::TooLarge { name, size, limit });
        }
        if sealed {
            let file = SealedFile::opened(name, limit, header, file);
            return file.map(Self::Sealed).map_err(failed);
        }
        let path = path.into();
        Ok(Self::File(ComponentFile { path, limit, file }))
    }

    /// The component alone.
    pub(crate) fn component(self) -> Result<Cow<'a, [u8]>, LoadError> {
        match self {
            Self::Component(component) => Ok(component),
            Self::File(file) => Ok(file.read()?.into()),
            Self::Sealed(file) => file.component(),
        }
    }
}

impl ComponentFile {
    /// Of what is in the file now.
    pub(super) fn digest(&mut self) -> io::Result<Digest> {
        self.file.rewind()?;
        Digest::of_reader((&self.file).take(self.limit.saturating_add(1)))
    }

    pub(crate) fn read(mut self) -> Result<Vec<u8>, LoadError> {
        match self.file.rewind() {
            Ok(()) => read_open(&self.path, self.file, self.limit),
            Err(source) => Err(LoadError::Read {
                path: self.path,
                source,
            }),
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
