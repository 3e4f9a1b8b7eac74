//! Fetching: manifest, configuration, component; each is what its digest says.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::ACCEPT};
use palisade_model::plugin::Digest;

use super::{
    manifest::{self, Blob, MANIFEST},
    reference::OciReference,
    registry::{Access, Ask, Registry},
};
use crate::{client::Progress, digest::sha256, error::SourceError, fetched::Fetched, limits::MANIFEST_BYTES};

impl Registry<'_> {
    /// Fetches the plugin that a reference names.
    pub(crate) async fn pull(
        mut self,
        reference: &OciReference,
        progress: &Progress<'_>,
    ) -> Result<Fetched, SourceError> {
        let not_a_plugin = |why| SourceError::NotAPlugin { reference: reference.to_string(), why };
        let bytes = self.manifest(reference).await?;
        let found = sha256(&bytes);
        if let Some(expected) = &reference.digest {
            self.check_digest("the manifest", expected, found.clone())?;
        }
        let layout = manifest::read(&bytes).map_err(not_a_plugin)?;
        if !reference.is_pinned() {
            let pinned = reference.pinned(found).to_string();
            return Err(SourceError::NotPinned { reference: reference.to_string(), pinned });
        }
        let config = self.blob("the configuration", &layout.config, &|_, _| {}).await?;
        manifest::check_size("configuration", &layout.config, config.len()).map_err(not_a_plugin)?;
        manifest::check_config(&config, &layout.component.digest).map_err(not_a_plugin)?;
        let component = self.blob("the component", &layout.component, progress).await?;
        manifest::check_size("component", &layout.component, component.len()).map_err(not_a_plugin)?;
        Ok(Fetched {
            component: component.into(),
            digest: layout.component.digest,
            signature: layout.signature,
            source: reference.to_string(),
        })
    }

    async fn manifest(&mut self, reference: &OciReference) -> Result<Vec<u8>, SourceError> {
        let name = match (&reference.digest, &reference.tag) {
            (Some(digest), _) => format!("sha256:{digest}"),
            (None, Some(tag)) => tag.clone(),
            // As every client has it.
            (None, None) => "latest".to_owned(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(MANIFEST));
        let ask = Ask { headers, ..get(self.at(&format!("manifests/{name}")), "the manifest") };
        let answer = self.ask(ask).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(self.refused(answer, &reference.to_string()).await);
        }
        answer.whole(MANIFEST_BYTES, &|_, _| {}).await
    }

    async fn blob(
        &mut self,
        what: &str,
        blob: &Blob,
        progress: &Progress<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let answer = self.ask(get(self.at(&format!("blobs/sha256:{}", blob.digest)), what)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(self.refused(answer, what).await);
        }
        let total = Some(blob.size as u64);
        let bytes = answer.whole(blob.size, &|done, _| progress(done, total)).await?;
        self.check_digest(what, &blob.digest, sha256(&bytes))?;
        Ok(bytes)
    }

    fn check_digest(&self, what: &str, expected: &Digest, found: Digest) -> Result<(), SourceError> {
        if found == *expected {
            return Ok(());
        }
        let (server, what, expected) = (self.name.clone(), what.to_owned(), expected.clone());
        Err(SourceError::OtherDigest { server, what, expected, found })
    }
}

fn get(url: palisade_egress::Url, what: &str) -> Ask<'_> {
    Ask {
        access: Access::Pull,
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        what,
    }
}
