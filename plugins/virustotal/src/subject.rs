use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use palisade_sdk::Failure;

/// What a look-up is about.
pub(crate) struct Subject {
    /// Its collection in the API.
    pub(crate) collection: &'static str,
    /// Its identifier there.
    pub(crate) id: String,
    /// What a person calls it.
    pub(crate) name: String,
    /// Its collection in the web interface.
    pub(crate) page: &'static str,
}

impl Subject {
    pub(crate) fn ip(ip: IpAddr) -> Self {
        let ip = ip.to_string();
        Self { collection: "ip_addresses", id: ip.clone(), name: ip, page: "ip-address" }
    }

    pub(crate) fn domain(domain: &str) -> Result<Self, Failure> {
        let name = domain.trim_end_matches('.').to_lowercase();
        let is_label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        };
        if !name.split('.').all(is_label) {
            return Err(Failure::invalid(format!("`{domain}` is no domain name")));
        }
        Ok(Self { collection: "domains", id: name.clone(), name, page: "domain" })
    }

    /// The identifier of a URL is its text in base64url, without padding
    /// (<https://docs.virustotal.com/reference/url>).
    pub(crate) fn url(url: &str) -> Result<Self, Failure> {
        if url.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Failure::invalid(format!("{url:?} is no URL")));
        }
        let id = BASE64_URL_SAFE_NO_PAD.encode(url);
        Ok(Self { collection: "urls", id, name: url.to_owned(), page: "url" })
    }

    pub(crate) fn file(hash: &str) -> Result<Self, Failure> {
        // MD5, SHA-1, SHA-256.
        if !matches!(hash.len(), 32 | 40 | 64) || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Failure::invalid(format!("`{hash}` is no MD5, SHA-1 or SHA-256 in hexadecimal")));
        }
        let hash = hash.to_ascii_lowercase();
        Ok(Self { collection: "files", id: hash.clone(), name: hash, page: "file" })
    }
}
