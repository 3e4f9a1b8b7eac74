//! A server that answers as told and remembers what it was asked, and a plugin that it serves.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use palisade_sources::{Client, Fetched, OciReference, Options, Reference, Remote, SourceError, sha256};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// Time between two bytes of a server that drips.
const DRIP: Duration = Duration::from_millis(200);

/// What a server does with a request; it closes the connection afterwards.
pub(crate) enum Answer {
    /// Sends this.
    Bytes(Vec<u8>),
    /// Sends this, and then zeros for as long as somebody reads.
    Endless(Vec<u8>),
    /// Sends this again and again, for as long as somebody reads.
    Again(Vec<u8>),
    /// Sends this, and then a byte now and then for as long as somebody waits.
    Drip(Vec<u8>),
    /// Sends this, and then nothing for as long as somebody waits.
    Silent(Vec<u8>),
}

/// An answer with a status, header fields, and a body.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|header| head.push_str(&format!("{header}\r\n")));
    head.push_str("\r\n");
    Answer::Bytes([head.as_bytes(), body].concat())
}

pub(crate) fn ok(body: &[u8]) -> Answer {
    answer("200 OK", &[], body)
}

pub(crate) fn missing() -> Answer {
    answer("404 Not Found", &[], b"")
}

/// A running server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Speaks in plain.
    pub(crate) async fn http(reply: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, reply).await
    }

    /// Speaks TLS, with a certificate for `localhost`; also gives the CA that signed it, in PEM.
    pub(crate) async fn https(reply: impl Fn(&str) -> Answer + Send + Sync + 'static) -> (Self, String) {
        let (acceptor, ca) = acceptor();
        (Self::start(Some(acceptor), reply).await, ca)
    }

    async fn start(tls: Option<TlsAcceptor>, reply: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let (asked, reply) = (Arc::clone(&server.asked), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, reply, tls) = (Arc::clone(&asked), Arc::clone(&reply), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &asked, &*reply).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &asked, &*reply).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    /// The requests so far, each with its header, names in lower case.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: &Mutex<Vec<String>>,
    reply: &(dyn Fn(&str) -> Answer + Send + Sync),
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    asked.lock().unwrap().push(head.clone());
    // Whoever reads may leave at any time.
    match reply(&head) {
        Answer::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Answer::Endless(bytes) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(&[0; 64 * 1024]).await.is_ok() {}
        }
        Answer::Again(bytes) => while stream.write_all(&bytes).await.is_ok() {},
        Answer::Drip(bytes) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(DRIP).await;
            }
        }
        Answer::Silent(bytes) => {
            let _ = stream.write_all(&bytes).await;
            // Whoever waits sends nothing more, and goes.
            let _ = stream.read_u8().await;
        }
    }
    let _ = stream.shutdown().await;
}

fn acceptor() -> (TlsAcceptor, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config =
        ServerConfig::builder_with_provider(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    (Arc::new(config).into(), ca.pem())
}

/// A plugin as a registry keeps it.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) component: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) manifest: Value,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let component = b"\0asm a component".to_vec();
        let digest = format!("sha256:{}", sha256(&component));
        let config = json!({ "created": "2026-01-02T03:04:05Z", "architecture": "wasm", "os": "wasip2", "layerDigests": [digest] });
        let config = config.to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": format!("sha256:{}", sha256(&config)),
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": digest,
                "size": component.len(),
                "annotations": { "dev.palisade.signature.minisign": "untrusted comment: signed\n" },
            }],
        });
        Self { component, config, manifest }
    }

    /// The manifest's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.manifest.to_string().into_bytes()
    }

    /// What pins it at this server.
    pub(crate) fn reference(&self, server: &Server) -> String {
        format!("oci://127.0.0.1:{}/acme/plugin@sha256:{}", server.port, sha256(&self.bytes()))
    }

    /// What an honest registry answers.
    pub(crate) fn reply(&self, head: &str) -> Answer {
        let path = head.split(' ').nth(1).unwrap();
        let blob = |bytes: &[u8]| path == format!("/v2/acme/plugin/blobs/sha256:{}", sha256(bytes));
        match path {
            _ if path.starts_with("/v2/acme/plugin/manifests/") => ok(&self.bytes()),
            _ if blob(&self.component) => ok(&self.component),
            _ if blob(&self.config) => ok(&self.config),
            _ => missing(),
        }
    }
}

/// Plain HTTP, as for a registry on this machine.
pub(crate) fn plain() -> Options {
    Options { plain_http: true, ..Options::default() }
}

/// Fetches what this names.
pub(crate) async fn fetch(reference: &str, options: Options) -> Result<Fetched, SourceError> {
    let Reference::Remote(remote) = Reference::parse(reference, None)? else {
        panic!("{reference} is a path")
    };
    Client::new(options)?.fetch(&remote, &|_, _| {}).await
}

/// Fetches what a registry keeps under this name.
pub(crate) async fn pull(reference: &str) -> Result<Fetched, SourceError> {
    let remote = Remote::Oci(OciReference::parse(reference).unwrap());
    Client::new(plain())?.fetch(&remote, &|_, _| {}).await
}
