//! Serves one connection.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::last_request::LastRequest;
use super::pulse::Pulse;
use super::respond::Responder;
use super::stream::Stream;

/// Minimum buffer of hyper, in bytes.
const SMALLEST_BUFFER: usize = 8 << 10;

/// Serves a connection until one side closes it, a time limit passes, or its slot is
/// needed. `stop` ends the connection after its current answer.
pub(super) async fn serve(
    stream: TcpStream,
    pulse: Arc<Pulse>,
    for_probes: bool,
    responder: Arc<Responder>,
    mut stop: watch::Receiver<bool>,
) {
    let limits = responder.limits.clone();
    let last = LastRequest::default();
    let mut connection = pin!(
        http1::Builder::new()
            // The pulse enforces the time limits.
            .header_read_timeout(None)
            .max_buf_size(limits.head_bytes.max(SMALLEST_BUFFER))
            .max_header_size(limits.head_bytes)
            .max_headers(limits.headers)
            .serve_connection(
                Stream::new(stream, Arc::clone(&pulse)),
                service_fn(|request| { responder.respond(request, &pulse, &last, for_probes) }),
            )
    );
    let mut stopped = pin!(async move {
        // Without a server, the connection ends as well.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    let mut stopping = false;
    let mut evicted = pin!(pulse.evicted());
    let mut late = pin!(sleep_until(pulse.deadline(&limits).into()));
    poll_fn(|cx| {
        if !stopping && stopped.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        // A client may close the connection at any time.
        if connection.as_mut().poll(cx).is_ready() || evicted.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Progress of the connection may have changed its deadline. Only an earlier
        // deadline changes the timer at once: most requests only postpone the deadline.
        let deadline = pulse.deadline(&limits).into();
        if deadline < late.deadline() {
            late.as_mut().reset(deadline);
        }
        ready!(late.as_mut().poll(cx));
        if late.deadline() < deadline {
            late.as_mut().reset(deadline);
            ready!(late.as_mut().poll(cx));
        }
        if pulse.reading().is_some() {
            responder.hits.gave_up_on_reader();
        }
        Poll::Ready(())
    })
    .await;
}
