//! The lab's certificate authority and the one certificate that all its names share.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::{rdap, story};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A key or certificate could not be made.
    #[error("cannot make the lab's certificates")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refused the certificate or key.
    #[error("cannot set up TLS with the lab's certificate")]
    Config(#[from] tokio_rustls::rustls::Error),
}

/// What a client trusts and what the server shows; new for every lab, so that trust in one never outlives it.
pub(crate) struct Identity {
    /// The authority's certificate.
    pub(crate) ca_pem: String,
    pub(crate) acceptor: TlsAcceptor,
}

impl Identity {
    pub(crate) fn new() -> Result<Identity, TlsError> {
        let authority = authority()?;
        let key = KeyPair::generate()?;
        let mut names: Vec<String> = rdap::HOSTS.iter().map(|host| (*host).to_owned()).collect();
        // ServiceNow itself serves its instances with a wildcard; a company does so for its own servers.
        names.extend(story::CLOUD_HOSTS.map(str::to_owned));
        names.extend(["*.service-now.com", "*.acme.example"].map(str::to_owned));
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "Palisade Lab");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let certificate = server.signed_by(&key, &authority)?;

        let private = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private.into())?;
        Ok(Identity { ca_pem: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Palisade Lab Authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}
