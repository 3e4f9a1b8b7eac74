//! One exchange: the request, its redirects, the response.

use std::error::Error;

use bytes::Bytes;
use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_ENCODING, LOCATION},
};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy;
use palisade_model::limits::{ACTION_TIME_MAX, HTTP_RESPONSE_BYTES, HTTP_TIME, REDIRECTS};
use tokio::time::timeout;

use crate::{
    call::Call,
    gate::Gate,
    http::{HttpError, Request, Response},
    outgoing::Outgoing,
    outside::Upstream,
    plan::NOT_SENT,
    policy::Grant,
    scrub::Reader,
    tcp::TcpError,
    url::{Origin, Scheme, Url},
};

/// Sends the request and everything that follows from it, within its time.
pub(crate) async fn send(call: &Call, request: Request) -> Result<Response, HttpError> {
    let time = request.timeout.unwrap_or(HTTP_TIME).min(ACTION_TIME_MAX);
    let (url, outgoing) = Outgoing::new(request)?;
    let origin = url.origin.clone();
    timeout(time, follow(call, url, outgoing)).await.unwrap_or_else(|_| {
        Err(HttpError::Timeout(format!("no complete response from {origin} within {} ms", time.as_millis())))
    })
}

async fn follow(call: &Call, mut url: Url, mut outgoing: Outgoing) -> Result<Response, HttpError> {
    let gate = &call.gate;
    let mut grant = gate.policy.http(outgoing.method.as_str(), &url.origin).map_err(HttpError::Denied)?;
    for _ in 0..=REDIRECTS {
        call.check_effect(&outgoing.method, &url.path)?;
        let mut request = outgoing.fill(call, &grant, &url)?;
        if call.plans(&outgoing.method, &url, &outgoing.body) {
            return Err(HttpError::Denied(NOT_SENT.to_owned()));
        }
        let mut departure = call.departure(&url.path, &mut request);
        let turn = gate.turns.acquire().await.expect("the semaphore is never closed");
        let response = match &gate.outside.upstream {
            Some(upstream) => instead(&**upstream, request).await?,
            None => {
                once(gate, request).await.map(|response| response.map(Either::Left)).map_err(|error| {
                    if let Some(departure) = &mut departure {
                        departure.failed(causes(&error));
                    }
                    explain(&url.origin, &error)
                })?
            }
        };
        let Some(location) = location(&outgoing.method, &response) else {
            let response = collect(gate, &url.origin, response).await?;
            if let Some(departure) = departure {
                departure.answered();
            }
            return Ok(response);
        };
        // The next hop waits for a turn of its own: requests that kept theirs meanwhile could wait for each other.
        drop(turn);
        let next = url.join(&location).map_err(|error| {
            HttpError::Invalid(format!("{} redirects to a URL that cannot be used: {error}", url.origin))
        })?;
        if next.origin != url.origin {
            grant = redirected(call, grant, &mut outgoing, &url, &next)?;
        }
        url = next;
    }
    Err(HttpError::Unreachable(format!("{} redirects more than {REDIRECTS} times", url.origin)))
}

/// What is granted at the server that another one redirects to.
fn redirected<'a>(
    call: &'a Call,
    grant: Grant<'a>,
    outgoing: &mut Outgoing,
    from: &Url,
    to: &Url,
) -> Result<Grant<'a>, HttpError> {
    let denied = |reason| HttpError::Denied(format!("{} redirects elsewhere: {reason}", from.origin));
    if (from.origin.scheme, to.origin.scheme) == (Scheme::Https, Scheme::Http) {
        return Err(denied(format!("to {}, which would give up TLS", to.origin)));
    }
    let there = call.gate.policy.http(outgoing.method.as_str(), &to.origin).map_err(denied)?;
    let grant = grant.narrowed(&there);
    // A server that echoes its query into the new URL hands the secret on itself.
    let target = [to.path.as_bytes(), b"?", to.query.as_deref().unwrap_or_default().as_bytes()].concat();
    if let Some(secret) = call.gate.scrubber.find(&target).find(|&secret| !grant.allows(secret, |_| true)) {
        let name = call.gate.secrets.name(secret);
        return Err(denied(format!("to {}, with the secret `{name}` in the URL", to.origin)));
    }
    outgoing.leave_origin(call, &grant);
    Ok(grant)
}

/// Where the response sends a request that may follow.
fn location<B>(method: &Method, response: &http::Response<B>) -> Option<String> {
    let redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !redirect || !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// The body of an answer: from the network, or from what stands in for it.
type Answer = Either<Incoming, Full<Bytes>>;

/// Has what stands in for the network answer one request.
async fn instead(
    upstream: &dyn Upstream,
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<Answer>, HttpError> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await;
    let request = http::Request::from_parts(parts, body.to_bytes());
    Ok(upstream.exchange(&request)?.map(|body| Either::Right(Full::new(body))))
}

/// Sends one request. If its connection ends before an answer, as an idle one may at any time, a safe method is sent
/// once more. Any other is not: nobody knows whether it arrived.
async fn once(
    gate: &Gate,
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, legacy::Error> {
    let again = request.method().is_safe().then(|| request.clone());
    match (gate.client.request(request).await, again) {
        (Err(error), Some(again)) if ended_early(&error) => gate.client.request(again).await,
        (answer, _) => answer,
    }
}

fn ended_early(error: &legacy::Error) -> bool {
    let hyper =
        |cause: &hyper::Error| cause.is_canceled() || cause.is_closed() || cause.is_incomplete_message();
    let io = |cause: &std::io::Error| {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    };
    !error.is_connect()
        && causes(error)
            .any(|cause| cause.downcast_ref().is_some_and(hyper) || cause.downcast_ref().is_some_and(io))
}

fn explain(origin: &Origin, error: &legacy::Error) -> HttpError {
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<TcpError>()) {
        return refused.clone().into();
    }
    match causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>()) {
        Some(cause) if cause.is_parse_too_large() => {
            HttpError::TooLarge(format!("the header fields of the response from {origin} are too large"))
        }
        Some(cause) if cause.is_parse() => {
            HttpError::Unreachable(format!("{origin} does not answer in HTTP/1.1: {cause}"))
        }
        _ => HttpError::Unreachable(format!("{origin} ended the connection before it answered")),
    }
}

fn causes(error: &legacy::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// Reads the response within its bounds, and takes the secrets out.
async fn collect(
    gate: &Gate,
    origin: &Origin,
    response: http::Response<Answer>,
) -> Result<Response, HttpError> {
    let too_large = || {
        HttpError::TooLarge(format!("the response from {origin} has more than {HTTP_RESPONSE_BYTES} bytes"))
    };
    let (parts, mut body) = response.into_parts();
    if is_encoded(&parts.headers) && !body.is_end_stream() && gate.scrubber.hides_from(Reader::Connector) {
        return Err(HttpError::Denied(format!(
            "{origin} compressed its response though it was told not to; secrets cannot be taken out of it"
        )));
    }
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > HTTP_RESPONSE_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            HttpError::Unreachable(format!("{origin} ended the connection before its response was complete"))
        })?;
        // Trailers are not part of the contract.
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > HTTP_RESPONSE_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), gate.scrubber.text(value, Reader::Connector))
        })
        .collect();
    Ok(Response {
        status: parts.status.as_u16(),
        headers,
        body: gate.scrubber.bytes(bytes, Reader::Connector),
    })
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
