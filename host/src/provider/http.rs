//! HTTP requests of a provider to granted authorities.

use std::future::ready;
use std::sync::Arc;

use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    default_send_request,
};

/// Maximum number of concurrent requests of a backend, each with a connection and the buffers of
/// both sides. Another request fails, as `connection-limit-reached`.
const REQUESTS: usize = 16;

/// Maximum bytes of a request's body that wait for its connection at a time.
const BODY_PIECE: usize = 32 << 10;

/// Maximum bytes of the headers of one message.
const HEADERS: usize = 16 << 10;

/// HTTP to the granted authorities, and to no other.
pub(super) struct GrantedHttp {
    ctx: WasiHttpCtx,
    hooks: HttpGrants,
}

struct HttpGrants {
    authorities: Vec<String>,
    requests: Arc<Semaphore>,
}

impl GrantedHttp {
    pub(super) fn new(authorities: &[String]) -> Self {
        let mut ctx = WasiHttpCtx::new();
        ctx.set_field_size_limit(HEADERS);
        let hooks = HttpGrants::new(authorities.to_vec());
        Self { ctx, hooks }
    }

    pub(super) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            ctx: &mut self.ctx,
            hooks: &mut self.hooks,
            table,
        }
    }
}

type HttpFuture<T> = Box<dyn Future<Output = Result<T, Error>> + Send>;

impl WasiHttpHooks for HttpGrants {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _written: HttpFuture<()>,
    ) -> HttpFuture<(Response<WasiBody>, HttpFuture<()>)> {
        if !self.includes(request.uri()) {
            return Box::new(ready(Err(Error::HttpRequestDenied)));
        }
        let Ok(slot) = Arc::clone(&self.requests).try_acquire_owned() else {
            return Box::new(ready(Err(Error::ConnectionLimitReached)));
        };
        Box::new(async move {
            let (response, io) = default_send_request(request, options).await?;
            // The slot is taken for as long as the connection or the body exists.
            let (slot, connection) = (Arc::new(slot), io);
            let of_body = Arc::clone(&slot);
            let response = response.map(|body| {
                let counted = body.map_frame(move |frame| {
                    let _ = &of_body;
                    frame
                });
                counted.boxed_unsync()
            });
            let io = async move {
                let _slot = slot;
                connection.await
            };
            Ok((response, Box::new(io) as HttpFuture<()>))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_PIECE
    }
}

impl HttpGrants {
    fn new(authorities: Vec<String>) -> Self {
        let requests = Arc::new(Semaphore::new(REQUESTS));
        Self {
            authorities,
            requests,
        }
    }

    /// Whether a grant covers this URI. A grant without a port covers the default port of the
    /// scheme.
    fn includes(&self, uri: &Uri) -> bool {
        let Some(host) = uri.host() else { return false };
        let usual = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(usual);
        self.authorities.iter().any(|granted| {
            let uri = granted.parse::<http::uri::Authority>();
            uri.is_ok_and(|granted| {
                granted.host().eq_ignore_ascii_case(host)
                    && granted.port_u16().unwrap_or(usual) == port
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_request_more_than_there_may_be_is_refused() {
        let mut granted = HttpGrants::new(vec!["127.0.0.1:4318".into()]);
        let mut request = Request::new(WasiBody::default());
        *request.uri_mut() = Uri::from_static("http://127.0.0.1:4318/");
        let slots = Arc::clone(&granted.requests);
        let taken = slots.try_acquire_many(16);
        assert!(taken.is_ok());
        let refused = granted.send_request(request, None, Box::new(ready(Ok(()))));
        let refused = Box::into_pin(refused).await.err();
        assert!(matches!(refused, Some(Error::ConnectionLimitReached)));
    }

    #[test]
    fn only_a_granted_authority_is_included() {
        let granted = HttpGrants::new(vec!["127.0.0.1:4318".into(), "example.org".into()]);
        for (uri, included) in [
            ("http://127.0.0.1:4318/v1/metrics", true),
            ("http://127.0.0.1:4319/v1/metrics", false),
            ("http://127.0.0.1/v1/metrics", false),
            ("http://user@127.0.0.1:4318/", true),
            ("http://example.org/", true),
            ("https://EXAMPLE.org:443/", true),
            ("https://example.org:80/", false),
            ("http://example.org.evil/", false),
            ("http://evil/?example.org", false),
            ("http://127.0.0.1:4318@evil/", false),
            ("/relative", false),
        ] {
            let parsed = uri.parse::<Uri>();
            assert_eq!(
                parsed.is_ok_and(|uri| granted.includes(&uri)),
                included,
                "{uri}"
            );
        }
    }
}
