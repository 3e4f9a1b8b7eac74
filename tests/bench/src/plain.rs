//! A plain HTTPS client: what a hand-written program would use. No policy, no placeholders, no scrubbing.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Uri};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};
use tower_service::Service;

use crate::Failed;

/// Sends requests over pooled connections.
#[derive(Clone)]
pub(crate) struct Plain(Client<Connector, Full<Bytes>>);

impl Plain {
    /// Trusts this CA; connects where these rules say (`HOST:PORT:ADDRESS:PORT`).
    pub(crate) fn new(ca_pem: &str, connect_to: &[String]) -> Result<Self, Failed> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            roots.add(certificate?)?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut to = HashMap::new();
        for rule in connect_to {
            let mut parts = rule.splitn(3, ':');
            let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(format!("{rule} is no connect-to rule").into());
            };
            to.insert(format!("{host}:{port}"), address.to_owned());
        }
        let connector = Connector { tls: TlsConnector::from(Arc::new(tls)), to: Arc::new(to) };
        Ok(Self(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(64).build(connector)))
    }

    /// Sends one request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Failed> {
        let response = self.0.request(request).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }
}

#[derive(Clone)]
struct Connector {
    tls: TlsConnector,
    to: Arc<HashMap<String, String>>,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default().to_owned();
        let original = format!("{host}:{}", uri.port_u16().unwrap_or(443));
        let address = self.to.get(&original).cloned().unwrap_or(original);
        let tls = self.tls.clone();
        Box::pin(async move {
            let tcp = TcpStream::connect(address).await?;
            tcp.set_nodelay(true)?;
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            Ok(TokioIo::new(Stream(tls.connect(name, tcp).await?)))
        })
    }
}

/// A TLS stream that hyper can pool.
struct Stream(TlsStream<TcpStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl tokio::io::AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl tokio::io::AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
