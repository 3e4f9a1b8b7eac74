//! What a person writes to say where a plugin is, read strictly.

use std::{fmt, path::PathBuf};

use palisade_egress::{NotAUrl, Scheme, Url};
use palisade_model::plugin::Digest;

use crate::{digest, error::SourceError, oci::OciReference};

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// On this machine: a file, or a directory with files.
    Path(PathBuf),
    /// Elsewhere.
    Remote(Remote),
}

/// Where something is that comes over a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// At a URL, with this digest.
    Https {
        /// Where.
        url: Url,
        /// What.
        digest: Digest,
    },
    /// In a registry.
    Oci(OciReference),
}

/// Why a text says nothing of where a plugin is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAReference {
    /// It begins as a URL does, and nothing here knows that kind.
    #[error("`{0}` is no way to a plugin; https:// and oci:// are")]
    Scheme(String),
    /// It is a URL that begins with `http://`.
    #[error("what is fetched in plain HTTP can be read and changed by anybody on the way: use https://")]
    Plain,
    /// It is no URL.
    #[error("{0}")]
    Url(NotAUrl),
    /// It is a URL without a digest.
    #[error("a URL needs the digest of what is there: add --digest sha256:HEX or #sha256=HEX")]
    NoDigest,
    /// What should be a digest is none.
    #[error("what should be its digest is not `sha256:` and 64 lower-case hexadecimal digits")]
    Digest,
    /// There are two digests.
    #[error("it names a digest already, and --digest is another one")]
    TwoDigests,
    /// There is a digest, and nothing that it could be of.
    #[error("an OCI reference has its digest in it, that of the manifest: write it as @sha256:HEX")]
    DigestOfOci,
    /// The repository is none.
    #[error(
        "the repository must be words of lower-case letters and digits, with `.`, `_`, `-` between them and `/` between words"
    )]
    Repository,
    /// The tag is none.
    #[error("the tag must be letters, digits, `.`, `_` and `-`, at most 128 of them")]
    Tag,
}

impl Reference {
    /// Reads what a person wrote. A text with `://` in it is never a path.
    ///
    /// # Errors
    ///
    /// [`SourceError::Reference`].
    pub fn parse(text: &str, digest: Option<&Digest>) -> Result<Self, SourceError> {
        let Some((scheme, _)) = text.split_once("://") else { return Ok(Self::Path(text.into())) };
        let remote = match scheme {
            "oci" if digest.is_some() => Err(NotAReference::DigestOfOci),
            "oci" => OciReference::parse(text).map(Remote::Oci),
            "https" => https(text, digest),
            "http" => Err(NotAReference::Plain),
            other => Err(NotAReference::Scheme(other.chars().take(20).collect())),
        };
        remote.map(Self::Remote).map_err(|source| SourceError::reference(text, source))
    }

    /// Reads a digest as people write it: `sha256:HEX`, or only the digits.
    ///
    /// # Errors
    ///
    /// A sentence for the person who wrote it.
    pub fn digest(text: &str) -> Result<Digest, String> {
        digest::parse(text).map_err(|_| NotAReference::Digest.to_string())
    }
}

impl Remote {
    /// The same, as it may stand in a lock file and in the audit log: the query of a URL often carries a token.
    pub fn source(&self) -> String {
        match self {
            Self::Https { url, .. } => format!("{}{}", url.origin, url.path),
            Self::Oci(reference) => reference.to_string(),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source())
    }
}

fn https(text: &str, given: Option<&Digest>) -> Result<Remote, NotAReference> {
    let (address, fragment) = match text.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (text, None),
    };
    let written = fragment
        .map(|fragment| fragment.strip_prefix("sha256=").ok_or(NotAReference::Digest))
        .transpose()?
        .map(|hex| Digest::try_from(hex.to_owned()).map_err(|_| NotAReference::Digest))
        .transpose()?;
    let digest = match (written, given) {
        (Some(written), Some(given)) if written != *given => return Err(NotAReference::TwoDigests),
        (Some(digest), _) => digest,
        (None, given) => given.cloned().ok_or(NotAReference::NoDigest)?,
    };
    let url = Url::parse(address)?;
    match url.origin.scheme {
        Scheme::Https => Ok(Remote::Https { url, digest }),
        Scheme::Http => Err(NotAReference::Plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str) -> Result<Reference, NotAReference> {
        Reference::parse(text, None).map_err(|error| match error {
            SourceError::Reference { source, .. } => source,
            other => panic!("{other}"),
        })
    }

    fn remote(text: &str) -> Remote {
        match parse(text) {
            Ok(Reference::Remote(remote)) => remote,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_names_a_plugin_is_read() {
        assert_eq!(parse("plugins/shodan.wasm"), Ok(Reference::Path("plugins/shodan.wasm".into())));
        assert_eq!(parse("../https:/x"), Ok(Reference::Path("../https:/x".into())));
        let url = remote(&format!("https://Plugins.Acme.example/a/b.wasm?token=s3cret#sha256={HEX}"));
        assert_eq!(url.source(), "https://plugins.acme.example/a/b.wasm");
        let Remote::Https { digest, .. } = url else { panic!("{url:?}") };
        assert_eq!(digest.as_str(), HEX);
        let oci = remote(&format!("oci://ghcr.io/acme/shodan:1.2@sha256:{HEX}"));
        assert_eq!(oci.source(), format!("oci://ghcr.io/acme/shodan:1.2@sha256:{HEX}"));
    }

    #[test]
    fn what_does_not_is_refused() {
        let other = "0".repeat(64);
        for (text, reason) in [
            ("http://plugins.acme.example/a.wasm", NotAReference::Plain),
            ("ftp://plugins.acme.example/a.wasm", NotAReference::Scheme("ftp".to_owned())),
            ("file:///etc/passwd", NotAReference::Scheme("file".to_owned())),
            ("HTTPS://a.example/a.wasm", NotAReference::Scheme("HTTPS".to_owned())),
            ("https://plugins.acme.example/a.wasm", NotAReference::NoDigest),
            ("https://plugins.acme.example/a.wasm#sha256=12", NotAReference::Digest),
            ("https://plugins.acme.example/a.wasm#md5=12", NotAReference::Digest),
            (&format!("https://a:b@c.example/a.wasm#sha256={HEX}"), NotAReference::Url(NotAUrl::User)),
            (&format!("https://127.1/a.wasm#sha256={HEX}"), NotAReference::Url(NotAUrl::Host)),
            (&format!("https://a.example/a.wasm#sha256={}", HEX.to_uppercase()), NotAReference::Digest),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
        let digest = Digest::try_from(other).unwrap();
        let two = Reference::parse(&format!("https://a.example/a.wasm#sha256={HEX}"), Some(&digest));
        assert!(
            matches!(two, Err(SourceError::Reference { source: NotAReference::TwoDigests, .. })),
            "{two:?}"
        );
        let oci = Reference::parse(&format!("oci://a.example/a@sha256:{HEX}"), Some(&digest));
        assert!(
            matches!(oci, Err(SourceError::Reference { source: NotAReference::DigestOfOci, .. })),
            "{oci:?}"
        );
    }
}
