//! Replacements of functions of WASI 0.2 in a linker that has them all.

use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, DirectoryEntry, ErrorCode, HostDescriptor, OpenFlags,
    PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsResult};

use super::holdings::Hosted;
use super::listing::{FileKind, Listing, ListingEntry};
use super::open::{OpenRequest, WasiRefusal, finish, opened, start};
use super::stream::CountedStream;

/// Interface name of wasmtime. Guests that were built against another 0.2 get the same functions,
/// as long as this version is the newest in the linker.
const FILES: &str = "wasi:filesystem/types@0.2.12";

/// Result of a function for a guest.
type FileAnswer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

/// Defines functions that open files, list directories, read and write within limits.
pub(crate) fn limit_files<T: Hosted>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut files = linker.instance(FILES)?;
    let descriptor = ResourceType::host::<Descriptor>();
    files.resource("descriptor", descriptor, |mut store, resource| {
        store.data_mut().called();
        store.data_mut().wasi_state().close(resource)
    })?;
    let listing = ResourceType::host::<Listing>();
    files.resource("directory-entry-stream", listing, |mut store, resource| {
        store.data_mut().called();
        let resource = Resource::<Listing>::new_own(resource);
        store.data_mut().wasi_state().view.table.delete(resource)?;
        Ok(())
    })?;
    files.func_wrap_async(
        "[method]descriptor.open-at",
        |mut store, (dir, follow, path, how, flags): (Resource<Descriptor>, _, _, _, _)| {
            Box::new(async move {
                store.data_mut().called();
                let wanted = wanted(follow, path, how, flags);
                let opened = match start(store.data_mut(), &dir) {
                    Ok(started) => opened(started, wanted).await,
                    Err(refused) => Err(refused),
                };
                match opened {
                    Ok(opened) => Ok((Ok(finish(store.data_mut(), opened)?),)),
                    Err(refused) => answer(Err(refused)),
                }
            })
        },
    )?;
    files.func_wrap(
        "[method]descriptor.read-directory",
        |mut store, (dir,): (Resource<Descriptor>,)| {
            store.data_mut().called();
            let mut held = store.data_mut().wasi_state();
            let listing = held.dir(&dir).and_then(|dir| Listing::new(&mut held, &dir));
            match listing {
                Ok(listing) => Ok((Ok(held.view.table.push(listing)?),)),
                Err(refused) => answer(Err(refused)),
            }
        },
    )?;
    files.func_wrap_async(
        "[method]directory-entry-stream.read-directory-entry",
        |mut store, (listing,): (Resource<Listing>,)| {
            Box::new(async move {
                store.data_mut().called();
                loop {
                    let found = store.data_mut().wasi_state().view.table.get_mut(&listing)?;
                    if let Some(entry) = found.next() {
                        return answer(entry.map(|entry| Some(DirectoryEntry::from(entry))));
                    }
                    if found.is_over() {
                        return Ok((Ok(None),));
                    }
                    let piece = found.read_on().await;
                    let found = store.data_mut().wasi_state().view.table.get_mut(&listing)?;
                    found.take_in(piece);
                }
            })
        },
    )?;
    files.func_wrap(
        "[method]descriptor.read-via-stream",
        |mut store, (file, at): (Resource<Descriptor>, u64)| {
            counted_input(store.data_mut(), |data| {
                data.filesystem().read_via_stream(file, at)
            })
        },
    )?;
    files.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store, (file, at): (Resource<Descriptor>, u64)| {
            counted_output(store.data_mut(), |data| {
                data.filesystem().write_via_stream(file, at)
            })
        },
    )?;
    files.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store, (file,): (Resource<Descriptor>,)| {
            counted_output(store.data_mut(), |data| {
                data.filesystem().append_via_stream(file)
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn counted_input<T: Hosted>(
    data: &mut T,
    make: impl FnOnce(&mut T) -> FsResult<Resource<DynInputStream>>,
) -> FileAnswer<Resource<DynInputStream>> {
    let Some(claim) = data.wasi_state().take_stream() else {
        return Ok((Err(ErrorCode::Quota),));
    };
    let stream = match make(data) {
        Ok(stream) => stream,
        Err(error) => return Ok((Err(error.downcast()?),)),
    };
    let table = data.wasi_state().view.table;
    let stream = table.delete(stream)?;
    let counted: DynInputStream = Box::new(CountedStream::new(stream, claim));
    Ok((Ok(table.push(counted)?),))
}

fn counted_output<T: Hosted>(
    data: &mut T,
    make: impl FnOnce(&mut T) -> FsResult<Resource<DynOutputStream>>,
) -> FileAnswer<Resource<DynOutputStream>> {
    let Some(claim) = data.wasi_state().take_stream() else {
        return Ok((Err(ErrorCode::Quota),));
    };
    let stream = match make(data) {
        Ok(stream) => stream,
        Err(error) => return Ok((Err(error.downcast()?),)),
    };
    let table = data.wasi_state().view.table;
    let stream = table.delete(stream)?;
    let counted: DynOutputStream = Box::new(CountedStream::new(stream, claim));
    Ok((Ok(table.push(counted)?),))
}

/// Answers a guest. A refusal has a code, unless the guest named a resource that does not exist.
fn answer<T>(result: Result<T, WasiRefusal>) -> FileAnswer<T> {
    let refused = match result {
        Ok(value) => return Ok((Ok(value),)),
        Err(refused) => refused,
    };
    let code = match refused {
        WasiRefusal::NotPermitted => ErrorCode::NotPermitted,
        WasiRefusal::Unsupported => ErrorCode::Unsupported,
        WasiRefusal::Invalid => ErrorCode::Invalid,
        WasiRefusal::NotDirectory => ErrorCode::NotDirectory,
        WasiRefusal::Quota => ErrorCode::Quota,
        WasiRefusal::IllegalName => ErrorCode::IllegalByteSequence,
        WasiRefusal::Io(error) => error.into(),
        WasiRefusal::Trap(error) => return Err(error),
    };
    Ok((Err(code),))
}

fn wanted(follow: PathFlags, path: String, how: OpenFlags, flags: DescriptorFlags) -> OpenRequest {
    let sync = DescriptorFlags::FILE_INTEGRITY_SYNC
        | DescriptorFlags::DATA_INTEGRITY_SYNC
        | DescriptorFlags::REQUESTED_WRITE_SYNC;
    OpenRequest {
        path,
        follow: follow.contains(PathFlags::SYMLINK_FOLLOW),
        create: how.contains(OpenFlags::CREATE),
        directory: how.contains(OpenFlags::DIRECTORY),
        exclusive: how.contains(OpenFlags::EXCLUSIVE),
        truncate: how.contains(OpenFlags::TRUNCATE),
        read: flags.contains(DescriptorFlags::READ),
        write: flags.contains(DescriptorFlags::WRITE),
        sync: (flags & sync) != DescriptorFlags::empty(),
    }
}

impl From<ListingEntry> for DirectoryEntry {
    fn from(entry: ListingEntry) -> Self {
        let type_ = match entry.kind {
            FileKind::BlockDevice => DescriptorType::BlockDevice,
            FileKind::CharacterDevice => DescriptorType::CharacterDevice,
            FileKind::Directory => DescriptorType::Directory,
            FileKind::Fifo => DescriptorType::Fifo,
            FileKind::SymbolicLink => DescriptorType::SymbolicLink,
            FileKind::RegularFile => DescriptorType::RegularFile,
            FileKind::Socket => DescriptorType::Socket,
            FileKind::Unknown => DescriptorType::Unknown,
        };
        let name = entry.name;
        Self { type_, name }
    }
}
