//! Directory listings, read piece by piece.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use cap_primitives::fs::{DirEntry, FileType, FileTypeExt, ReadDir, read_base_dir};
use parking_lot::Mutex;
use wasmtime_wasi::filesystem::Dir;

use super::descriptors::{DescriptorClaim, StreamClaim};
use super::holdings::WasiState;
use super::open::WasiRefusal;
use crate::contained::blocking;

/// Descriptors of a listing: the directory once more, and the system's position in it.
const DESCRIPTORS: usize = 2;

/// Maximum number of entries that are read at a time.
const PIECE: usize = 64;

/// Entries of a directory, read as the guest asks for them.
pub(super) struct Listing {
    directory: Arc<Mutex<Directory>>,
    read: VecDeque<Result<ListingEntry, WasiRefusal>>,
    over: bool,
    _descriptors: DescriptorClaim,
    _stream: StreamClaim,
}

/// A directory, which is opened by the thread that reads first.
enum Directory {
    Named(Arc<File>),
    Open(ReadDir),
    Failed,
}

/// A file in a directory.
pub(super) struct ListingEntry {
    pub(super) name: String,
    pub(super) kind: FileKind,
}

/// Types of files in WASI.
pub(super) enum FileKind {
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
    pub(super) fn new(held: &mut WasiState<'_>, dir: &Dir) -> Result<Self, WasiRefusal> {
        let stream = held.take_stream().ok_or(WasiRefusal::Quota)?;
        let descriptors = held
            .take_descriptors(DESCRIPTORS)
            .ok_or(WasiRefusal::Quota)?;
        Ok(Self {
            directory: Arc::new(Mutex::new(Directory::Named(Arc::clone(&dir.dir)))),
            read: VecDeque::new(),
            over: false,
            _descriptors: descriptors,
            _stream: stream,
        })
    }

    /// The next entry that has been read.
    pub(super) fn next(&mut self) -> Option<Result<ListingEntry, WasiRefusal>> {
        self.read.pop_front()
    }

    /// Whether all entries have been read.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Reads more entries on another thread. The listing takes them in afterwards.
    pub(super) fn read_on(&self) -> impl Future<Output = ListingPiece> + Send + use<> {
        let directory = Arc::clone(&self.directory);
        async move {
            match blocking(move || directory.lock().read()).await {
                Ok(piece) => piece,
                Err(not_run) => ListingPiece {
                    read: vec![Err(not_run.into())],
                    over: true,
                },
            }
        }
    }

    pub(super) fn take_in(&mut self, piece: ListingPiece) {
        self.read.extend(piece.read);
        self.over = piece.over;
    }
}

/// Some entries of a directory.
pub(super) struct ListingPiece {
    read: Vec<Result<ListingEntry, WasiRefusal>>,
    over: bool,
}

impl Directory {
    fn read(&mut self) -> ListingPiece {
        if let Self::Named(dir) = self {
            *self = match read_base_dir(dir) {
                Ok(entries) => Self::Open(entries),
                Err(error) => {
                    let read = vec![Err(error.into())];
                    *self = Self::Failed;
                    return ListingPiece { read, over: true };
                }
            };
        }
        let Self::Open(entries) = self else {
            return ListingPiece {
                read: Vec::new(),
                over: true,
            };
        };
        let read: Vec<_> = entries.take(PIECE).map(entry).collect();
        // A read that failed could fail for ever.
        let over = read.len() < PIECE
            || read
                .iter()
                .any(|entry| matches!(entry, Err(WasiRefusal::Io(_))));
        ListingPiece { read, over }
    }
}

fn entry(entry: io::Result<DirEntry>) -> Result<ListingEntry, WasiRefusal> {
    let entry = entry?;
    let name = entry.file_name().into_string();
    Ok(ListingEntry {
        name: name.map_err(|_| WasiRefusal::IllegalName)?,
        kind: kind(&entry),
    })
}

/// Type of an entry. Most file systems provide the type with the name. A file that is gone
/// meanwhile has an unknown type.
fn kind(entry: &DirEntry) -> FileKind {
    let known = |kind: FileType| kind != FileType::unknown();
    let told = entry.file_type().ok().filter(|kind| known(*kind));
    let kind = told.or_else(|| Some(entry.metadata().ok()?.file_type()));
    match kind {
        Some(kind) if kind.is_file() => FileKind::RegularFile,
        Some(kind) if kind.is_dir() => FileKind::Directory,
        Some(kind) if kind.is_symlink() => FileKind::SymbolicLink,
        Some(kind) if kind.is_block_device() => FileKind::BlockDevice,
        Some(kind) if kind.is_char_device() => FileKind::CharacterDevice,
        Some(kind) if kind.is_fifo() => FileKind::Fifo,
        Some(kind) if kind.is_socket() => FileKind::Socket,
        _ => FileKind::Unknown,
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
        assert!(matches!(kinds["149"], FileKind::RegularFile));
        assert!(matches!(kinds["directory"], FileKind::Directory));
        assert!(matches!(kinds["link"], FileKind::SymbolicLink));
        Ok(())
    }
}
