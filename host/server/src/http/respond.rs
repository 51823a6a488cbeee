//! Answers requests: method, host name, token and page.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CONNECTION, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};

use super::body::Whole;
use super::connection_slots::ConnectionSlots;
use super::last_request::LastRequest;
use super::names::{Misdirected, ServerNames, called};
use super::page_cache::PageCache;
use super::page_memory::PageMemory;
use super::pulse::Pulse;
use super::rendered_page::RenderedPage;
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
        last: &LastRequest,
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
            self.answer(&request, route, last).await
        };
        pulse.answered(answer.made.reader());
        let label = route.map_or("other", Route::as_label);
        self.hits.answered(label, answer.made.status.as_u16());
        Ok(response(&answer, close, pulse))
    }

    async fn answer(
        &self,
        request: &Request<Incoming>,
        route: Option<Route<'_>>,
        last: &LastRequest,
    ) -> RouteAnswer {
        if let Err(misdirected) = self.is_for_us(request, last) {
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
        let accept = last.accept(request.headers());
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

    fn is_for_us(
        &self,
        request: &Request<Incoming>,
        last: &LastRequest,
    ) -> Result<(), Misdirected> {
        let name = called(request.uri(), request.headers())?;
        if let (Some(names), Some(name)) = (&self.names, name)
            && !last.had_host(name)
        {
            names.accept(name)?;
            last.accepted_host(name);
        }
        Ok(())
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
    let page = &*answer.made;
    let mut response = Response::new(Whole::new(page.body(), Arc::clone(pulse)));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.clone_from(&page.headers);
    let close = close.then_some((CONNECTION, "close"));
    for (name, value) in answer.header.clone().into_iter().chain(close) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
