//! HTTP/1.1 to one server at a time. A connection serves one request: a plugin takes five or so, and what a server says on
//! one then has no bearing on another.

use std::{error::Error, net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, LOCATION, USER_AGENT},
};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use palisade_egress::{CaError, Scheme, Url, client_config};
use palisade_model::limits::{CONNECT_TIME, REDIRECTS};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::{TlsConnector, rustls};

use crate::{
    client::{Patience, Progress},
    error::SourceError,
    limits::HEADER_BYTES,
};

/// A client without memory: no connections, no cookies, no credentials.
pub(crate) struct Http {
    tls: TlsConnector,
    patience: Patience,
}

/// One request. Its credentials go to exactly the server of `url`.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) body: Bytes,
    /// What is asked for, in words.
    pub(crate) what: &'a str,
}

/// An answer, of which the body is still to come.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Who answered.
    pub(crate) server: String,
    body: Incoming,
    connection: JoinHandle<()>,
    patience: Patience,
    what: String,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl<'a> Request<'a> {
    pub(crate) fn new(method: Method, url: &'a Url, what: &'a str) -> Self {
        Self { method, url, headers: HeaderMap::new(), authorization: None, body: Bytes::new(), what }
    }
}

impl Http {
    pub(crate) fn new(ca: Option<&str>, patience: Patience) -> Result<Self, CaError> {
        let mut config = client_config(ca)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: Arc::new(config).into(), patience })
    }

    /// Sends a GET request, and follows where it is sent on to. Credentials stay with the first server.
    pub(crate) async fn get(&self, request: Request<'_>) -> Result<Answer, SourceError> {
        let Request { headers, mut authorization, what, .. } = request;
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let hop = Request {
                headers: headers.clone(),
                authorization: authorization.clone(),
                ..Request::new(Method::GET, &url, what)
            };
            let answer = self.send(hop).await?;
            let Some(location) = answer.redirect() else { return Ok(answer) };
            let refuse = |why| SourceError::redirect(answer.server.clone(), &location, why);
            let next = onward(&url, &location).map_err(refuse)?;
            if next.origin != url.origin {
                authorization = None;
            }
            url = next;
        }
        let server = request.url.origin.to_string();
        Err(SourceError::redirect(
            server,
            &url.origin.to_string(),
            format!("it is the {}th time", REDIRECTS + 1),
        ))
    }

    /// Sends one request, and returns when the header of the answer is there.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Answer, SourceError> {
        let Request { method, url, headers, authorization, body, what } = request;
        let server = url.origin.to_string();
        let slow = || SourceError::Slow { server: server.clone(), what: what.to_owned() };
        let lost =
            |error: hyper::Error| SourceError::Unreachable { server: server.clone(), why: innermost(&error) };

        let stream = timeout(CONNECT_TIME, self.connect(url)).await.map_err(|_| slow())??;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEADER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(lost)?;
        // It ends with the answer that it carries, whose owner ends it.
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        let target = match &url.query {
            Some(query) => format!("{}?{query}", url.path),
            None => url.path.clone(),
        };
        let patience = self.patience;
        let time = if body.is_empty() { patience.answer } else { patience.transfer };
        let mut outgoing = http::Request::new(Full::new(body));
        *outgoing.method_mut() = method;
        *outgoing.uri_mut() = target.parse().map_err(|_| SourceError::Unreachable {
            server: server.clone(),
            why: "the path cannot stand in a request".to_owned(),
        })?;
        *outgoing.headers_mut() = headers;
        let own = outgoing.headers_mut();
        own.insert(HOST, HeaderValue::try_from(url.origin.authority()).expect("a host name is ASCII"));
        own.insert(USER_AGENT, HeaderValue::from_static(concat!("palisade/", env!("CARGO_PKG_VERSION"))));
        // What is digested is what was stored.
        own.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = authorization {
            own.insert(AUTHORIZATION, authorization);
        }
        let answer = timeout(time, sender.send_request(outgoing)).await.map_err(|_| slow())?.map_err(lost)?;
        let (parts, body) = answer.into_parts();
        let (status, headers) = (parts.status, parts.headers);
        Ok(Answer { status, headers, server, body, connection, patience, what: what.to_owned() })
    }

    async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, SourceError> {
        let origin = &url.origin;
        let server = origin.to_string();
        let stream = TcpStream::connect((origin.host.as_str(), origin.port)).await;
        let stream = stream
            .map_err(|error| SourceError::Unreachable { server: server.clone(), why: error.to_string() })?;
        // Without it requests still arrive.
        let _ = stream.set_nodelay(true);
        if origin.scheme == Scheme::Http {
            return Ok(Box::new(stream));
        }
        let failed = |why: String| SourceError::Tls { server: server.clone(), why };
        let name = ServerName::try_from(origin.host.clone()).map_err(|error| failed(error.to_string()))?;
        match self.tls.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(failed(match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(rustls::Error::InvalidCertificate(reason)) => {
                    format!("its certificate does not prove that this is {}: {reason}", origin.host)
                }
                _ => error.to_string(),
            })),
        }
    }
}

impl Answer {
    /// Where it sends a request on to.
    fn redirect(&self) -> Option<String> {
        let redirects = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = self.headers.get(LOCATION).filter(|_| redirects)?;
        Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
    }

    /// The whole body, of at most so many bytes, whatever was announced.
    pub(crate) async fn whole(
        mut self,
        most: usize,
        progress: &Progress<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let (server, what) = (self.server.clone(), self.what.clone());
        let too_large =
            || SourceError::TooLarge { server: server.clone(), what: what.clone(), most: most as u64 };
        let slow = |_| SourceError::Slow { server: server.clone(), what: what.clone() };
        let announced: Option<u64> =
            self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|announced| announced > most as u64) {
            return Err(too_large());
        }
        let deadline = Instant::now() + self.patience.transfer;
        let mut bytes = Vec::new();
        loop {
            let next = deadline.min(Instant::now() + self.patience.stall);
            let Some(frame) = timeout_at(next, self.body.frame()).await.map_err(slow)? else { break };
            let frame = frame.map_err(|error| SourceError::Unreachable {
                server: server.clone(),
                why: format!("the connection ended before all was there: {}", innermost(&error)),
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
            progress(bytes.len() as u64, announced);
        }
        Ok(bytes)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Where a request is sent on to, if it may go there.
pub(crate) fn onward(from: &Url, location: &str) -> Result<Url, String> {
    let next = from.join(location).map_err(|error| error.to_string())?;
    match (from.origin.scheme, next.origin.scheme) {
        (Scheme::Https, Scheme::Http) => Err("that would give up TLS".to_owned()),
        (_, Scheme::Http) if !is_this_machine(&next.origin.host) => {
            Err("that would be plain HTTP over a network".to_owned())
        }
        _ => Ok(next),
    }
}

/// Whether what is sent there stays on this machine.
pub fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The words of the innermost cause: those around it say no more than that something failed.
pub fn innermost(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}
