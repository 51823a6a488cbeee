use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HOST, HeaderName, HeaderValue, REFERRER_POLICY, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;

use super::body::Whole;
use super::gzip::gzip;
use super::pulse::Pulse;
use super::{Accept, Access, Hits, Limits, Page, Route, Site};

/// Answers requests with a site's pages.
pub(super) struct Responder {
    pub(super) limits: Limits,
    pub(super) hits: Arc<Hits>,
    site: Arc<dyn Site>,
    access: Access,
    /// Whether only this machine can reach it.
    local: bool,
    renders: Arc<Semaphore>,
    components: Arc<Semaphore>,
}

/// What a request is answered with.
struct Answer {
    page: Page,
    header: Option<(HeaderName, &'static str)>,
    gzipped: Option<Bytes>,
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self {
            page,
            header: None,
            gzipped: None,
        }
    }
}

impl Responder {
    pub(super) fn new(
        site: Arc<dyn Site>,
        access: Access,
        local: bool,
        limits: Limits,
        hits: Arc<Hits>,
    ) -> Self {
        Self {
            site,
            access,
            local,
            renders: Arc::new(Semaphore::new(limits.renders)),
            components: Arc::new(Semaphore::new(limits.renders)),
            limits,
            hits,
        }
    }

    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        pulse: &Arc<Pulse>,
    ) -> Result<Response<Whole>, Infallible> {
        pulse.asked();
        let route = Route::of(request.uri().path()).filter(|route| self.site.has(*route));
        // What it sends along is not read, so nothing can come after it.
        let close = !request.body().is_end_stream() || pulse.is_old(&self.limits);
        let answer = self.answer(&request, route).await;
        let label = route.map_or("other", Route::as_label);
        self.hits.answered(label, answer.page.status.as_u16());
        Ok(response(answer, close, pulse))
    }

    async fn answer(&self, request: &Request<Incoming>, route: Option<Route<'_>>) -> Answer {
        if self.local && !self.access.needs_token() && is_a_domain(request.headers().get(HOST)) {
            return Page::text(
                StatusCode::MISDIRECTED_REQUEST,
                "ask for this server as localhost, or by its address\n",
            )
            .into();
        }
        // What there is, is told to those who may read it.
        if !route.is_some_and(Route::is_open) && !self.access.allows(request.headers()) {
            return refusal(
                StatusCode::UNAUTHORIZED,
                (WWW_AUTHENTICATE, "Bearer"),
                "token needed\n",
            );
        }
        let Some(route) = route else {
            return Page::text(StatusCode::NOT_FOUND, self.contents()).into();
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                (ALLOW, "GET, HEAD"),
                "GET or HEAD\n",
            );
        }
        if !request.body().is_end_stream() {
            return Page::text(
                StatusCode::PAYLOAD_TOO_LARGE,
                "a request has no body here\n",
            )
            .into();
        }
        self.render(route, Accept::of(request.headers())).await
    }

    /// In a task of its own, which goes on if the client goes away: then its turn
    /// is not another's before it is done.
    async fn render(&self, route: Route<'_>, accept: Accept) -> Answer {
        let (site, path) = (Arc::clone(&self.site), route.path());
        let turns = match route {
            Route::Healthz | Route::Readyz => None,
            Route::BackendMetrics(_) => Some(Arc::clone(&self.components)),
            _ => Some(Arc::clone(&self.renders)),
        };
        let turn = match turns {
            // It is never closed.
            Some(turns) => turns.acquire_owned().await.ok(),
            None => None,
        };
        let rendering = tokio::spawn(async move {
            let _turn = turn;
            let page = site.answer(Route::of(&path)?, accept).await;
            let gzipped = match accept.gzip {
                true => gzip(&page.body).await,
                false => None,
            };
            Some(Answer {
                page,
                header: None,
                gzipped,
            })
        });
        // A page that panicked said so where panics are said.
        rendering.await.ok().flatten().unwrap_or_else(|| {
            Page::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "this page could not be made\n",
            )
            .into()
        })
    }

    fn contents(&self) -> String {
        let fixed = Route::FIXED.into_iter().filter(|it| self.site.has(*it));
        let mut paths: Vec<_> = fixed.map(Route::path).collect();
        let exposed = self.site.exposed();
        paths.extend(
            exposed
                .iter()
                .map(|name| Route::BackendMetrics(name).path()),
        );
        format!("there is only {}\n", paths.join(", "))
    }
}

/// Whether a request was meant for a name in the public DNS. What only this machine can
/// reach has none, so that a browser here was told so by whoever owns that name, to read
/// what he cannot reach himself (DNS rebinding).
fn is_a_domain(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host.map(HeaderValue::to_str) else {
        return false;
    };
    let Ok(host) = host else { return true };
    let address = |text: &str| text.parse::<SocketAddr>().is_ok() || text.parse::<IpAddr>().is_ok();
    let name = host.split(':').next().unwrap_or_default();
    !address(host) && !host.starts_with('[') && name.contains('.') && !name.ends_with(".localhost")
}

fn refusal(status: StatusCode, header: (HeaderName, &'static str), text: &'static str) -> Answer {
    Answer {
        page: Page::text(status, text),
        header: Some(header),
        gzipped: None,
    }
}

fn response(answer: Answer, close: bool, pulse: &Arc<Pulse>) -> Response<Whole> {
    let Answer {
        page,
        header,
        gzipped,
    } = answer;
    let gzipped_header = gzipped.is_some().then_some((CONTENT_ENCODING, "gzip"));
    let body = gzipped.unwrap_or(page.body);
    let mut response = Response::new(Whole::new(body, Arc::clone(pulse)));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, page.media),
        (CONTENT_SECURITY_POLICY, page.policy),
        // What is shown is of now, and of nobody else's concern.
        (CACHE_CONTROL, "no-store"),
        (VARY, "Accept, Accept-Encoding, Authorization"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ]
    .into_iter()
    .chain(header)
    .chain(gzipped_header)
    .chain(close.then_some((CONNECTION, "close")))
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_told_from_a_name_of_this_machine() {
        let is = |host| is_a_domain(Some(&HeaderValue::from_static(host)));
        for domain in [
            "evil.example",
            "evil.example:9464",
            "127.0.0.1.evil.example",
        ] {
            assert!(is(domain), "{domain}");
        }
        for local in [
            "localhost",
            "localhost:9464",
            "runner.localhost",
            "127.0.0.1:9464",
            "127.0.0.1",
            "[::1]:9464",
            "[::1]",
            "prometheus-target",
        ] {
            assert!(!is(local), "{local}");
        }
        assert!(!is_a_domain(None));
    }
}
