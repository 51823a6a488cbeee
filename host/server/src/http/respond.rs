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
use super::held::Kept;
use super::names::{Misdirected, Names, called};
use super::page_cache::{Made, PageCache};
use super::places::Places;
use super::pulse::Pulse;
use super::room::Room;
use super::{Accept, Access, Hits, Limits, Page, Route, Site};

/// Answers requests with a site's pages.
pub(super) struct Responder {
    pub(super) limits: Limits,
    pub(super) hits: Arc<Hits>,
    pub(super) places: Arc<Places>,
    site: Arc<dyn Site>,
    access: Access,
    /// What it may be called, where only this machine reaches it and no token is needed.
    names: Option<Names>,
    pages: Arc<PageCache>,
}

/// What a request is answered with.
struct Answer {
    made: Arc<Made>,
    header: Option<(HeaderName, &'static str)>,
}

impl From<Arc<Made>> for Answer {
    fn from(made: Arc<Made>) -> Self {
        Self { made, header: None }
    }
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Arc::new(Made::from(page)).into()
    }
}

impl Responder {
    /// `local`: whether only this machine can reach it.
    pub(super) fn new(
        site: Arc<dyn Site>,
        access: Access,
        local: bool,
        limits: Limits,
        hits: Arc<Hits>,
    ) -> Self {
        let places = Places::new(&limits, Arc::clone(&hits));
        let room = Room::new(limits.page_bytes, Arc::clone(&places), Arc::clone(&hits));
        let guarded = local && !access.needs_token();
        Self {
            names: guarded.then(|| Names::new(&access.hosts)),
            pages: PageCache::new(Arc::clone(&site), &limits, room),
            site,
            access,
            places,
            limits,
            hits,
        }
    }

    /// `for_probes`: whether nothing but probes is answered on this connection.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        pulse: &Arc<Pulse>,
        for_probes: bool,
    ) -> Result<Response<Whole>, Infallible> {
        pulse.asked();
        let route = Route::of(request.uri().path()).filter(|route| self.site.has(*route));
        // What it sends along is not read, so nothing can come after it.
        let close = for_probes || !request.body().is_end_stream() || pulse.is_old(&self.limits);
        let answer = if for_probes && !route.is_some_and(Route::is_probe) {
            self.hits.refuse();
            refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                (RETRY_AFTER, "1"),
                "too many connections are being answered\n",
            )
        } else {
            self.answer(&request, route).await
        };
        pulse.answered(answer.made.kept.as_ref().map(Kept::reader));
        let label = route.map_or("other", Route::as_label);
        self.hits.answered(label, answer.made.page.status.as_u16());
        Ok(response(&answer, close, pulse))
    }

    async fn answer(&self, request: &Request<Incoming>, route: Option<Route<'_>>) -> Answer {
        if let Err(misdirected) = self.is_for_us(request) {
            return misdirection(&misdirected);
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
        let accept = Accept::of(request.headers());
        let made = match route.is_probe() {
            true => self.probe(route, accept).await,
            false => self.pages.page(route, accept).await,
        };
        // A page that panicked said so where panics are said.
        made.map_or_else(
            || {
                Page::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "this page could not be made\n",
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

    /// As it is now, and without waiting for pages that are being made. In a task of its
    /// own, so that a panic is one of that.
    async fn probe(&self, route: Route<'_>, accept: Accept) -> Option<Arc<Made>> {
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
        format!("there is only {}\n", paths.join(", "))
    }
}

fn misdirection(misdirected: &Misdirected) -> Answer {
    let (status, text) = match misdirected {
        Misdirected::Unclear => (
            StatusCode::BAD_REQUEST,
            "a request names its server once, as a host and perhaps a port\n".to_owned(),
        ),
        Misdirected::Elsewhere(name) => (
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "{} is not a name of this server: ask for it as localhost or by its address, or list that name in `hosts`\n",
                name.as_str()
            ),
        ),
    };
    Page::text(status, text).into()
}

fn refusal(status: StatusCode, header: (HeaderName, &'static str), text: &'static str) -> Answer {
    let mut answer = Answer::from(Page::text(status, text));
    answer.header = Some(header);
    answer
}

fn response(answer: &Answer, close: bool, pulse: &Arc<Pulse>) -> Response<Whole> {
    let Made { page, gzipped, .. } = &*answer.made;
    let gzipped_header = gzipped.then_some((CONTENT_ENCODING, "gzip"));
    let mut response = Response::new(Whole::new(answer.made.body(), Arc::clone(pulse)));
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
    .chain(answer.header.clone())
    .chain(gzipped_header)
    .chain(close.then_some((CONNECTION, "close")))
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
