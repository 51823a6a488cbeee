//! Directory listings, read piece by piece.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use cap_primitives::fs::{DirEntry, FileType, FileTypeExt, ReadDir, read_base_dir};
use parking_lot::Mutex;
use wasmtime_wasi::filesystem::Dir;

use super::descriptors::{Claim, StreamClaim};
use super::holdings::Held;
use super::open::Refused;
use crate::contained::blocking;

/// Descriptors of a listing: the directory once more, and the system's position in it.
const DESCRIPTORS: usize = 2;

/// Maximum number of entries that are read at a time.
const PIECE: usize = 64;

/// Entries of a directory, read as the guest asks for them.
pub(super) struct Listing {
    directory: Arc<Mutex<Directory>>,
    read: VecDeque<Result<Entry, Refused>>,
    over: bool,
    _descriptors: Claim,
    _stream: StreamClaim,
}

/// A directory, which is opened by the thread that reads first.
enum Directory {
    Named(Arc<File>),
    Open(ReadDir),
    Failed,
}

/// A file in a directory.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// Types of files in WASI.
pub(super) enum Kind {
    BlockDevice,
    CharacterDevice,
    Directory,
    Fifo,
    SymbolicLink,
    RegularFile,
    Socket,
    Unknown,
}

impl Listing {
    pub(super) fn new(held: &mut Held<'_>, dir: &Dir) -> Result<Self, Refused> {
        let stream = held.take_stream().ok_or(Refused::Quota)?;
        let descriptors = held.take_descriptors(DESCRIPTORS).ok_or(Refused::Quota)?;
        Ok(Self {
            directory: Arc::new(Mutex::new(Directory::Named(Arc::clone(&dir.dir)))),
            read: VecDeque::new(),
            over: false,
            _descriptors: descriptors,
            _stream: stream,
        })
    }

    /// The next entry that has been read.
    pub(super) fn next(&mut self) -> Option<Result<Entry, Refused>> {
        self.read.pop_front()
    }

    /// Whether all entries have been read.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Reads more entries on another thread. The listing takes them in afterwards.
    pub(super) fn read_on(&self) -> impl Future<Output = Piece> + Send + use<> {
        let directory = Arc::clone(&self.directory);
        async move {
            match blocking(move || directory.lock().read()).await {
                Ok(piece) => piece,
                Err(not_run) => Piece {
                    read: vec![Err(not_run.into())],
                    over: true,
                },
            }
        }
    }

    pub(super) fn take_in(&mut self, piece: Piece) {
        self.read.extend(piece.read);
        self.over = piece.over;
    }
}

/// Some entries of a directory.
pub(super) struct Piece {
    read: Vec<Result<Entry, Refused>>,
    over: bool,
}

impl Directory {
    fn read(&mut self) -> Piece {
        if let Self::Named(dir) = self {
            *self = match read_base_dir(dir) {
                Ok(entries) => Self::Open(entries),
                Err(error) => {
                    let read = vec![Err(error.into())];
                    *self = Self::Failed;
                    return Piece { read, over: true };
                }
            };
        }
        let Self::Open(entries) = self else {
            return Piece {
                read: Vec::new(),
                over: true,
            };
        };
        let read: Vec<_> = entries.take(PIECE).map(entry).collect();
        // A read that failed could fail for ever.
        let over = read.len() < PIECE
            || read
                .iter()
                .any(|entry| matches!(entry, Err(Refused::Io(_))));
        Piece { read, over }
    }
}

fn entry(entry: io::Result<DirEntry>) -> Result<Entry, Refused> {
    let entry = entry?;
    let name = entry.file_name().into_string();
    Ok(Entry {
        name: name.map_err(|_| Refused::IllegalName)?,
        kind: kind(&entry),
    })
}

/// Type of an entry. Most file systems provide the type with the name. A file that is gone
/// meanwhile has an unknown type.
fn kind(entry: &DirEntry) -> Kind {
    let known = |kind: FileType| kind != FileType::unknown();
    let told = entry.file_type().ok().filter(|kind| known(*kind));
    let kind = told.or_else(|| Some(entry.metadata().ok()?.file_type()));
    match kind {
        Some(kind) if kind.is_file() => Kind::RegularFile,
        Some(kind) if kind.is_dir() => Kind::Directory,
        Some(kind) if kind.is_symlink() => Kind::SymbolicLink,
        Some(kind) if kind.is_block_device() => Kind::BlockDevice,
        Some(kind) if kind.is_char_device() => Kind::CharacterDevice,
        Some(kind) if kind.is_fifo() => Kind::Fifo,
        Some(kind) if kind.is_socket() => Kind::Socket,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_directory_is_read_in_pieces_and_each_entry_once() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        for number in 0..150 {
            File::create(folder.path().join(number.to_string()))?;
        }
        std::fs::create_dir(folder.path().join("directory"))?;
        symlink("0", folder.path().join("link"))?;
        let mut directory = Directory::Named(Arc::new(File::open(folder.path())?));
        let (mut kinds, mut pieces) = (BTreeMap::new(), 0);
        loop {
            let piece = directory.read();
            pieces += 1;
            assert!(piece.read.len() <= PIECE);
            for entry in piece.read.into_iter().flatten() {
                assert!(kinds.insert(entry.name, entry.kind).is_none());
            }
            if piece.over {
                break;
            }
        }
        assert_eq!((kinds.len(), pieces), (152, 3));
        assert!(matches!(kinds["149"], Kind::RegularFile));
        assert!(matches!(kinds["directory"], Kind::Directory));
        assert!(matches!(kinds["link"], Kind::SymbolicLink));
        Ok(())
    }
}
