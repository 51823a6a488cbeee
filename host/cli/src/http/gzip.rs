use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::task::spawn_blocking;

/// What is smaller gains less than its headers cost.
const WORTHWHILE: usize = 1 << 10;

/// What is larger, in bytes, takes longer than other tasks should wait.
const LARGE: usize = 64 << 10;

/// The body compressed, if that is worth it.
pub(super) async fn gzip(body: &Bytes) -> Option<Bytes> {
    if body.len() < WORTHWHILE {
        return None;
    }
    let body = body.clone();
    if body.len() <= LARGE {
        return compress(&body);
    }
    // It does not panic, and nobody aborts it.
    spawn_blocking(move || compress(&body)).await.ok()?
}

/// Writing to memory does not fail; if it did, the body goes as it is.
fn compress(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    Some(encoder.finish().ok()?.into())
}
