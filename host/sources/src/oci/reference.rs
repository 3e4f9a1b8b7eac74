//! `oci://registry/repository:tag@sha256:HEX`

use std::fmt;

use palisade_egress::{Origin, Url};
use palisade_model::plugin::Digest;

use crate::{
    digest,
    limits::{REPOSITORY_BYTES, TAG_BYTES},
    reference::NotAReference,
};

/// What is in a registry under this name. Each part can stand in a URL as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OciReference {
    /// Where. Whether it is spoken to over TLS is not the reference's to say.
    pub(crate) origin: Origin,
    /// The repository.
    pub(crate) repository: String,
    /// For people; a registry may move it.
    pub(crate) tag: Option<String>,
    /// Of the manifest.
    pub(crate) digest: Option<Digest>,
}

impl OciReference {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// [`NotAReference`].
    pub fn parse(text: &str) -> Result<Self, NotAReference> {
        let rest = text.strip_prefix("oci://").ok_or_else(|| NotAReference::Scheme("oci".to_owned()))?;
        let (name, digest) = match rest.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (rest, None),
        };
        let digest = digest
            .map(|text| text.starts_with("sha256:").then(|| digest::parse(text).ok()).flatten())
            .map(|digest| digest.ok_or(NotAReference::Digest))
            .transpose()?;
        let (registry, path) = name.split_once('/').ok_or(NotAReference::Repository)?;
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        if registry.len() + repository.len() >= REPOSITORY_BYTES || !repository.split('/').all(is_component) {
            return Err(NotAReference::Repository);
        }
        if !tag.is_none_or(is_tag) {
            return Err(NotAReference::Tag);
        }
        // Nothing but a host and a port may stand there.
        if registry.contains(['?', '#']) {
            return Err(NotAReference::Url(palisade_egress::NotAUrl::Host));
        }
        let Url { origin, .. } = Url::parse(&format!("https://{registry}/"))?;
        Ok(Self { origin, repository: repository.to_owned(), tag: tag.map(str::to_owned), digest })
    }

    /// The registry: `host`, or `host:port`.
    pub fn registry(&self) -> String {
        self.origin.authority()
    }

    /// Whether it names exactly one thing, for ever.
    pub fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }

    /// The same, with this digest.
    pub(crate) fn pinned(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.registry(), self.repository)?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@sha256:{digest}"))
    }
}

/// A word of a repository's name: letters and digits, with `.`, `_`, `__` or any number of `-` between them.
fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let separators = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let separates =
        |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    alphanumeric(first) && alphanumeric(last) && separators.into_iter().all(separates)
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    (1..=TAG_BYTES).contains(&bytes.len())
        && word(bytes[0])
        && bytes.iter().all(|&byte| word(byte) || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use palisade_egress::NotAUrl;

    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_reference_is_written_as_it_was_read() {
        for text in [
            "oci://ghcr.io/acme/shodan",
            "oci://ghcr.io/acme/shodan:1.2.0-rc.1",
            &format!("oci://registry.acme.example:5000/a__b/c.d/e---f@sha256:{HEX}"),
            &format!("oci://[::1]:5000/a:latest@sha256:{HEX}"),
            "oci://127.0.0.1:5000/a",
        ] {
            assert_eq!(OciReference::parse(text).unwrap().to_string(), text);
        }
        assert!(OciReference::parse(&format!("oci://a.example/a@sha256:{HEX}")).unwrap().is_pinned());
        assert!(!OciReference::parse("oci://a.example/a:1").unwrap().is_pinned());
    }

    #[test]
    fn tricks_are_refused() {
        let long = "a".repeat(REPOSITORY_BYTES);
        let tag = "t".repeat(TAG_BYTES + 1);
        for (text, reason) in [
            ("oci://ghcr.io", NotAReference::Repository),
            ("oci://ghcr.io/", NotAReference::Repository),
            ("oci://ghcr.io/../v2/other", NotAReference::Repository),
            ("oci://ghcr.io/acme/../../etc", NotAReference::Repository),
            ("oci://ghcr.io/acme//shodan", NotAReference::Repository),
            ("oci://ghcr.io/acme/./shodan", NotAReference::Repository),
            ("oci://ghcr.io/acme/%2e%2e/shodan", NotAReference::Repository),
            ("oci://ghcr.io/Acme/shodan", NotAReference::Repository),
            ("oci://ghcr.io/acme/shodan?x=y", NotAReference::Repository),
            ("oci://ghcr.io/acme/shodan#x", NotAReference::Repository),
            ("oci://ghcr.io/acme\\shodan", NotAReference::Repository),
            ("oci://ghcr.io/acme/a___b", NotAReference::Repository),
            ("oci://ghcr.io/acme/-a", NotAReference::Repository),
            (&format!("oci://ghcr.io/{long}"), NotAReference::Repository),
            ("oci://ghcr.io/acme/shodan:", NotAReference::Tag),
            ("oci://ghcr.io/acme/shodan:../x", NotAReference::Tag),
            ("oci://ghcr.io/acme/shodan:-x", NotAReference::Tag),
            ("oci://ghcr.io/acme/shodan:a:b", NotAReference::Tag),
            (&format!("oci://ghcr.io/acme/shodan:{tag}"), NotAReference::Tag),
            ("oci://ghcr.io/acme/shodan@sha256:12", NotAReference::Digest),
            (&format!("oci://ghcr.io/acme/shodan@sha512:{HEX}"), NotAReference::Digest),
            (&format!("oci://ghcr.io/acme/shodan@{HEX}"), NotAReference::Digest),
            (&format!("oci://ghcr.io/acme/shodan@sha256:{HEX}/x"), NotAReference::Digest),
            ("oci://user:pass@ghcr.io/acme/shodan", NotAReference::Digest),
            ("oci:///acme/shodan", NotAReference::Url(NotAUrl::Host)),
            ("oci://ghcr.io?x/acme", NotAReference::Url(NotAUrl::Host)),
            ("oci://127.1/acme", NotAReference::Url(NotAUrl::Host)),
            ("oci://ghcr.io:0/acme", NotAReference::Url(NotAUrl::Port)),
        ] {
            assert_eq!(OciReference::parse(text), Err(reason), "{text}");
        }
    }
}
