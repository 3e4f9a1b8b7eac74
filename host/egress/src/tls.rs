//! TLS towards servers: verified always, with the public roots and the asset's own CA.

use std::sync::Arc;

use palisade_model::asset::Network;
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{self, ClientConfig, RootCertStore},
};

use crate::tcp::TcpError;

/// Why the asset's CA cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// Not PEM.
    #[error("it is not PEM")]
    Pem(#[source] rustls_pki_types::pem::Error),
    /// PEM without a certificate.
    #[error("there is no certificate in it")]
    Empty,
    /// A certificate that cannot be a trust anchor.
    #[error("one of its certificates cannot be used as a CA")]
    Certificate(#[source] rustls::Error),
}

/// HTTP/1.1 as ALPN names it.
const HTTP_1_1: &[u8] = b"http/1.1";

/// How every part of Palisade speaks TLS to a server: the public roots, and these certificates in PEM beside them.
///
/// # Errors
///
/// [`CaError`].
pub fn client_config(ca: Option<&str>) -> Result<ClientConfig, CaError> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(pem) = ca {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(CaError::Pem)?;
        if certificates.is_empty() {
            return Err(CaError::Empty);
        }
        for certificate in certificates {
            roots.add(certificate).map_err(CaError::Certificate)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Makes TLS connections. Built once per asset: reading the roots costs far more than a request.
pub(crate) struct Tls {
    http: TlsConnector,
    stream: TlsConnector,
}

/// What is spoken inside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inside {
    /// HTTP/1.1, announced with ALPN (RFC 7301).
    Http,
    /// The connector's own protocol: nothing is announced, for a server may refuse what it does not know.
    Stream,
}

impl Tls {
    pub(crate) fn new(network: &Network) -> Result<Self, CaError> {
        let stream = client_config(network.ca.as_deref())?;
        let mut http = stream.clone();
        http.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Self { http: Arc::new(http).into(), stream: Arc::new(stream).into() })
    }

    /// Shakes hands with the server, which must prove to be `host`.
    pub(crate) async fn connect(
        &self,
        inside: Inside,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, TcpError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TcpError::Tls(format!("{host} cannot stand in a certificate")))?;
        let connector = match inside {
            Inside::Http => &self.http,
            Inside::Stream => &self.stream,
        };
        connector.connect(name, stream).await.map_err(|error| explain(host, &error))
    }
}

fn explain(host: &str, error: &std::io::Error) -> TcpError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(reason)) => TcpError::Tls(format!(
            "the certificate does not prove that this is {host}: {reason}; for a private CA, set the asset's CA"
        )),
        Some(other) => TcpError::Tls(format!("no TLS with {host}: {other}")),
        None => {
            TcpError::Unreachable(format!("{host} ended the connection during the TLS handshake: {error}"))
        }
    }
}
