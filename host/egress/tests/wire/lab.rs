//! Servers that answer as told and remember what they were asked, and assets that point at them.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use palisade_egress::{Call, Gate, Request};
use palisade_model::{
    action::Effect,
    asset::{Asset, Network},
    plugin::{
        Capabilities, ConnectorManifest, HostPattern, HttpCapability, Identity, SecretPlace, SecretUse,
    },
};
use palisade_vault::Secret;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Map, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// The secret of an asset; every encoding changes it.
pub(crate) const SECRET: &str = "p&ss \"wörd\"/<1>";

/// What a server does with a request.
pub(crate) enum Answer {
    /// Sends this and waits for the next request.
    Bytes(Vec<u8>),
    /// Sends this and closes the connection.
    Last(Vec<u8>),
    /// Closes the connection.
    Close,
    /// Does nothing until the client gives up.
    Silence,
}

/// `200 OK` with this body.
pub(crate) fn ok(body: &str) -> Answer {
    Answer::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// A redirect to this place.
pub(crate) fn redirect(status: u16, location: &str) -> Answer {
    let text = format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    Answer::Bytes(text.into_bytes())
}

/// A running HTTP server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Server {
    /// Speaks in plain.
    pub(crate) async fn http(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, answer).await
    }

    /// Speaks TLS with a certificate for these names; also gives the CA that signed it, in PEM.
    pub(crate) async fn https(
        names: &[&str],
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> (Self, String) {
        let (acceptor, ca) = acceptor(names);
        (Self::start(Some(acceptor), answer).await, ca)
    }

    async fn start(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), seen: Arc::default() };
        let seen = Arc::clone(&server.seen);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, answer, tls) = (Arc::clone(&seen), Arc::clone(&answer), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &seen, &*answer).await,
                        Some(tls) => {
                            // A client that refuses the certificate ends here.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &seen, &*answer).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    /// Its URL in plain.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Every request so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(crate) fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.into_iter().next().unwrap()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Seen,
    answer: &impl Fn(&str) -> Answer,
) {
    while let Some(request) = read_request(&mut stream).await {
        seen.requests.lock().unwrap().push(request.clone());
        match answer(&request) {
            // The client may have turned away in the middle of an answer that is too large.
            Answer::Bytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                stream.flush().await.unwrap();
            }
            Answer::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::Close => return,
            Answer::Silence => {
                let _ = stream.read(&mut [0]).await;
                return;
            }
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A server's side of TLS with a certificate for these names, and the CA that signed it, in PEM.
pub(crate) fn acceptor(names: &[&str]) -> (TlsAcceptor, String) {
    let mut ca = CertificateParams::new([]).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    (Arc::new(config).into(), ca.pem())
}

/// An asset and its connector in the making.
pub(crate) struct Lab {
    pub(crate) asset: Asset,
    pub(crate) manifest: ConnectorManifest,
    /// Of the field `key`.
    pub(crate) secret: String,
}

impl Lab {
    /// Loopback is granted, and nothing is declared. The secret `key` is [`SECRET`].
    pub(crate) fn new() -> Self {
        let manifest = ConnectorManifest {
            identity: Identity {
                name: "test".parse().unwrap(),
                version: "0.1.0".to_owned(),
                description: String::new(),
                publisher: String::new(),
            },
            contract: None,
            vendor: String::new(),
            product: String::new(),
            configuration: json!({"properties": {"key": {"type": "string", "writeOnly": true}}}),
            secrets: vec!["key".to_owned()],
            actions: Vec::new(),
            capabilities: Capabilities::default(),
        };
        let asset = Asset {
            name: "one".parse().unwrap(),
            connector: "test".parse().unwrap(),
            configuration: Map::new(),
            sealed: BTreeMap::new(),
            network: Network { allow: vec!["127.0.0.0/8".parse().unwrap()], ..Network::default() },
            retries: Default::default(),
        };
        Self { asset, manifest, secret: SECRET.to_owned() }
    }

    /// Declares and configures a server in plain.
    pub(crate) fn configured(server: &Server, places: &[SecretPlace]) -> Self {
        let mut lab = Self::new().declare(HostPattern::Configured("url".to_owned()), places);
        lab.asset.configuration.insert("url".to_owned(), server.url("/").into());
        lab
    }

    /// Declares these hosts, all methods and these places of the secret.
    pub(crate) fn declare(mut self, host: HostPattern, places: &[SecretPlace]) -> Self {
        self.manifest.capabilities.http.push(HttpCapability {
            host,
            methods: ["GET", "HEAD", "POST", "DELETE"].map(str::to_owned).to_vec(),
            secrets: places
                .iter()
                .map(|place| SecretUse { field: "key".to_owned(), place: place.clone() })
                .collect(),
            reason: String::new(),
        });
        self
    }

    /// Connects to this server in place of these hosts, and trusts its CA.
    pub(crate) fn in_place_of(mut self, hosts: &[&str], server: &Server, ca: &str) -> Self {
        for host in hosts {
            let rule = format!("{host}:443:127.0.0.1:{}", server.port).parse().unwrap();
            self.asset.network.connect_to.push(rule);
        }
        self.asset.network.ca = Some(ca.to_owned());
        self
    }

    pub(crate) fn gate(&self) -> Arc<Gate> {
        let secrets = BTreeMap::from([("key".to_owned(), Secret::new(self.secret.clone()).unwrap())]);
        Arc::new(Gate::new(&self.asset, &self.manifest, secrets, Path::new("")).unwrap())
    }

    /// A call that may change things.
    pub(crate) fn call(&self) -> Call {
        self.gate().call(Effect::Generic, &[])
    }
}

/// What stands for the secret in this call.
pub(crate) fn placeholder(call: &Call) -> String {
    call.configuration()["key"].as_str().unwrap().to_owned()
}

pub(crate) fn named(host: &str) -> HostPattern {
    HostPattern::Named(host.to_owned())
}

pub(crate) fn request(method: &str, url: &str) -> Request {
    Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        authorization: None,
        body: Vec::new(),
        timeout: None,
    }
}

pub(crate) fn get(url: &str) -> Request {
    request("GET", url)
}

/// The same request with one more header field.
pub(crate) fn with_header(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.push((name.to_owned(), value.to_owned()));
    request
}
