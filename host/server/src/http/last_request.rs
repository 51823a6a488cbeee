//! Remembers decisions about the headers of a connection.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};
use parking_lot::Mutex;

use super::Accept;

/// The last decisions about the headers of a connection. A scraper sends the same headers
/// with each request, and most requests need no new decision. The decisions depend on
/// nothing but the text of the headers.
#[derive(Debug, Default)]
pub(super) struct LastRequest(Mutex<Decisions>);

#[derive(Debug, Default)]
struct Decisions {
    /// Name of the server that was accepted.
    host: Option<Box<str>>,
    accept: Option<([Box<[u8]>; 2], Accept)>,
}

impl LastRequest {
    /// The formats that the client accepts.
    pub(super) fn accept(&self, headers: &HeaderMap) -> Accept {
        let (Some(media), Some(coding)) = (only(headers, &ACCEPT), only(headers, &ACCEPT_ENCODING))
        else {
            return Accept::of(headers);
        };
        let mut last = self.0.lock();
        match &last.accept {
            Some((texts, accept)) if *texts[0] == *media && *texts[1] == *coding => *accept,
            _ => {
                let accept = Accept::of(headers);
                last.accept = Some(([media.into(), coding.into()], accept));
                accept
            }
        }
    }

    /// Whether this name of the server was accepted in the last request.
    pub(super) fn had_host(&self, name: &str) -> bool {
        self.0.lock().host.as_deref() == Some(name)
    }

    /// Remembers the accepted name of the server.
    pub(super) fn accepted_host(&self, name: &str) {
        self.0.lock().host = Some(name.into());
    }
}

/// The text of a header, which is empty without the header; `None` if the header has
/// several lines.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next().map_or(&[][..], |line| line.as_bytes());
    lines.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use solti_metrics::ExpositionFormat;

    use super::*;

    const OPEN_METRICS: &str = "application/openmetrics-text";

    #[test]
    fn each_request_gets_the_format_of_its_own_headers() {
        let last = LastRequest::default();
        let requests: [(&[&'static str], &[&'static str]); 7] = [
            (&[], &[]),
            (&[OPEN_METRICS], &["gzip"]),
            (&[OPEN_METRICS], &["gzip"]),
            (&[OPEN_METRICS], &[]),
            (&[], &["gzip"]),
            // The list spans several lines, and the first one is the last request's.
            (&["*/*", OPEN_METRICS], &["identity", "gzip"]),
            (&["*/*"], &["identity"]),
        ];
        for (media, codings) in requests {
            let mut headers = HeaderMap::new();
            for line in media {
                headers.append(ACCEPT, HeaderValue::from_static(line));
            }
            for line in codings {
                headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
            }
            let (seen, fresh) = (last.accept(&headers), Accept::of(&headers));
            assert_eq!(seen.gzip, fresh.gzip, "{headers:?}");
            assert_eq!(seen.exposition, fresh.exposition, "{headers:?}");
        }
        assert_eq!(
            last.accept(&HeaderMap::new()).exposition,
            ExpositionFormat::Text
        );
    }

    #[test]
    fn only_the_accepted_name_is_known() {
        let last = LastRequest::default();
        assert!(!last.had_host("a") && !last.had_host(""));
        last.accepted_host("a");
        assert!(last.had_host("a") && !last.had_host("b"));
    }
}
