//! Replacements of functions of WASI 0.3 in a linker that has them all.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Accessor, Destination, FutureReader, Linker, Resource, ResourceType, StreamProducer,
    StreamReader, StreamResult, VecBuffer,
};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p3::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, DirectoryEntry, ErrorCode, OpenFlags, PathFlags,
};

use super::holdings::Hosted;
use super::listing::{FileKind, Listing, ListingEntry, ListingPiece};
use super::open::{OpenRequest, WasiRefusal, finish, opened, start};

/// Interface name of wasmtime.
const FILES: &str = "wasi:filesystem/types@0.3.0";

type Opening<'a> = Pin<
    Box<
        dyn Future<Output = wasmtime::Result<(Result<Resource<Descriptor>, ErrorCode>,)>>
            + Send
            + 'a,
    >,
>;

/// Defines functions that open files and list directories within limits. Streams of files are
/// handles here, and have 8 KiB each.
pub(crate) fn limit_asynchronous_files<T: Hosted>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut files = linker.instance(FILES)?;
    let descriptor = ResourceType::host::<Descriptor>();
    files.resource("descriptor", descriptor, |mut store, resource| {
        store.data_mut().called();
        store.data_mut().wasi_state().close(resource)
    })?;
    files.func_wrap_concurrent("[method]descriptor.open-at", open_at)?;
    files.func_wrap("[method]descriptor.read-directory", read_directory)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn open_at<T: Hosted>(
    accessor: &Accessor<T>,
    (dir, follow, path, how, flags): (
        Resource<Descriptor>,
        PathFlags,
        String,
        OpenFlags,
        DescriptorFlags,
    ),
) -> Opening<'_> {
    Box::pin(async move {
        let wanted = wanted(follow, path, how, flags);
        let started = accessor.with(|mut access| {
            access.data_mut().called();
            start(access.data_mut(), &dir)
        });
        let opened = match started {
            Ok(started) => opened(started, wanted).await,
            Err(refused) => Err(refused),
        };
        match opened {
            Ok(opened) => {
                let file = accessor.with(|mut access| finish(access.data_mut(), opened));
                Ok((Ok(file?),))
            }
            Err(refused) => Ok((Err(code(refused)?),)),
        }
    })
}

type EntryStream = (
    StreamReader<DirectoryEntry>,
    FutureReader<Result<(), ErrorCode>>,
);

fn read_directory<T: Hosted>(
    mut store: StoreContextMut<'_, T>,
    (dir,): (Resource<Descriptor>,),
) -> wasmtime::Result<(EntryStream,)> {
    store.data_mut().called();
    let mut held = store.data_mut().wasi_state();
    let listing = held.dir(&dir).and_then(|dir| Listing::new(&mut held, &dir));
    let (result, end) = oneshot::channel();
    let mut entries = EntryProducer {
        listing: None,
        reading: None,
        result: Some(result),
    };
    match listing {
        Ok(listing) => entries.listing = Some(listing),
        Err(refused) => entries.close(Err(code(refused)?)),
    }
    let entries = StreamReader::new(&mut store, entries)?;
    let end = FutureReader::new(&mut store, async move {
        wasmtime::error::Ok(end.await.unwrap_or(Ok(())))
    })?;
    Ok(((entries, end),))
}

/// Produces the entries of a directory, and reads them as the guest reads.
struct EntryProducer {
    listing: Option<Listing>,
    reading: Option<Pin<Box<dyn Future<Output = ListingPiece> + Send>>>,
    /// Channel for the result, which the guest may have dropped.
    result: Option<oneshot::Sender<Result<(), ErrorCode>>>,
}

impl EntryProducer {
    fn close(&mut self, end: Result<(), ErrorCode>) {
        self.listing = None;
        if let Some(result) = self.result.take() {
            let _ = result.send(end);
        }
    }
}

impl<D> StreamProducer<D> for EntryProducer {
    type Item = DirectoryEntry;
    type Buffer = VecBuffer<DirectoryEntry>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut to: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let most = to.remaining(&mut store).unwrap_or(32);
        if most == 0 {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let this = &mut *self;
        let mut produced = Vec::new();
        loop {
            let Some(listing) = &mut this.listing else {
                return Poll::Ready(Ok(StreamResult::Dropped));
            };
            while produced.len() < most
                && let Some(entry) = listing.next()
            {
                match entry {
                    Ok(entry) => produced.push(entry.into()),
                    Err(refused) => {
                        let end = code(refused)?;
                        to.set_buffer(produced.into());
                        this.close(Err(end));
                        return Poll::Ready(Ok(StreamResult::Dropped));
                    }
                }
            }
            if !produced.is_empty() {
                to.set_buffer(produced.into());
                return Poll::Ready(Ok(StreamResult::Completed));
            }
            if listing.is_over() {
                this.close(Ok(()));
                return Poll::Ready(Ok(StreamResult::Dropped));
            }
            let reading = this
                .reading
                .get_or_insert_with(|| Box::pin(listing.read_on()));
            let piece = match reading.as_mut().poll(cx) {
                // The next read continues.
                Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
                other => ready!(other),
            };
            this.reading = None;
            listing.take_in(piece);
        }
    }
}

/// Code of a refusal, unless the guest named a resource that does not exist.
fn code(refused: WasiRefusal) -> wasmtime::Result<ErrorCode> {
    Ok(match refused {
        WasiRefusal::NotPermitted => ErrorCode::NotPermitted,
        WasiRefusal::Unsupported => ErrorCode::Unsupported,
        WasiRefusal::Invalid => ErrorCode::Invalid,
        WasiRefusal::NotDirectory => ErrorCode::NotDirectory,
        WasiRefusal::Quota => ErrorCode::Quota,
        WasiRefusal::IllegalName => ErrorCode::IllegalByteSequence,
        WasiRefusal::Io(error) => error.into(),
        WasiRefusal::Trap(error) => return Err(error),
    })
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
            FileKind::Unknown => DescriptorType::Other(None),
        };
        let name = entry.name;
        Self { type_, name }
    }
}
