//! One request through `wasi:http`.

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::poll::{Pollable, poll};

use crate::settings::Settings;

/// Two seconds, in nanoseconds: for everything from connecting to the
/// answer's end.
const PATIENCE: u64 = 2_000_000_000;

/// What is read of an answer, in bytes.
const ANSWER: usize = 4096;

/// Posts `body`, and returns the answer's body if its status is 2xx.
pub(crate) fn post(settings: &Settings, body: &[u8]) -> Result<Vec<u8>, String> {
    let deadline = subscribe_duration(PATIENCE);
    let ready = |what: Pollable| match poll(&[&what, &deadline]).first() {
        Some(0) => Ok(()),
        _ => Err("no answer within 2 s".to_owned()),
    };
    let request = request(settings, body.len())?;
    let outgoing = request.body().map_err(|()| "the request takes no body")?;
    let response = handle(request, None).map_err(|error| format!("{error:?}"))?;
    send(outgoing, body, &ready)?;
    ready(response.subscribe())?;
    let response = match response.get() {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(error))) => return Err(format!("{error:?}")),
        _ => return Err("no answer".to_owned()),
    };
    let status = response.status();
    if !(200..300).contains(&status) {
        return Err(format!("status {status}"));
    }
    let incoming = response.consume().map_err(|()| "the answer has no body")?;
    let stream = incoming.stream().map_err(|()| "the answer has no body")?;
    let mut answer = Vec::new();
    while answer.len() < ANSWER {
        ready(stream.subscribe())?;
        match stream.read((ANSWER - answer.len()) as u64) {
            Ok(bytes) => answer.extend(bytes),
            Err(_) => break,
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
        .map_err(|()| "OTLP_ENDPOINT is no address")?;
    Ok(request)
}

/// Where the body cannot be sent, it is the answer that says why.
fn send(
    outgoing: OutgoingBody,
    mut rest: &[u8],
    ready: &impl Fn(Pollable) -> Result<(), String>,
) -> Result<(), String> {
    let stream = outgoing.write().map_err(|()| "the request takes no body")?;
    while !rest.is_empty() {
        let Ok(room) = stream.check_write() else {
            return Ok(());
        };
        let (now, later) = rest.split_at(rest.len().min(room as usize));
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
