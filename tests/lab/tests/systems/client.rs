//! A small HTTPS client that trusts only the lab.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use palisade_lab::{Lab, LabOptions};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

pub(crate) async fn lab() -> Lab {
    Lab::start(LabOptions::default()).await.unwrap()
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// The connection broke before the response was whole.
#[derive(Debug)]
pub(crate) struct Broken;

/// One request: method, URL, `Authorization`, content type and body; empty for none.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) authorization: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a str,
}

pub(crate) fn get(url: &str) -> Ask<'_> {
    Ask { method: "GET", url, authorization: "", content_type: "", body: "" }
}

pub(crate) async fn send(lab: &Lab, ask: &Ask<'_>) -> Result<Reply, Broken> {
    send_with(lab, ask, &[]).await
}

/// Sends a request with more headers.
pub(crate) async fn send_with(lab: &Lab, ask: &Ask<'_>, headers: &[(&str, &str)]) -> Result<Reply, Broken> {
    let url: http::Uri = ask.url.parse().unwrap();
    let host = url.host().unwrap().to_owned();
    let config = trust(lab);
    let tcp = TcpStream::connect(lab.https()).await.unwrap();
    let name = ServerName::try_from(host).unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();

    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(ask.method)
        .uri(url.path_and_query().unwrap().as_str())
        .header(HOST, url.authority().unwrap().as_str());
    for (name, value) in [(AUTHORIZATION, ask.authorization), (CONTENT_TYPE, ask.content_type)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(ask.body.as_bytes()))).unwrap();
    let response = sender.send_request(request).await.map_err(|_| Broken)?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    connection.abort();
    Ok(Reply { status: head.status, headers: head.headers, body })
}

/// Trust in the lab, and in nobody else.
pub(crate) fn trust(lab: &Lab) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(lab.ca_pem().as_bytes()).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
