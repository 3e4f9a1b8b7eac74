//! Fetching, and sending to a registry.

use std::time::Duration;

use http::Method;
use palisade_egress::{NotAUrl, Url};
use palisade_model::{
    limits::{COMPONENT_BYTES, SIGNATURE_BYTES},
    plugin::Digest,
};

use crate::{
    digest::sha256,
    error::SourceError,
    fetched::Fetched,
    http::{Http, Request},
    limits::{ANSWER_TIME, STALL_TIME, TRANSFER_TIME},
    logins::Logins,
    oci::{Artifact, OciReference, Registry},
    reference::Remote,
};

/// Told how many bytes there are so far, and how many there will be if the server said so.
pub type Progress<'a> = dyn Fn(u64, Option<u64>) + Sync + 'a;

/// What the operator says of networks.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Certificates in PEM that are trusted beside the public ones.
    pub ca: Option<String>,
    /// Registries on this machine are spoken to in plain HTTP.
    pub plain_http: bool,
    /// Who the operator is at registries.
    pub logins: Logins,
    /// The host of a token server that may have those credentials, beside the registry's own.
    pub token_server: Option<String>,
    /// How long servers are waited for.
    pub patience: Patience,
}

/// How long a server is waited for, once there is a connection; by default as long as `limits.rs` says.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until it answers.
    pub answer: Duration,
    /// From one piece of a body to the next.
    pub stall: Duration,
    /// For a whole body, either way.
    pub transfer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: ANSWER_TIME, stall: STALL_TIME, transfer: TRANSFER_TIME }
    }
}

/// Talks to the servers that plugins come from.
pub struct Client {
    http: Http,
    options: Options,
}

impl Client {
    /// A client with these options.
    ///
    /// # Errors
    ///
    /// [`SourceError::Ca`].
    pub fn new(options: Options) -> Result<Self, SourceError> {
        Ok(Self { http: Http::new(options.ca.as_deref(), options.patience)?, options })
    }

    /// Fetches a component with its signature.
    ///
    /// # Errors
    ///
    /// See [`SourceError`]: what comes is exactly what the reference says, or nothing does.
    pub async fn fetch(&self, remote: &Remote, progress: &Progress<'_>) -> Result<Fetched, SourceError> {
        match remote {
            Remote::Https { url, digest } => self.fetch_url(url, digest, remote.source(), progress).await,
            Remote::Oci(reference) => self.registry(reference)?.pull(reference, progress).await,
        }
    }

    /// Sends a component to a registry, and returns the reference that names exactly it.
    ///
    /// # Errors
    ///
    /// See [`SourceError`].
    pub async fn push(
        &self,
        reference: &OciReference,
        artifact: &Artifact,
    ) -> Result<OciReference, SourceError> {
        self.registry(reference)?.push(reference, artifact).await
    }

    fn registry(&self, reference: &OciReference) -> Result<Registry<'_>, SourceError> {
        Registry::new(&self.http, &self.options, reference)
    }

    async fn fetch_url(
        &self,
        url: &Url,
        expected: &Digest,
        source: String,
        progress: &Progress<'_>,
    ) -> Result<Fetched, SourceError> {
        let answer = self.http.get(Request::new(Method::GET, url, "the component")).await?;
        let server = answer.server.clone();
        if answer.status != http::StatusCode::OK {
            let status = answer.status.as_u16();
            return Err(SourceError::Status { server, what: source, status, detail: String::new() });
        }
        let component = answer.whole(COMPONENT_BYTES, progress).await?;
        let digest = sha256(&component);
        if digest != *expected {
            let (what, expected) = ("the component".to_owned(), expected.clone());
            return Err(SourceError::OtherDigest { server, what, expected, found: digest });
        }
        let signature = self.fetch_signature(url).await?;
        Ok(Fetched { component: component.into(), digest, signature, source })
    }

    /// The file beside it; none if the server has none. Which answer means that, servers do not agree on.
    async fn fetch_signature(&self, component: &Url) -> Result<Option<String>, SourceError> {
        let url = Url { path: format!("{}.minisig", component.path), ..component.clone() };
        let answer = self.http.get(Request::new(Method::GET, &url, "the signature")).await?;
        let server = answer.server.clone();
        let refused = |status, detail: &str| SourceError::Status {
            server: server.clone(),
            what: "the signature".to_owned(),
            status,
            detail: detail.to_owned(),
        };
        match answer.status.as_u16() {
            200 => {
                let file = answer.whole(SIGNATURE_BYTES, &|_, _| {}).await?;
                String::from_utf8(file).map(Some).map_err(|_| refused(200, "what is there is not text"))
            }
            403 | 404 | 410 => Ok(None),
            status => Err(refused(status, "")),
        }
    }
}

/// The URL of something at a server.
pub(crate) fn at(server: &Url, path: &str) -> Result<Url, NotAUrl> {
    Url::parse(&format!("{}{path}", server.origin))
}
