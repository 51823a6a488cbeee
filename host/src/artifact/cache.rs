use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use parking_lot::Mutex;
use rlimit::Resource;

use super::address::{Address, Digest, Kind};
use super::code::Code;
use super::counters::{CacheCounters, Counts, count};
use super::error::{CacheError, Refusal};
use super::folder::Folder;
use super::key::ArtifactKey;
use super::outside;
use super::sealed::{HEADER, Header, HeaderBytes, Lengths, look_authentic, read_authentic};
use crate::component::Inspection;
use crate::file::open_file;

/// A folder in which code is kept under the name of all that it was made of. Clones
/// share it, and any number of processes may.
#[derive(Clone)]
pub struct ArtifactCache {
    inner: Arc<Inner>,
    size: u64,
}

struct Inner {
    folder: Folder,
    key: ArtifactKey,
    counts: Counts,
    /// Who is at work on what, in this process.
    turns: Mutex<HashMap<Address, Weak<Mutex<()>>>>,
}

/// What was there under a name, and is authentic.
pub(super) struct Kept {
    pub(super) code: Code<'static>,
    /// Of the component that it was made of.
    pub(super) inspection: Inspection,
}

/// How code is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To be executed: it stays in the file, and is mapped from there.
    Mapped,
    /// To be sealed again: the bytes that were authenticated.
    Copied,
}

/// Why there is no code of a name.
enum Missed {
    Absent,
    Refused(Refusal),
    Io(io::Error),
}

impl From<Refusal> for Missed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Missed {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // It was never there, or another process has just made room.
            ErrorKind::NotFound => Self::Absent,
            _ => Self::Io(error),
        }
    }
}

impl ArtifactCache {
    /// In this folder, which is made if it is not there. It has to belong to this
    /// user, and nobody else may use it: the key in it is what code is authenticated
    /// with. What processes have left there that died while they wrote is removed.
    ///
    /// # Errors
    ///
    /// Why it cannot be used. Everything can be compiled without.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, CacheError> {
        let folder = Folder::open(dir.as_ref())?;
        let key = folder.key()?;
        folder.sweep();
        Ok(Self {
            inner: Arc::new(Inner {
                folder,
                key,
                counts: Counts::default(),
                turns: Mutex::default(),
            }),
            size: 1 << 30,
        })
    }

    /// Bytes that all code together may take. What was not used for the longest time
    /// goes first. Default: 1 GiB.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.inner.folder.path()
    }

    /// The key that lies in the folder.
    #[must_use]
    pub fn key(&self) -> &ArtifactKey {
        &self.inner.key
    }

    /// What it has been good for so far. Clones count together.
    #[must_use]
    pub fn counters(&self) -> CacheCounters {
        self.inner.counts.read()
    }

    /// What whoever looks for this code, and would compile it, has to hold as long:
    /// so that in one process nothing is compiled twice.
    pub(super) fn turn(&self, address: Address) -> Arc<Mutex<()>> {
        let mut turns = self.inner.turns.lock();
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(&address).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(address, Arc::downgrade(&turn));
        turn
    }

    /// Authentic code of this name, if there is any.
    pub(super) fn get(&self, address: &Address, way: Way) -> Option<Kept> {
        let kept = self.look(address, way);
        if kept.is_none() {
            count(&self.inner.counts.misses, 1);
        }
        kept
    }

    /// The same for whoever will [`get`](Self::get) it if it is not there.
    pub(super) fn look(&self, address: &Address, way: Way) -> Option<Kept> {
        match self.read(address, way) {
            Ok(kept) => {
                count(&self.inner.counts.hits, 1);
                return Some(kept);
            }
            Err(Missed::Absent) => {}
            Err(Missed::Refused(refusal)) => self.reject(address, refusal),
            Err(Missed::Io(error)) => self.warn(address, &error, "kept code cannot be read"),
        }
        None
    }

    fn read(&self, address: &Address, way: Way) -> Result<Kept, Missed> {
        let path = self.inner.folder.file(address);
        // Whatever else has this name, opening it might wait for ever.
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(Refusal::Damaged.into());
        }
        let mut file = open_file(&path)?;
        let size = file.metadata()?.len();
        if size < HEADER as u64 {
            return Err(Refusal::Damaged.into());
        }
        let mut bytes: HeaderBytes = [0; HEADER];
        file.seek(SeekFrom::Start(size - HEADER as u64))?;
        file.read_exact(&mut bytes)?;
        file.rewind()?;
        let header = Header::parse(&bytes)?;
        if !Header::is_authentic(self.key(), &bytes) {
            return Err(Refusal::NotAuthentic.into());
        }
        let lengths = header.lengths;
        if lengths.component != 0 || lengths.file() != Some(size) {
            return Err(Refusal::Damaged.into());
        }
        let (code, outside) = match way {
            Way::Copied => {
                let authentic = read_authentic(self.key(), &bytes, lengths, &file)?;
                let (code, outside) = authentic.ok_or(Refusal::NotAuthentic)?;
                (Code::known(code, header.kind), outside)
            }
            Way::Mapped => {
                let authentic = look_authentic(self.key(), &bytes, lengths, &file)?;
                let outside = authentic.ok_or(Refusal::NotAuthentic)?;
                let code = Code::known_file(file.try_clone()?, header.kind);
                (code, outside)
            }
        };
        if header.address != *address {
            return Err(Refusal::OtherHost.into());
        }
        // It was used just now. Where this cannot be noted, others go later.
        let _ = file.set_modified(SystemTime::now());
        let inspection = outside::read(&outside).ok_or(Refusal::Damaged)?;
        Ok(Kept { code, inspection })
    }

    /// Removes what is not what its name says.
    pub(super) fn reject(&self, address: &Address, refusal: Refusal) {
        count(&self.inner.counts.rejected, 1);
        let path = self.inner.folder.file(address);
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::IsADirectory => fs::remove_dir(&path),
            removed => removed,
        };
        let removed = removed.is_ok();
        tracing::warn!(path = %path.display(), removed, reason = %refusal, "kept code is not used");
    }

    /// Keeps code. Where that fails, it will be compiled again.
    pub(super) fn put(
        &self,
        address: &Address,
        kind: Kind,
        component: Digest,
        inspection: &Inspection,
        code: &[u8],
    ) {
        let counts = &self.inner.counts;
        let outside = outside::written(inspection);
        let header = Header {
            kind,
            address: *address,
            component,
            lengths: Lengths {
                code: code.len() as u64,
                outside: outside.len() as u64,
                component: 0,
            },
        };
        match self.write(&header, code, &outside) {
            Ok(()) => count(&counts.stored, 1),
            Err(error) => {
                count(&counts.store_failures, 1);
                self.warn(address, &error, "code cannot be kept");
                return;
            }
        }
        // Others may have stored something in the meantime.
        if let Err(error) = self.trim(self.size) {
            self.warn(address, &error, "no room can be made");
        }
    }

    fn write(&self, header: &Header, code: &[u8], outside: &[u8]) -> io::Result<()> {
        let length = header.lengths.file().ok_or(ErrorKind::FileTooLarge)?;
        let Some(room) = self.size.checked_sub(length) else {
            let size = self.size;
            return Err(io::Error::other(format!(
                "{length} bytes do not fit into a cache of {size}"
            )));
        };
        // The system would end this process for the attempt.
        let (longest, _) = Resource::FSIZE.get()?;
        if longest < length {
            return Err(ErrorKind::FileTooLarge.into());
        }
        self.trim(room)?;
        let mut file = self.inner.folder.unfinished()?;
        for part in [code, outside, &header.seal(self.key(), code, outside)] {
            file.write_all(part)?;
        }
        let file = file.persist(self.inner.folder.file(&header.address));
        file.map(drop).map_err(|error| error.error)
    }

    fn trim(&self, most: u64) -> io::Result<()> {
        let evicted = self.inner.folder.trim(most)?;
        count(&self.inner.counts.evicted, evicted);
        Ok(())
    }

    fn warn(&self, address: &Address, error: &io::Error, what: &str) {
        let path = self.inner.folder.file(address);
        tracing::warn!(path = %path.display(), %error, "{what}");
    }
}

impl fmt::Debug for ArtifactCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactCache")
            .field("dir", &self.dir())
            .field("size", &self.size)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
