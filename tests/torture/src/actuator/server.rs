use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::{
    call::Call,
    system::{Reset, System},
};

/// Bytes of a request's body; a program's calls have some hundred.
const BODY_BYTES: usize = 64 * 1024;

/// Counts a connection as open for as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Accepts connections, in the order in which they were made, until the task is dropped.
pub(super) async fn accept(listener: TcpListener, system: Arc<System>, open: Arc<AtomicUsize>) -> Infallible {
    loop {
        // What cannot be accepted (the peer is gone) is the peer's loss.
        let Ok((stream, _)) = listener.accept().await else { continue };
        open.fetch_add(1, SeqCst);
        let (system, open) = (Arc::clone(&system), Open(Arc::clone(&open)));
        tokio::spawn(async move {
            serve(stream, &system).await;
            drop(open);
        });
    }
}

async fn serve(stream: TcpStream, system: &System) {
    // Small answers must not wait for the peer's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| exchange(system, request));
    let mut connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    if Pin::new(&mut connection).await.is_err() {
        // Closing with linger zero is how TCP sends a reset.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

async fn exchange(system: &System, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Reset> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES).collect().await else { return Err(Reset) };
    let (status, body) = match Call::read(&head, &body.to_bytes()) {
        Some(call) => system.take(call).await?,
        None => (StatusCode::NOT_FOUND, json!({ "error": "there is nothing like that here" })),
    };
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}
