use std::future::ready;

use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    default_send_request,
};

use super::state::ProviderState;

/// HTTP to the granted authorities, and to no other.
pub(super) struct GrantedHttp {
    ctx: WasiHttpCtx,
    hooks: Granted,
}

struct Granted(Vec<String>);

impl GrantedHttp {
    pub(super) fn new(authorities: &[String]) -> Self {
        Self {
            ctx: WasiHttpCtx::new(),
            hooks: Granted(authorities.to_vec()),
        }
    }
}

impl WasiHttpView for ProviderState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (http, table) = self.http_parts();
        WasiHttpCtxView {
            ctx: &mut http.ctx,
            hooks: &mut http.hooks,
            table,
        }
    }
}

type Work<T> = Box<dyn Future<Output = Result<T, Error>> + Send>;

impl WasiHttpHooks for Granted {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _written: Work<()>,
    ) -> Work<(Response<WasiBody>, Work<()>)> {
        if !self.includes(request.uri()) {
            return Box::new(ready(Err(Error::HttpRequestDenied)));
        }
        Box::new(async move {
            let (response, io) = default_send_request(request, options).await?;
            Ok((
                response.map(BodyExt::boxed_unsync),
                Box::new(io) as Work<()>,
            ))
        })
    }
}

impl Granted {
    /// A grant without a port is for the scheme's own.
    fn includes(&self, uri: &Uri) -> bool {
        let Some(host) = uri.host() else { return false };
        let usual = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(usual);
        self.0.iter().any(|granted| {
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

    #[test]
    fn only_a_granted_authority_is_included() {
        let granted = Granted(vec!["127.0.0.1:4318".into(), "example.org".into()]);
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
