use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::task::yield_now;

/// Minimum size of a compressed body, in bytes. A smaller body saves less than its
/// headers cost.
const WORTHWHILE: usize = 1 << 10;

/// Bytes that are compressed before other tasks run.
const AT_A_TIME: usize = 64 << 10;

/// Compresses the body, if that is worthwhile. Other tasks run in between; no extra
/// thread is needed.
pub(super) async fn gzip(body: &Bytes) -> Option<Bytes> {
    if body.len() < WORTHWHILE {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for part in body.chunks(AT_A_TIME) {
        // Writing to memory does not fail. After a failure, the body would be sent
        // uncompressed.
        encoder.write_all(part).ok()?;
        yield_now().await;
    }
    Some(encoder.finish().ok()?.into())
}
