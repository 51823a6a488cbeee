use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::task::yield_now;

/// What is smaller gains less than its headers cost.
const WORTHWHILE: usize = 1 << 10;

/// What is larger, in bytes, takes longer than other tasks should wait.
const AT_A_TIME: usize = 64 << 10;

/// The body compressed, if that is worth it. Others get their turn meanwhile, without a
/// thread for it that may not be there.
pub(super) async fn gzip(body: &Bytes) -> Option<Bytes> {
    if body.len() < WORTHWHILE {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for part in body.chunks(AT_A_TIME) {
        // Writing to memory does not fail; if it did, the body goes as it is.
        encoder.write_all(part).ok()?;
        yield_now().await;
    }
    Some(encoder.finish().ok()?.into())
}
