//! The HTTPS listener of all simulated systems, the plain one of the control port, and the work of faults.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::call::{Answer, Call};
use crate::faults::FaultKind;
use crate::limits::{CONNECTIONS, PATIENCE, REQUEST_BODY_BYTES};
use crate::world::World;
use crate::{Entry, System, control, shodan, urlscan, virustotal};

/// Accepts connections until the task is dropped, and drops them with it.
pub(crate) async fn accept<F>(listener: TcpListener, mut serve: impl FnMut(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                // What cannot be accepted (the peer is gone, no descriptor is free) is the peer's loss.
                let Ok((stream, _)) = accepted else { continue };
                // Small answers must not wait for the peer's acknowledgement.
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one TLS connection of the simulated systems.
pub(crate) async fn serve_systems(stream: TcpStream, acceptor: TlsAcceptor, world: Arc<World>) {
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    let service = service_fn(|request| {
        let world = Arc::clone(&world);
        async move { exchange(&world, request).await }
    });
    let mut connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let outcome = Pin::new(&mut connection).await;
    if outcome.is_err_and(|error| error.is_user()) {
        let stream = connection.into_parts().io.into_inner();
        // Closing with linger zero is how TCP sends a reset.
        let _ = stream.get_ref().0.set_zero_linger();
    }
}

/// Serves one connection of the control port.
pub(crate) async fn serve_control(stream: TcpStream, world: Arc<World>, address: SocketAddr) {
    let service = service_fn(|request| {
        let world = Arc::clone(&world);
        async move {
            let answer = match read(request).await {
                // A page in the operator's browser must not reach the lab under another name.
                Ok(call) if call.host != address.ip().to_string() && call.host != "localhost" => {
                    Answer::empty(StatusCode::MISDIRECTED_REQUEST)
                }
                Ok(call) => control::answer(&world, &call),
                Err(refusal) => refusal,
            };
            Ok::<_, Reset>(respond(answer))
        }
    });
    // A broken control connection concerns only its client.
    let _ =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// A fault wants the connection reset.
#[derive(Debug, thiserror::Error)]
#[error("a fault resets this connection")]
struct Reset;

type Reply = Response<Either<Full<Bytes>, Huge>>;

async fn exchange(world: &World, request: Request<Incoming>) -> Result<Reply, Reset> {
    let call = match read(request).await {
        Ok(call) => call,
        Err(refusal) => return Ok(respond(refusal)),
    };
    let Some(system) = System::at(&call.host) else {
        let text = format!("The lab plays no system named {:?}.\n", call.host);
        return Ok(respond(Answer::new(StatusCode::MISDIRECTED_REQUEST, "text/plain", text)));
    };
    wait(world.latency(system)).await;
    let fault = world.faults.strike(system, &call.path);
    if let Some(FaultKind::Slow { ms }) = fault {
        wait(Duration::from_millis(ms)).await;
    }

    let mut entry = Entry::of_call(system, &call);
    entry.fault = fault.is_some();
    // Nothing means that the request hangs.
    let outcome = match fault {
        None | Some(FaultKind::Slow { .. }) => {
            let answer = world.answer(system, &call);
            entry.authenticated = answer.authenticated;
            Some(Ok(respond(answer)))
        }
        Some(FaultKind::ResetAfterEffect) => {
            entry.authenticated = world.answer(system, &call).authenticated;
            Some(Err(Reset))
        }
        Some(FaultKind::HangAfterEffect) => {
            entry.authenticated = world.answer(system, &call).authenticated;
            None
        }
        Some(FaultKind::ResetBeforeResponse) => Some(Err(Reset)),
        Some(FaultKind::Hang) => None,
        Some(FaultKind::Garbage) => Some(Ok(garbage())),
        Some(FaultKind::Huge { bytes }) => Some(Ok(Response::new(Either::Right(Huge { left: bytes })))),
        Some(FaultKind::Status { code, body, retry_after }) => {
            Some(Ok(respond(status(system, code, body, retry_after))))
        }
        Some(FaultKind::Redirect { location }) => {
            Some(Ok(respond(Answer::empty(StatusCode::FOUND).with("location", &location))))
        }
    };
    if let Some(Ok(reply)) = &outcome {
        entry.status = Some(reply.status().as_u16());
    }
    world.ledger.record(entry);
    match outcome {
        Some(outcome) => outcome,
        None => std::future::pending().await,
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

async fn read(request: Request<Incoming>) -> Result<Call, Answer> {
    let (head, body) = request.into_parts();
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let Ok(body) = Limited::new(body, REQUEST_BODY_BYTES).collect().await else {
        return Err(Answer::empty(StatusCode::PAYLOAD_TOO_LARGE));
    };
    Ok(Call {
        method: head.method,
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    })
}

fn respond(answer: Answer) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(answer.body)));
    *reply.status_mut() = answer.status;
    *reply.headers_mut() = answer.headers;
    reply
}

fn status(system: System, code: u16, body: Option<String>, retry_after: Option<u32>) -> Answer {
    // Arming the fault has checked that this is a status.
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = match body {
        Some(body) => Answer::new(status, "application/json", body),
        None if system == System::Shodan && status == StatusCode::TOO_MANY_REQUESTS => shodan::rate_limited(),
        None if system == System::VirusTotal && status == StatusCode::TOO_MANY_REQUESTS => {
            virustotal::quota_exceeded()
        }
        None if system == System::UrlScan && status == StatusCode::TOO_MANY_REQUESTS => {
            urlscan::rate_limited()
        }
        None => Answer::empty(status),
    };
    if let Some(seconds) = retry_after {
        answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

fn garbage() -> Reply {
    // Neither UTF-8 nor, after the first byte, JSON.
    respond(Answer::new(StatusCode::OK, "application/json", &b"{\xff\xfe\x00\x9f\x92\x96 \x80]]>"[..]))
}

/// A body of many bytes that never exist all at once. Its length is not announced, so that only counting helps.
struct Huge {
    left: u64,
}

impl Body for Huge {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        static SPACES: [u8; 16 * 1024] = [b' '; 16 * 1024];
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let size = self.left.min(SPACES.len() as u64);
        self.left -= size;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&SPACES[..size as usize])))))
    }
}
