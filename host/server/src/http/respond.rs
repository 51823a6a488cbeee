//! Answers requests: method, host name, token, compression and headers.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use super::body::Whole;
use super::connection_slots::ConnectionSlots;
use super::held_pages::HeldPage;
use super::names::{Misdirected, ServerNames, called};
use super::page_cache::{PageCache, RenderedPage};
use super::page_memory::PageMemory;
use super::pulse::Pulse;
use super::{Accept, Hits, HttpAccess, HttpLimits, Page, Route, Site};

/// Answers requests with the pages of a site.
pub(super) struct Responder {
    pub(super) limits: HttpLimits,
    pub(super) hits: Arc<Hits>,
    pub(super) slots: Arc<ConnectionSlots>,
    site: Arc<dyn Site>,
    access: HttpAccess,
    /// Names of the server, if only this machine reaches it and no token is needed.
    names: Option<ServerNames>,
    pages: Arc<PageCache>,
}

/// The answer to a request.
struct RouteAnswer {
    made: Arc<RenderedPage>,
    header: Option<(HeaderName, &'static str)>,
}

impl From<Arc<RenderedPage>> for RouteAnswer {
    fn from(made: Arc<RenderedPage>) -> Self {
        Self { made, header: None }
    }
}

impl From<Page> for RouteAnswer {
    fn from(page: Page) -> Self {
        Arc::new(RenderedPage::from(page)).into()
    }
}

impl Responder {
    /// `local`: whether only this machine can reach the server.
    pub(super) fn new(
        site: Arc<dyn Site>,
        access: HttpAccess,
        local: bool,
        limits: HttpLimits,
        hits: Arc<Hits>,
    ) -> Self {
        let slots = ConnectionSlots::new(&limits, Arc::clone(&hits));
        let memory = PageMemory::new(limits.page_bytes, Arc::clone(&slots), Arc::clone(&hits));
        let guarded = local && !access.needs_token();
        Self {
            names: guarded.then(|| ServerNames::new(&access.hosts)),
            pages: PageCache::new(Arc::clone(&site), &limits, memory),
            site,
            access,
            slots,
            limits,
            hits,
        }
    }

    /// `for_probes`: whether only probes are answered on this connection.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        pulse: &Arc<Pulse>,
        for_probes: bool,
    ) -> Result<Response<Whole>, Infallible> {
        pulse.asked();
        let route = Route::of(request.uri().path()).filter(|route| self.site.has(*route));
        // The body of a request is not read, so the connection must close.
        let close = for_probes || !request.body().is_end_stream() || pulse.is_old(&self.limits);
        let answer = if for_probes && !route.is_some_and(Route::is_probe) {
            self.hits.reject();
            refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                (RETRY_AFTER, "1"),
                "too many connections; only probes are answered\n",
            )
        } else {
            self.answer(&request, route).await
        };
        pulse.answered(answer.made.held.as_ref().map(HeldPage::reader));
        let label = route.map_or("other", Route::as_label);
        self.hits.answered(label, answer.made.page.status.as_u16());
        Ok(response(&answer, close, pulse))
    }

    async fn answer(&self, request: &Request<Incoming>, route: Option<Route<'_>>) -> RouteAnswer {
        if let Err(misdirected) = self.is_for_us(request) {
            return misdirection(&misdirected);
        }
        // The list of pages is shown only to clients with access.
        if !route.is_some_and(Route::is_open) && !self.access.allows(request.headers()) {
            return refusal(
                StatusCode::UNAUTHORIZED,
                (WWW_AUTHENTICATE, "Bearer"),
                "a token is required\n",
            );
        }
        let Some(route) = route else {
            return Page::text(StatusCode::NOT_FOUND, self.contents()).into();
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                (ALLOW, "GET, HEAD"),
                "the methods are GET and HEAD\n",
            );
        }
        if !request.body().is_end_stream() {
            return Page::text(
                StatusCode::PAYLOAD_TOO_LARGE,
                "a request must not have a body\n",
            )
            .into();
        }
        let accept = Accept::of(request.headers());
        let made = match route.is_probe() {
            true => self.probe(route, accept).await,
            false => self.pages.page(route, accept).await,
        };
        // A panic was reported by the panic hook.
        made.map_or_else(
            || {
                Page::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the page could not be rendered\n",
                )
                .into()
            },
            Into::into,
        )
    }

    fn is_for_us(&self, request: &Request<Incoming>) -> Result<(), Misdirected> {
        let name = called(request.uri(), request.headers())?;
        match (&self.names, name) {
            (Some(names), Some(name)) => names.accept(name),
            _ => Ok(()),
        }
    }

    /// Renders the current state, without waiting for other pages. A separate task
    /// contains a panic.
    async fn probe(&self, route: Route<'_>, accept: Accept) -> Option<Arc<RenderedPage>> {
        let (site, path) = (Arc::clone(&self.site), route.path());
        let probing = async move { Some(site.answer(Route::of(&path)?, accept).await) };
        let page = tokio::spawn(probing).await.ok()??;
        Some(Arc::new(page.into()))
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
        format!("unknown address; the addresses are {}\n", paths.join(", "))
    }
}

fn misdirection(misdirected: &Misdirected) -> RouteAnswer {
    let (status, text) = match misdirected {
        Misdirected::Unclear => (
            StatusCode::BAD_REQUEST,
            "a request must name its server once, as a host with an optional port\n".to_owned(),
        ),
        Misdirected::Elsewhere(name) => (
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "{} is not a name of this server; use localhost or the IP address, or add the name to `hosts`\n",
                name.as_str()
            ),
        ),
    };
    Page::text(status, text).into()
}

fn refusal(
    status: StatusCode,
    header: (HeaderName, &'static str),
    text: &'static str,
) -> RouteAnswer {
    let mut answer = RouteAnswer::from(Page::text(status, text));
    answer.header = Some(header);
    answer
}

fn response(answer: &RouteAnswer, close: bool, pulse: &Arc<Pulse>) -> Response<Whole> {
    let RenderedPage { page, gzipped, .. } = &*answer.made;
    let gzipped_header = gzipped.then_some((CONTENT_ENCODING, "gzip"));
    let mut response = Response::new(Whole::new(answer.made.body(), Arc::clone(pulse)));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, page.media),
        (CONTENT_SECURITY_POLICY, page.policy),
        // Pages show the current state, and must not be stored.
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
    .chain(answer.header.clone())
    .chain(gzipped_header)
    .chain(close.then_some((CONNECTION, "close")))
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
