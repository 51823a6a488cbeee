//! Pages and their routes.

use std::borrow::Cow;
use std::pin::Pin;

use hyper::StatusCode;
use hyper::body::Bytes;
use solti_metrics::{
    EncodeError, ExpositionFormat, NotOpenMetrics, PrometheusMetrics, TextFromOpenMetrics,
};
use tokio::task::yield_now;

use super::Accept;
use crate::component::Component;

/// Pages that a server serves.
pub trait Site: Send + Sync + 'static {
    /// Whether the page exists. This renders nothing and does not wait.
    fn has(&self, route: Route<'_>) -> bool;

    /// The page at a route of this site. A failure is a page with an error status; a
    /// panic is answered with 500.
    fn answer<'a>(&'a self, route: Route<'a>, accept: Accept) -> Answering<'a>;

    /// Names of the backends that have their own exposition.
    fn exposed(&self) -> Vec<String>;

    /// A number that changes after each change of the site. Pages of an earlier edition
    /// are not shown afterwards.
    fn edition(&self) -> u64 {
        0
    }
}

/// A page that is being rendered.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Page> + Send + 'a>>;

/// Routes of pages: a closed set, so that counts by page are bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// `/`, the status page.
    Page,
    /// `/metrics`, an exposition.
    Metrics,
    /// `/healthz`: whether the process answers.
    Healthz,
    /// `/readyz`: whether the server is ready.
    Readyz,
    /// `/api/tasks`, as JSON.
    Tasks,
    /// `/api/backends`, as JSON.
    Backends,
    /// `/backends/NAME/metrics`, the exposition of the backend of this name.
    BackendMetrics(&'a str),
}

impl<'a> Route<'a> {
    /// Routes with a fixed path.
    pub const FIXED: [Self; 6] = [
        Self::Page,
        Self::Metrics,
        Self::Healthz,
        Self::Readyz,
        Self::Tasks,
        Self::Backends,
    ];

    /// The route of a request path without its query.
    pub fn of(path: &'a str) -> Option<Self> {
        if let Some(route) = Self::FIXED.into_iter().find(|route| route.path() == path) {
            return Some(route);
        }
        let name = path.strip_prefix("/backends/")?.strip_suffix("/metrics")?;
        (!name.is_empty() && !name.contains('/')).then_some(Self::BackendMetrics(name))
    }

    /// Path of the route.
    pub fn path(self) -> Cow<'static, str> {
        match self {
            Self::Page => "/".into(),
            Self::Metrics => "/metrics".into(),
            Self::Healthz => "/healthz".into(),
            Self::Readyz => "/readyz".into(),
            Self::Tasks => "/api/tasks".into(),
            Self::Backends => "/api/backends".into(),
            Self::BackendMetrics(name) => format!("/backends/{name}/metrics").into(),
        }
    }

    /// Name of the page in the counts of requests.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Metrics => "metrics",
            Self::Healthz => "healthz",
            Self::Readyz => "readyz",
            Self::Tasks => "tasks",
            Self::Backends => "backends",
            Self::BackendMetrics(_) => "backend_metrics",
        }
    }

    /// Whether the route is a probe, which is for supervisors of the process and never
    /// waits.
    pub const fn is_probe(self) -> bool {
        matches!(self, Self::Healthz | Self::Readyz)
    }

    /// Whether the page has the exposition format that the client prefers.
    pub const fn is_exposition(self) -> bool {
        matches!(self, Self::Metrics | Self::BackendMetrics(_))
    }

    /// Whether the route needs no token: probes send none, and the status page contains
    /// no data.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Page | Self::Healthz | Self::Readyz)
    }
}

/// A page as it is sent.
#[derive(Debug)]
pub struct Page {
    /// The status code.
    pub status: StatusCode,
    /// The media type.
    pub media: &'static str,
    /// The body.
    pub body: Bytes,
    /// `Content-Security-Policy` of the page. The default allows nothing.
    pub policy: &'static str,
}

impl Page {
    /// A page with status 200.
    pub fn new(media: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            media,
            body: body.into(),
            policy: "default-src 'none'; frame-ancestors 'none'",
        }
    }

    /// A page of plain text.
    pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut page = Self::new("text/plain; charset=utf-8", body);
        page.status = status;
        page
    }

    /// The exposition of a registry.
    pub fn of(metrics: &PrometheusMetrics, exposition: ExpositionFormat) -> Self {
        Self::of_exposition(metrics.encode(exposition), exposition)
    }

    /// An exposition in this format, or its error.
    pub(crate) fn of_exposition(
        text: Result<String, EncodeError>,
        exposition: ExpositionFormat,
    ) -> Self {
        match text {
            Ok(text) => Self::new(exposition.content_type(), text),
            Err(error) => Self::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }

    /// The exposition of a component, if the component still exists. Components expose
    /// OpenMetrics; the text is converted for clients that prefer the older format.
    pub async fn of_component(component: Option<&Component>, exposition: ExpositionFormat) -> Self {
        let Some(component) = component else {
            return Self::text(
                StatusCode::NOT_FOUND,
                "the component exposes no metrics any more\n",
            );
        };
        let text = match component.backend.expose().await {
            Ok(text) => text,
            Err(error) => {
                return Self::text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n"));
            }
        };
        if exposition == ExpositionFormat::OpenMetrics {
            return Self::new(exposition.content_type(), text);
        }
        match in_text(&text).await {
            Ok(text) => Self::new(ExpositionFormat::Text.content_type(), text),
            Err(error) => Self::text(
                StatusCode::NOT_ACCEPTABLE,
                format!(
                    "the metrics of the component have no form in text 0.0.4 ({error}); accept application/openmetrics-text\n"
                ),
            ),
        }
    }
}

/// Bytes that are converted before other tasks run.
const AT_A_TIME: usize = 64 << 10;

/// Converts OpenMetrics to the older text format.
async fn in_text(mut open_metrics: &str) -> Result<String, NotOpenMetrics> {
    let mut text = TextFromOpenMetrics::default();
    while !open_metrics.is_empty() {
        let bytes = open_metrics.as_bytes();
        let tail = bytes.get(AT_A_TIME..).unwrap_or_default();
        let end = tail.iter().position(|byte| *byte == b'\n');
        let end = end.map_or(bytes.len(), |line| AT_A_TIME + line + 1);
        let (lines, rest) = open_metrics.split_at(end);
        text.push(lines)?;
        open_metrics = rest;
        yield_now().await;
    }
    Ok(text.finish())
}
