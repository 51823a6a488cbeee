//! Standard output and standard error of guests.

mod standard;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{AsyncStdoutStream, IsTerminal, StdoutStream};
use wasmtime_wasi::p2::OutputStream;

use standard::{STDERR, STDOUT, Writer};

/// Maximum bytes that wait for the reader of a guest's output.
const BUFFER: usize = 64 << 10;

/// Maximum time that a task that has ended waits for the reader of its output.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// A function that takes a piece of a guest's output. The function must not block: a blocked
/// function blocks the thread of the task.
pub type OutputFn = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// Destination of a guest's standard output or standard error.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Output {
    /// Output is discarded. The guest can still print.
    #[default]
    Discard,
    /// Output is captured in the task's report.
    Capture,
    /// Output goes to this process's standard output, which one thread writes for all guests. A
    /// reader that stalls makes guests wait, without a thread, and deadlines still apply.
    Stdout,
    /// Output goes to this process's standard error, in the same way.
    Stderr,
    /// Output goes to a function of the embedder.
    To(OutputFn),
}

impl Output {
    /// Starts the thread that writes to a standard stream of this process, if the output goes
    /// there.
    pub(crate) fn start(&self) -> io::Result<()> {
        match self {
            Self::Stdout => standard::start_stdout(),
            Self::Stderr => standard::start_stderr(),
            Self::Discard | Self::Capture | Self::To(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discard => "Discard",
            Self::Capture => "Capture",
            Self::Stdout => "Stdout",
            Self::Stderr => "Stderr",
            Self::To(_) => "To(..)",
        })
    }
}

/// One output stream of one task, which all handles of the guest share.
#[derive(Clone)]
pub(crate) struct GuestOutput {
    to: Output,
    captured: Arc<Mutex<Vec<u8>>>,
    /// Bytes that were printed, including those beyond the limit. All handles share one stream,
    /// whose lock orders the accesses, so they are relaxed.
    printed: Arc<AtomicU64>,
    limit: u64,
    /// Function that receives all output, in addition to the destination.
    observer: Option<OutputFn>,
    /// Made when the guest first asks for the stream.
    stream: Arc<OnceLock<AsyncStdoutStream>>,
}

impl GuestOutput {
    pub(crate) fn new(to: Output, limit: u64) -> Self {
        Self {
            to,
            captured: Arc::default(),
            printed: Arc::default(),
            limit,
            observer: None,
            stream: Arc::default(),
        }
    }

    /// Adds a function that receives all output, including output beyond the limit.
    #[cfg(feature = "provider")]
    pub(crate) fn observed_by(self, observer: OutputFn) -> Self {
        Self {
            observer: Some(observer),
            ..self
        }
    }

    /// Waits until the last output has been written. Returns the captured output, and the number of
    /// bytes beyond the limit.
    pub(crate) async fn finish(&self) -> (Vec<u8>, u64) {
        if let Some(stream) = self.stream.get() {
            let mut last = stream.p2_stream();
            // A stream that failed has nothing left to write, and the wait for a stalled reader has
            // a timeout.
            if last.flush().is_ok() {
                let _ = tokio::time::timeout(FLUSH_TIMEOUT, last.write_ready()).await;
            }
        }
        let printed = self.printed.load(Ordering::Relaxed);
        let captured = std::mem::take(&mut *self.captured.lock());
        (captured, printed.saturating_sub(self.limit))
    }

    fn stream(&self) -> &AsyncStdoutStream {
        self.stream.get_or_init(|| {
            let sink = match &self.to {
                Output::Discard => Sink::Nowhere,
                Output::Capture => Sink::Buffer(Arc::clone(&self.captured)),
                Output::To(take) => Sink::Function(Arc::clone(take)),
                Output::Stdout => Sink::Standard(Writer::new(&STDOUT)),
                Output::Stderr => Sink::Standard(Writer::new(&STDERR)),
            };
            let printed = Arc::clone(&self.printed);
            let limit = self.limit;
            let observer = self.observer.clone();
            let capped = Capped {
                sink,
                printed,
                limit,
                observer,
            };
            AsyncStdoutStream::new(BUFFER, capped)
        })
    }
}

impl IsTerminal for GuestOutput {
    /// The output of many guests is mixed, so guests must not send control sequences.
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        self.stream().p2_stream()
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        self.stream().async_stream()
    }
}

enum Sink {
    Nowhere,
    Buffer(Arc<Mutex<Vec<u8>>>),
    Function(OutputFn),
    Standard(Writer),
}

impl Sink {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Nowhere => {}
            Self::Buffer(buffer) => buffer.lock().extend_from_slice(bytes),
            Self::Function(take) => take(bytes),
            Self::Standard(writer) => return writer.poll_write(cx, bytes),
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Nowhere | Self::Buffer(_) | Self::Function(_) => Poll::Ready(Ok(())),
            Self::Standard(writer) => writer.poll_flush(cx),
        }
    }
}

/// Truncates output beyond the limit. Closing the stream instead would make an ordinary `println!`
/// panic in the guest.
struct Capped {
    sink: Sink,
    printed: Arc<AtomicU64>,
    limit: u64,
    observer: Option<OutputFn>,
}

impl AsyncWrite for Capped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self
            .limit
            .saturating_sub(self.printed.load(Ordering::Relaxed));
        let fits = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let taken = if fits == 0 {
            bytes.len()
        } else {
            std::task::ready!(self.sink.poll_write(cx, &bytes[..fits]))?
        };
        self.printed.fetch_add(taken as u64, Ordering::Relaxed);
        if let Some(observer) = &self.observer {
            observer(&bytes[..taken]);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sink.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
