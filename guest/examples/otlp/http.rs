//! One request through `wasi:http`.

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::poll::{Pollable, poll};

use crate::settings::Settings;

/// Two seconds, in nanoseconds: from the connection to the end of the answer.
const PATIENCE: u64 = 2_000_000_000;

/// Maximum bytes that are read of an answer.
const ANSWER: usize = 4096;

/// The answer of a collector.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The media type without parameters, or empty.
    pub(crate) media: String,
    /// The target of a redirect, without its query.
    pub(crate) location: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body is longer than the maximum.
    pub(crate) cut: bool,
}

/// Posts `body`, and returns the answer.
pub(crate) fn post(settings: &Settings, body: &[u8]) -> Result<Answer, String> {
    let deadline = subscribe_duration(PATIENCE);
    let ready = |what: Pollable| match poll(&[&what, &deadline]).first() {
        Some(0) => Ok(()),
        _ => Err("no answer within 2 s".to_owned()),
    };
    let request = request(settings, body.len())?;
    let outgoing = request.body().map_err(|()| "the request accepts no body")?;
    let response = handle(request, None).map_err(|error| format!("{error:?}"))?;
    send(outgoing, body, &ready)?;
    ready(response.subscribe())?;
    let response = match response.get() {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(error))) => return Err(format!("{error:?}")),
        _ => return Err("no answer".to_owned()),
    };
    let (status, headers) = (response.status(), response.headers());
    let text = |name| {
        let values = headers.get(name);
        let value = values
            .first()
            .map(|value| String::from_utf8_lossy(value).into_owned());
        value.unwrap_or_default()
    };
    let before = |text: String, end| text.split(end).next().unwrap_or_default().trim().to_owned();
    let media = before(text("content-type"), ';').to_ascii_lowercase();
    let location = before(text("location"), '?');
    drop(headers);
    let incoming = response.consume().map_err(|()| "the answer has no body")?;
    let stream = incoming.stream().map_err(|()| "the answer has no body")?;
    let mut answer = Answer {
        status,
        media,
        location,
        body: Vec::new(),
        cut: false,
    };
    loop {
        ready(stream.subscribe())?;
        let free = ANSWER - answer.body.len();
        match stream.read(free.max(1) as u64) {
            Ok(bytes) => {
                answer.cut = bytes.len() > free;
                answer.body.extend(bytes.into_iter().take(free));
            }
            Err(_) => break,
        }
        if answer.cut {
            break;
        }
    }
    Ok(answer)
}

fn request(settings: &Settings, length: usize) -> Result<OutgoingRequest, String> {
    let length = length.to_string();
    let ours = [
        ("content-type", "application/x-protobuf"),
        ("content-length", &length),
    ];
    let theirs = settings
        .headers
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()));
    let fields = Fields::new();
    for (name, value) in ours.into_iter().chain(theirs) {
        fields
            .append(name, value.as_bytes())
            .map_err(|error| format!("OTLP_HEADERS: {name:?} cannot be sent: {error:?}"))?;
    }
    let request = OutgoingRequest::new(fields);
    let scheme = if settings.https {
        Scheme::Https
    } else {
        Scheme::Http
    };
    request
        .set_method(&Method::Post)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(&settings.authority)))
        .and_then(|()| request.set_path_with_query(Some(&settings.path)))
        .map_err(|()| "OTLP_ENDPOINT is not a valid URL")?;
    Ok(request)
}

/// If the body cannot be sent, the answer has the reason.
fn send(
    outgoing: OutgoingBody,
    mut rest: &[u8],
    ready: &impl Fn(Pollable) -> Result<(), String>,
) -> Result<(), String> {
    let stream = outgoing
        .write()
        .map_err(|()| "the request accepts no body")?;
    while !rest.is_empty() {
        let Ok(free) = stream.check_write() else {
            return Ok(());
        };
        let (now, later) = rest.split_at(rest.len().min(free as usize));
        if now.is_empty() {
            ready(stream.subscribe())?;
        } else if stream.write(now).is_err() {
            return Ok(());
        }
        rest = later;
    }
    if stream.flush().is_ok() {
        ready(stream.subscribe())?;
    }
    drop(stream);
    let _ = OutgoingBody::finish(outgoing, None);
    Ok(())
}
