//! The compilation cache: a folder with authenticated code.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use parking_lot::Mutex;
use rlimit::Resource;

use super::address::{Address, CodeKind, Digest};
use super::counters::{CacheCounters, CacheCounts, count};
use super::error::{CacheError, Refusal};
use super::folder::Folder;
use super::key::ArtifactKey;
use super::outside;
use super::sealed::{HEADER, Header, HeaderBytes, PartLengths, look_authentic, read_authentic};
use crate::code::Code;
use crate::component::Inspection;
use crate::file::open_file;

/// A folder with cached code, under the name of all its inputs. Clones share the folder, and any
/// number of processes can use it.
#[derive(Clone)]
pub struct ArtifactCache {
    inner: Arc<CacheInner>,
    size: u64,
}

struct CacheInner {
    folder: Folder,
    key: ArtifactKey,
    counts: CacheCounts,
    /// Code that a thread of this process looks for or compiles, and its lock.
    turns: Mutex<HashMap<Address, Weak<Mutex<()>>>>,
}

/// Authentic code from the cache.
pub(super) struct CachedCode {
    pub(super) code: Code<'static>,
    /// Inspection of the component of the code.
    pub(super) inspection: Inspection,
}

/// Form in which code is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeAccess {
    /// Code to execute: it stays in the file, and is mapped from there.
    Mapped,
    /// Code to seal again: the authenticated bytes.
    Copied,
}

/// Reason why the cache has no code of a name.
enum CacheMiss {
    Absent,
    Refused(Refusal),
    Io(io::Error),
}

impl From<Refusal> for CacheMiss {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for CacheMiss {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // The code was never stored, or another process has just evicted it.
            ErrorKind::NotFound => Self::Absent,
            _ => Self::Io(error),
        }
    }
}

impl ArtifactCache {
    /// Opens a folder as the cache, and makes it if it does not exist. The folder must belong to
    /// this user, and other users must not have access: the key in it authenticates code.
    /// Unfinished files of processes that died are removed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used. Components can be compiled without a cache.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, CacheError> {
        let folder = Folder::open(dir.as_ref())?;
        let key = folder.key()?;
        folder.sweep();
        Ok(Self {
            inner: Arc::new(CacheInner {
                folder,
                key,
                counts: CacheCounts::default(),
                turns: Mutex::default(),
            }),
            size: 1 << 30,
        })
    }

    /// Sets the maximum size of the cache, in bytes. Entries that were unused for the longest time
    /// are removed first. Default: 1 GiB.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// Path of the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.inner.folder.path()
    }

    /// Key in the folder.
    #[must_use]
    pub fn key(&self) -> &ArtifactKey {
        &self.inner.key
    }

    /// Counters of the cache. Clones count together.
    #[must_use]
    pub fn counters(&self) -> CacheCounters {
        self.inner.counts.read()
    }

    /// Lock for code that a thread looks for, and compiles if it is missing. The thread holds the
    /// lock meanwhile, so that one process compiles nothing twice.
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

    /// Authentic code of this name, if the cache has it.
    pub(super) fn get(&self, address: &Address, way: CodeAccess) -> Option<CachedCode> {
        let cached = self.look(address, way);
        if cached.is_none() {
            count(&self.inner.counts.misses, 1);
        }
        cached
    }

    /// The same as [`get`](Self::get), without counting a miss: the caller will call `get` if the
    /// code is missing.
    pub(super) fn look(&self, address: &Address, way: CodeAccess) -> Option<CachedCode> {
        match self.read(address, way) {
            Ok(cached) => {
                count(&self.inner.counts.hits, 1);
                return Some(cached);
            }
            Err(CacheMiss::Absent) => {}
            Err(CacheMiss::Refused(refusal)) => self.reject(address, refusal),
            Err(CacheMiss::Io(error)) => self.warn(address, &error, "cached code cannot be read"),
        }
        None
    }

    fn read(&self, address: &Address, way: CodeAccess) -> Result<CachedCode, CacheMiss> {
        let path = self.inner.folder.file(address);
        // Opening another kind of file could wait for ever.
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
            CodeAccess::Copied => {
                let authentic = read_authentic(self.key(), &bytes, lengths, &file)?;
                let (code, outside) = authentic.ok_or(Refusal::NotAuthentic)?;
                (Code::known(code, header.kind), outside)
            }
            CodeAccess::Mapped => {
                let authentic = look_authentic(self.key(), &bytes, lengths, &file)?;
                let outside = authentic.ok_or(Refusal::NotAuthentic)?;
                let code = Code::known_file(file.try_clone()?, header.kind);
                (code, outside)
            }
        };
        if header.address != *address {
            return Err(Refusal::OtherHost.into());
        }
        // Note the use. If that fails, the entry is evicted earlier.
        let _ = file.set_modified(SystemTime::now());
        let inspection = outside::read(&outside).ok_or(Refusal::Damaged)?;
        Ok(CachedCode { code, inspection })
    }

    /// Removes an entry that was rejected.
    pub(super) fn reject(&self, address: &Address, refusal: Refusal) {
        count(&self.inner.counts.rejected, 1);
        let path = self.inner.folder.file(address);
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::IsADirectory => fs::remove_dir(&path),
            removed => removed,
        };
        let removed = removed.is_ok();
        tracing::warn!(path = %path.display(), removed, reason = %refusal, "cached code is rejected");
    }

    /// Stores code. If that fails, the component is compiled again the next time.
    pub(super) fn put(
        &self,
        address: &Address,
        kind: CodeKind,
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
            lengths: PartLengths {
                code: code.len() as u64,
                outside: outside.len() as u64,
                component: 0,
            },
        };
        match self.write(&header, code, &outside) {
            Ok(()) => count(&counts.stored, 1),
            Err(error) => {
                count(&counts.store_failures, 1);
                self.warn(
                    address,
                    &error,
                    "code cannot be stored in the compilation cache",
                );
                return;
            }
        }
        // Other processes may have stored entries meanwhile.
        if let Err(error) = self.trim(self.size) {
            self.warn(address, &error, "the compilation cache cannot be trimmed");
        }
    }

    fn write(&self, header: &Header, code: &[u8], outside: &[u8]) -> io::Result<()> {
        let length = header.lengths.file().ok_or(ErrorKind::FileTooLarge)?;
        let Some(space) = self.size.checked_sub(length) else {
            let size = self.size;
            return Err(io::Error::other(format!(
                "{length} bytes exceed the maximum size of the cache, {size} bytes"
            )));
        };
        // The system would end this process for the attempt.
        let (longest, _) = Resource::FSIZE.get()?;
        if longest < length {
            return Err(ErrorKind::FileTooLarge.into());
        }
        self.trim(space)?;
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
