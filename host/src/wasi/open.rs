//! Opening of files and directories, without waiting.

use std::fs::File;
use std::io;
use std::sync::Arc;

use cap_primitives::fs::{FollowSymlinks, OpenOptions, OpenOptionsExt, open, stat};
use rustix::fs::OFlags;
use rustix::io::Errno;
use wasmtime::component::Resource;
use wasmtime_wasi::OpenMode;
use wasmtime_wasi::filesystem::{self, Descriptor, Dir};

use super::descriptors::DescriptorClaim;
use super::holdings::{Hosted, WasiState};
use crate::contained::{BlockingError, blocking};

/// A guest's request to open a file.
pub(super) struct OpenRequest {
    pub(super) path: String,
    pub(super) follow: bool,
    pub(super) create: bool,
    pub(super) directory: bool,
    pub(super) exclusive: bool,
    pub(super) truncate: bool,
    pub(super) read: bool,
    pub(super) write: bool,
    /// Whether each write must be on the disk when the call returns.
    pub(super) sync: bool,
}

/// Reason why a request is refused. Each version of WASI has codes for the reasons.
pub(super) enum WasiRefusal {
    /// The file is neither a regular file nor a directory, or must not be written.
    NotPermitted,
    /// The host does not support the request.
    Unsupported,
    /// The request contradicts itself.
    Invalid,
    NotDirectory,
    /// The guest, or all guests together, have reached a limit.
    Quota,
    /// The name is not Unicode.
    IllegalName,
    Io(io::Error),
    /// The resource does not exist: a fault of the guest, which ends.
    Trap(wasmtime::Error),
}

impl From<io::Error> for WasiRefusal {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            // The process has no free descriptors, even within the limit of guests.
            Some(Errno::MFILE | Errno::NFILE) => Self::Quota,
            _ => Self::Io(error),
        }
    }
}

impl From<BlockingError> for WasiRefusal {
    fn from(not_run: BlockingError) -> Self {
        Self::Io(not_run.into())
    }
}

/// An open file, which is to become a resource.
pub(super) struct Opened {
    descriptor: Descriptor,
    claim: DescriptorClaim,
}

/// Takes a descriptor, and finds the directory of the request.
pub(super) fn start(
    data: &mut impl Hosted,
    dir: &Resource<Descriptor>,
) -> Result<(Dir, DescriptorClaim), WasiRefusal> {
    let mut held = data.wasi_state();
    let dir = held.dir(dir)?;
    let claim = held.take_descriptors(1).ok_or(WasiRefusal::Quota)?;
    Ok((dir, claim))
}

/// Opens a file as wasmtime does, without waiting.
pub(super) async fn opened(
    (dir, claim): (Dir, DescriptorClaim),
    wanted: OpenRequest,
) -> Result<Opened, WasiRefusal> {
    let mut mode = OpenMode::empty();
    mode.set(
        OpenMode::WRITE,
        wanted.write || wanted.create || wanted.truncate,
    );
    // The system opens no file without read or write access.
    mode.set(OpenMode::READ, wanted.read || !wanted.write);
    if wanted.sync {
        return Err(WasiRefusal::Unsupported);
    }
    if wanted.directory && (wanted.create || wanted.exclusive || wanted.truncate) {
        return Err(WasiRefusal::Invalid);
    }
    if dir.perms.write_not_permitted() && mode.contains(OpenMode::WRITE) {
        return Err(WasiRefusal::NotPermitted);
    }
    let within = Arc::clone(&dir.dir);
    let must_be_dir = wanted.directory;
    let (file, is_dir) = blocking(move || open_now(&within, &wanted, mode)).await??;
    let descriptor = if is_dir {
        Descriptor::Dir(Dir::new(file, dir.perms, mode, false))
    } else if must_be_dir {
        return Err(WasiRefusal::NotDirectory);
    } else {
        Descriptor::File(filesystem::File::new(file, dir.perms, mode, false))
    };
    Ok(Opened { descriptor, claim })
}

/// Makes an open file a resource of the guest.
pub(super) fn finish(
    data: &mut impl Hosted,
    opened: Opened,
) -> wasmtime::Result<Resource<Descriptor>> {
    let mut held = data.wasi_state();
    let resource = held.view.table.push(opened.descriptor)?;
    held.belongs_to(resource.rep(), opened.claim);
    Ok(resource)
}

/// Opens a file, and returns whether it is a directory. Only regular files and directories are
/// opened. The type is checked before, since opening alone can have an effect, and again after,
/// since another file may have the name by then.
fn open_now(
    within: &File,
    wanted: &OpenRequest,
    mode: OpenMode,
) -> Result<(File, bool), WasiRefusal> {
    let path = wanted.path.as_ref();
    let follow = if wanted.follow {
        FollowSymlinks::Yes
    } else {
        FollowSymlinks::No
    };
    if let Ok(found) = stat(within, path, follow) {
        let kind = found.file_type();
        if !kind.is_file() && !kind.is_dir() && !kind.is_symlink() {
            return Err(WasiRefusal::NotPermitted);
        }
    }
    let mut options = OpenOptions::new();
    options
        .read(mode.contains(OpenMode::READ))
        .write(mode.contains(OpenMode::WRITE))
        .truncate(wanted.truncate)
        ._cap_fs_ext_follow(follow)
        // An operation that would block this thread, or a later read, fails instead.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    if wanted.create && wanted.exclusive {
        options.create_new(true);
    } else {
        options.create(wanted.create);
    }
    let file = open(within, path, &options)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(WasiRefusal::NotPermitted);
    }
    Ok((file, kind.is_dir()))
}

impl WasiState<'_> {
    /// A directory of the guest.
    pub(super) fn dir(&mut self, dir: &Resource<Descriptor>) -> Result<Dir, WasiRefusal> {
        match self.view.table.get(dir) {
            Ok(Descriptor::Dir(dir)) => Ok(dir.clone()),
            Ok(Descriptor::File(_)) => Err(WasiRefusal::NotDirectory),
            Err(error) => Err(WasiRefusal::Trap(error.into())),
        }
    }
}
