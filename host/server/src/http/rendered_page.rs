//! A page as it is sent.

use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};

use super::Page;
use super::held_pages::{HeldPage, PageReader};

/// A page as it is sent. Its headers are built once, for all clients that share it.
#[derive(Debug)]
pub(super) struct RenderedPage {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: PageBody,
}

#[derive(Debug)]
enum PageBody {
    /// A short text, which one client gets.
    Own(Bytes),
    /// A body in the memory of pages.
    Held(HeldPage),
}

impl RenderedPage {
    /// The same page, whose body is counted in the memory of pages.
    pub(super) fn holding(mut self, held: HeldPage) -> Self {
        self.body = PageBody::Held(held);
        self
    }

    /// The same page without a body, for the compressed body.
    pub(super) fn gzipped(&self) -> Self {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        Self {
            status: self.status,
            headers,
            body: PageBody::Own(Bytes::new()),
        }
    }

    pub(super) fn body(&self) -> Bytes {
        match &self.body {
            PageBody::Own(body) => body.clone(),
            PageBody::Held(held) => held.bytes.clone(),
        }
    }

    /// Adds a reader of the body, if the body is in the memory of pages.
    pub(super) fn reader(&self) -> Option<PageReader> {
        match &self.body {
            PageBody::Own(_) => None,
            PageBody::Held(held) => Some(held.reader()),
        }
    }
}

impl From<Page> for RenderedPage {
    fn from(page: Page) -> Self {
        let mut headers = HeaderMap::with_capacity(12);
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
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Self {
            status: page.status,
            headers,
            body: PageBody::Own(page.body),
        }
    }
}
