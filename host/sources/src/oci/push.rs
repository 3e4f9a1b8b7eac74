//! Sending: each blob in one piece, then the manifest that names them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use palisade_egress::Url;

use super::{
    manifest::{self, Blob, MANIFEST, Names},
    reference::OciReference,
    registry::{Access, Ask, Registry},
};
use crate::{digest::sha256, error::SourceError, http::Answer};

/// A plugin that is sent.
#[derive(Clone, Debug, Default)]
pub struct Artifact {
    /// The file.
    pub component: Bytes,
    /// Its signature, as minisign writes it.
    pub signature: Option<String>,
    /// The names of what it exports.
    pub exports: Vec<String>,
    /// The names of what it imports.
    pub imports: Vec<String>,
    /// What the manifest says of it, for people and for other tools.
    pub annotations: BTreeMap<String, String>,
}

impl Registry<'_> {
    /// Sends a plugin, and returns the reference that names exactly it.
    pub(crate) async fn push(
        mut self,
        reference: &OciReference,
        artifact: &Artifact,
    ) -> Result<OciReference, SourceError> {
        let component = Blob { digest: sha256(&artifact.component), size: artifact.component.len() };
        let names = Names { exports: artifact.exports.clone(), imports: artifact.imports.clone() };
        let (manifest, config) =
            manifest::write(&component, names, artifact.signature.as_deref(), artifact.annotations.clone());
        self.upload("the configuration", config.into()).await?;
        self.upload("the component", artifact.component.clone()).await?;

        let digest = sha256(&manifest);
        let name = reference.tag.clone().unwrap_or_else(|| format!("sha256:{digest}"));
        let mut ask = self.put(self.at(&format!("manifests/{name}")), "to keep the manifest", MANIFEST);
        ask.body = manifest.into();
        let answer = self.ask(ask).await?;
        self.created(answer, "to keep the manifest").await?;
        Ok(reference.pinned(digest))
    }

    /// Sends a blob, unless it is there.
    async fn upload(&mut self, what: &str, bytes: Bytes) -> Result<(), SourceError> {
        let digest = sha256(&bytes);
        let there = self.at(&format!("blobs/sha256:{digest}"));
        let head = Ask { method: Method::HEAD, ..self.put(there, what, "application/octet-stream") };
        if self.ask(head).await?.status != StatusCode::NOT_FOUND {
            return Ok(());
        }
        let uploads = self.at("blobs/uploads/");
        let post =
            Ask { method: Method::POST, ..self.put(uploads.clone(), what, "application/octet-stream") };
        let answer = self.ask(post).await?;
        let unclear = |why: String| SourceError::Upload { registry: self.name.clone(), why };
        if answer.status != StatusCode::ACCEPTED {
            return Err(self.refused(answer, what).await);
        }
        let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let location = location.ok_or_else(|| unclear("there is no Location in its answer".to_owned()))?;
        let mut url = self.on(&uploads, location).map_err(unclear)?;
        let query = url.query.map(|query| format!("{query}&")).unwrap_or_default();
        url.query = Some(format!("{query}digest=sha256:{digest}"));
        let mut put = self.put(url, what, "application/octet-stream");
        put.body = bytes;
        let answer = self.ask(put).await?;
        self.created(answer, what).await
    }

    async fn created(&self, answer: Answer, what: &str) -> Result<(), SourceError> {
        if answer.status == StatusCode::CREATED { Ok(()) } else { Err(self.refused(answer, what).await) }
    }

    fn put<'a>(&self, url: Url, what: &'a str, kind: &'static str) -> Ask<'a> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        Ask { access: Access::Push, method: Method::PUT, url, headers, body: Bytes::new(), what }
    }
}
