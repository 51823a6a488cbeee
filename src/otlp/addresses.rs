//! Look-ups of a collector's addresses.

use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::{io, thread, vec};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::oneshot;
use tonic::codegen::Service;

/// Looks up the addresses of a collector. After a failure, the next look-up starts with
/// another address.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    /// A push may start with any address, so the accesses are relaxed.
    turn: Arc<AtomicUsize>,
    /// Look-ups in progress. Each look-up takes its number with one relaxed update, and no
    /// other value depends on the number.
    running: Arc<AtomicUsize>,
}

/// Maximum number of threads that a name server without an answer can block.
const LOOK_UPS: usize = 2;

impl Addresses {
    /// Makes the next push start with the next address.
    pub(super) fn turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }
}

impl Service<Name> for Addresses {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let turn = self.turn.load(Ordering::Relaxed);
        let answer = look_up(name, Arc::clone(&self.running));
        Box::pin(async move {
            let answer = answer?.await;
            // The channel closes if the thread ended without an answer.
            let mut addresses = answer.map_err(io::Error::other)??;
            let first = turn.checked_rem(addresses.len()).unwrap_or_default();
            addresses.rotate_left(first);
            Ok(addresses.into_iter())
        })
    }
}

type LookUpAnswer = oneshot::Receiver<io::Result<Vec<SocketAddr>>>;

/// A look-up in progress. Its drop ends the look-up.
struct LookUpGuard(Arc<AtomicUsize>);

impl Drop for LookUpGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The system's look-up blocks, and therefore has its own thread.
fn look_up(name: Name, running: Arc<AtomicUsize>) -> io::Result<LookUpAnswer> {
    let (tell, answer) = oneshot::channel();
    let before = running.fetch_add(1, Ordering::Relaxed);
    let running = LookUpGuard(running);
    if before >= LOOK_UPS {
        return Err(io::Error::other(
            "earlier look-ups of the name are not answered yet",
        ));
    }
    thread::Builder::new()
        .name("otlp-look-up".to_owned())
        .spawn(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            // Dropped before the answer is sent, because the next look-up can follow at
            // once.
            drop(running);
            // The push that waited may already be dropped.
            let _ = tell.send(found.map(Iterator::collect));
        })
        .map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot start the thread that looks the name up: {error}"),
            )
        })?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_up(addresses: &mut Addresses, name: &str) -> io::Result<Vec<SocketAddr>> {
        let name = name.parse().map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(runtime.block_on(addresses.call(name))?.collect())
    }

    #[test]
    fn after_a_failure_another_address_comes_first() -> io::Result<()> {
        let mut addresses = Addresses::default();
        let first = look_up(&mut addresses, "localhost")?;
        for _ in 0..first.len() {
            addresses.turn();
        }
        assert_eq!(look_up(&mut addresses, "localhost")?, first);
        addresses.turn();
        let mut turned = look_up(&mut addresses, "localhost")?;
        turned.rotate_right(1);
        assert_eq!(turned, first);
        Ok(())
    }

    #[test]
    fn look_ups_that_hang_take_no_more_than_two_threads() -> io::Result<()> {
        let mut addresses = Addresses::default();
        addresses.running.store(LOOK_UPS, Ordering::Relaxed);
        let said = look_up(&mut addresses, "localhost").err();
        let said = said.map_or_else(String::new, |error| error.to_string());
        assert_eq!(said, "earlier look-ups of the name are not answered yet");
        addresses.running.store(LOOK_UPS - 1, Ordering::Relaxed);
        look_up(&mut addresses, "localhost")?;
        Ok(())
    }
}
