use std::fs::File;
use std::io;
use std::sync::Arc;

use cap_primitives::fs::{FollowSymlinks, OpenOptions, OpenOptionsExt, open, stat};
use rustix::fs::OFlags;
use rustix::io::Errno;
use wasmtime::component::Resource;
use wasmtime_wasi::OpenMode;
use wasmtime_wasi::filesystem::{self, Descriptor, Dir};

use super::descriptors::Claim;
use super::holdings::{Held, Hosted};
use crate::contained::{NotRun, blocking};

/// What a guest wants to open.
pub(super) struct Wanted {
    pub(super) path: String,
    pub(super) follow: bool,
    pub(super) create: bool,
    pub(super) directory: bool,
    pub(super) exclusive: bool,
    pub(super) truncate: bool,
    pub(super) read: bool,
    pub(super) write: bool,
    /// Whether each write is to be on the disk when it returns.
    pub(super) sync: bool,
}

/// Why the guest does not get what it wants. Each kind of WASI has codes for it.
pub(super) enum Refused {
    /// It is neither a regular file nor a directory, or may not be written.
    NotPermitted,
    /// That cannot be done here.
    Unsupported,
    /// It contradicts itself.
    Invalid,
    NotDirectory,
    /// The guest, or all guests together, have as many open as they may.
    Quota,
    /// A name that is not Unicode.
    IllegalName,
    Io(io::Error),
    /// No such resource: the guest's fault, and it ends.
    Trap(wasmtime::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            // The process has no more, whatever guests may have.
            Some(Errno::MFILE | Errno::NFILE) => Self::Quota,
            _ => Self::Io(error),
        }
    }
}

impl From<NotRun> for Refused {
    fn from(not_run: NotRun) -> Self {
        Self::Io(not_run.into())
    }
}

/// What was opened, and is to become a resource.
pub(super) struct Opened {
    descriptor: Descriptor,
    claim: Claim,
}

/// What it is opened in, and room for it.
pub(super) fn begin(
    data: &mut impl Hosted,
    dir: &Resource<Descriptor>,
) -> Result<(Dir, Claim), Refused> {
    let mut held = data.held();
    let dir = held.dir(dir)?;
    let claim = held.take_descriptors(1).ok_or(Refused::Quota)?;
    Ok((dir, claim))
}

/// Opens it, as wasmtime does, and without waiting.
pub(super) async fn opened((dir, claim): (Dir, Claim), wanted: Wanted) -> Result<Opened, Refused> {
    let mut mode = OpenMode::empty();
    mode.set(
        OpenMode::WRITE,
        wanted.write || wanted.create || wanted.truncate,
    );
    // The system opens nothing that is neither read nor written.
    mode.set(OpenMode::READ, wanted.read || !wanted.write);
    if wanted.sync {
        return Err(Refused::Unsupported);
    }
    if wanted.directory && (wanted.create || wanted.exclusive || wanted.truncate) {
        return Err(Refused::Invalid);
    }
    if dir.perms.write_not_permitted() && mode.contains(OpenMode::WRITE) {
        return Err(Refused::NotPermitted);
    }
    let within = Arc::clone(&dir.dir);
    let must_be_dir = wanted.directory;
    let (file, is_dir) = blocking(move || open_now(&within, &wanted, mode)).await??;
    let descriptor = if is_dir {
        Descriptor::Dir(Dir::new(file, dir.perms, mode, false))
    } else if must_be_dir {
        return Err(Refused::NotDirectory);
    } else {
        Descriptor::File(filesystem::File::new(file, dir.perms, mode, false))
    };
    Ok(Opened { descriptor, claim })
}

/// It becomes a resource of the guest's.
pub(super) fn finish(
    data: &mut impl Hosted,
    opened: Opened,
) -> wasmtime::Result<Resource<Descriptor>> {
    let mut held = data.held();
    let resource = held.view.table.push(opened.descriptor)?;
    held.belongs_to(resource.rep(), opened.claim);
    Ok(resource)
}

/// Whether it is a directory. Anything but that and a regular file is refused before it
/// is opened, since opening alone may have an effect, and again once it is open, since
/// something else may have taken its name meanwhile.
fn open_now(within: &File, wanted: &Wanted, mode: OpenMode) -> Result<(File, bool), Refused> {
    let path = wanted.path.as_ref();
    let follow = if wanted.follow {
        FollowSymlinks::Yes
    } else {
        FollowSymlinks::No
    };
    if let Ok(found) = stat(within, path, follow) {
        let kind = found.file_type();
        if !kind.is_file() && !kind.is_dir() && !kind.is_symlink() {
            return Err(Refused::NotPermitted);
        }
    }
    let mut options = OpenOptions::new();
    options
        .read(mode.contains(OpenMode::READ))
        .write(mode.contains(OpenMode::WRITE))
        .truncate(wanted.truncate)
        ._cap_fs_ext_follow(follow)
        // What would let this thread wait, or a later one that reads, fails instead.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    if wanted.create && wanted.exclusive {
        options.create_new(true);
    } else {
        options.create(wanted.create);
    }
    let file = open(within, path, &options)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Refused::NotPermitted);
    }
    Ok((file, kind.is_dir()))
}

impl Held<'_> {
    /// A directory of the guest's.
    pub(super) fn dir(&mut self, dir: &Resource<Descriptor>) -> Result<Dir, Refused> {
        match self.view.table.get(dir) {
            Ok(Descriptor::Dir(dir)) => Ok(dir.clone()),
            Ok(Descriptor::File(_)) => Err(Refused::NotDirectory),
            Err(error) => Err(Refused::Trap(error.into())),
        }
    }
}
