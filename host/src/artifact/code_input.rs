//! Inputs of the loaders: components and precompiled files, from memory or a file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::address::Digest;
use super::key::ArtifactKey;
use super::sealed::{HEADER, Header, PartLengths};
use super::sealed_file::SealedFile;
use crate::component::{LoadError, SEALED, open, read_behind, read_open, within};
use crate::file::{WaitingReader, is_standard_input};
use crate::text::printable;

/// Maximum bytes of code in a file. Real code takes two or three times as much as its component.
const MOST_CODE: u64 = 1 << 30;

/// Input that is to be loaded as a component.
pub(crate) enum CodeInput<'a> {
    Component(Cow<'a, [u8]>),
    File(ComponentFile),
    /// A precompiled file.
    Sealed(SealedFile<'a>),
}

/// A component's file. Its bytes are not needed if its code is cached.
pub(crate) struct ComponentFile {
    path: PathBuf,
    limit: u64,
    file: File,
}

impl<'a> CodeInput<'a> {
    /// Input from bytes in memory.
    pub(crate) fn bytes(
        name: &str,
        bytes: impl Into<Cow<'a, [u8]>>,
        limit: u64,
    ) -> Result<Self, LoadError> {
        let bytes = bytes.into();
        if bytes.starts_with(&SEALED) {
            within(most(limit), name, &bytes)?;
            return SealedFile::whole(name, limit, bytes).map(Self::Sealed);
        }
        within(limit, name, &bytes)?;
        Ok(Self::Component(bytes))
    }

    /// Input from a file, of which only the needed part is read. `key` authenticates code in the
    /// file.
    pub(crate) fn file(
        path: &Path,
        limit: u64,
        key: Option<&ArtifactKey>,
    ) -> Result<Self, LoadError> {
        let failed = |source| LoadError::unread(path, source);
        let name = path.display().to_string();
        let mut file = open(path)?;
        let metadata = file.metadata().map_err(failed)?;
        let size = metadata.len();
        // A pipe cannot be read from its middle, or twice, and other processes may have read the
        // start of standard input.
        if !metadata.is_file() || is_standard_input(path) {
            return Self::bytes(&name, of_use(path, file, limit, key)?, limit);
        }
        if size < HEADER as u64 {
            return Self::bytes(&name, read_open(path, &file, limit)?, limit);
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
    /// Digest of the current content of the file.
    pub(super) fn digest(&mut self) -> io::Result<Digest> {
        self.file.rewind()?;
        Digest::of_reader((&self.file).take(self.limit.saturating_add(1)))
    }

    pub(crate) fn read(mut self) -> Result<Vec<u8>, LoadError> {
        match self.file.rewind() {
            Ok(()) => read_open(&self.path, &self.file, self.limit),
            Err(source) => Err(LoadError::unread(&self.path, source)),
        }
    }
}

/// Reads the needed part of a file with a component, to be passed to
/// [`bytes`](CodeInput::bytes). That is the whole file, or the header and the component of a
/// precompiled file whose header is not authentic.
pub(crate) fn read_whole(
    path: &Path,
    limit: u64,
    key: Option<&ArtifactKey>,
) -> Result<Vec<u8>, LoadError> {
    of_use(path, open(path)?, limit, key)
}

fn of_use(
    path: &Path,
    file: File,
    limit: u64,
    key: Option<&ArtifactKey>,
) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::unread(path, source);
    let mut read = Vec::new();
    let beginning = WaitingReader(&file)
        .take(HEADER as u64)
        .read_to_end(&mut read);
    beginning.map_err(failed)?;
    let header = read.first_chunk::<HEADER>().copied();
    let Some(header) = header.filter(|header| header.starts_with(&SEALED)) else {
        return read_behind(read, path, &file, limit);
    };
    let lengths = PartLengths::parse(&header);
    let size = lengths.file().unwrap_or(u64::MAX);
    let metadata = file.metadata().map_err(failed)?;
    let by_name = metadata.is_file() && !is_standard_input(path);
    let whole = !by_name || size == metadata.len();
    if whole && key.is_some_and(|key| Header::is_authentic(key, &header)) {
        return read_behind(read, path, &file, most(limit));
    }
    if by_name {
        let name = printable(&path.display().to_string());
        let file = SealedFile::opened(name, limit, header, file).map_err(failed)?;
        return file.without_code();
    }
    // A pipe is read on to the component.
    if size > most(limit) {
        return Err(LoadError::TooLarge {
            name: printable(&path.display().to_string()),
            size,
            limit: most(limit),
        });
    }
    let code = lengths.code.saturating_add(lengths.outside);
    io::copy(&mut WaitingReader(&file).take(code), &mut io::sink()).map_err(failed)?;
    read_behind(read, path, &file, limit.saturating_add(HEADER as u64))
}

/// Maximum size of a file with a component of this maximum size.
fn most(limit: u64) -> u64 {
    limit.saturating_add(MOST_CODE)
}
