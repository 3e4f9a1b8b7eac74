//! The servers that a URL in an asset's configuration names.

use std::{fmt, net::IpAddr};

use crate::url::{NotAUrl, Origin, Url};

/// What one URL of the configuration names. Only there, where the operator wrote it, may a host begin with `*.`; the
/// URL of a request never does.
#[derive(Debug)]
pub(crate) enum Servers {
    /// The server of the URL.
    One(Origin),
    /// Every server below this one's host, with its scheme and port; not this one.
    Below(Origin),
}

impl Servers {
    /// Reads `https://server.example.com:5986` or `https://*.example.com:5986`.
    pub(crate) fn read(text: &str) -> Result<Self, NotAUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl::Scheme)?;
        let Some(rest) = rest.strip_prefix("*.") else {
            return Ok(Self::One(Url::parse(text)?.origin));
        };
        let parent = Url::parse(&format!("{scheme}://{rest}"))?.origin;
        // `*.com` would be a wildcard over other people's names, and below an address there are none.
        if !parent.host.contains('.') || parent.host.parse::<IpAddr>().is_ok() {
            return Err(NotAUrl::Below);
        }
        Ok(Self::Below(parent))
    }

    pub(crate) fn contain(&self, origin: &Origin) -> bool {
        match self {
            Self::One(server) => server == origin,
            Self::Below(parent) => {
                let labels = origin.host.strip_suffix(&parent.host);
                // A host has no empty label: what ends with a dot is at least one whole label before it.
                let below = labels.is_some_and(|labels| labels.ends_with('.'));
                below && (parent.scheme, parent.port) == (origin.scheme, origin.port)
            }
        }
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(server) => server.fmt(f),
            Self::Below(parent) => write!(f, "{}://*.{}", parent.scheme.as_str(), parent.authority()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_hosts_below_its_name_and_nothing_else() {
        for (configured, url, contained) in [
            ("https://*.example.com:5986", "https://srv01.example.com:5986/wsman", true),
            ("https://*.example.com:5986", "https://SRV01.Example.com:5986/", true),
            ("https://*.example.com:5986", "https://srv01.berlin.example.com:5986/", true),
            ("https://*.Example.COM:5986/", "https://srv01.example.com:5986/", true),
            ("https://*.example.com", "https://srv01.example.com:443/", true),
            ("http://*.example.com", "http://srv01.example.com/", true),
            ("https://*.example.com:5986", "https://example.com:5986/", false),
            ("https://*.example.com:5986", "https://srv01example.com:5986/", false),
            ("https://*.example.com:5986", "https://srv01.example.com.evil.org:5986/", false),
            ("https://*.example.com:5986", "https://evil.org:5986/?.example.com", false),
            ("https://*.example.com:5986", "https://srv01.example.com/", false),
            ("https://*.example.com:5986", "https://srv01.example.com:5985/", false),
            ("https://*.example.com:5986", "http://srv01.example.com:5986/", false),
            ("https://*.example.com:5986", "https://10.0.0.5:5986/", false),
            // A `*` that is not at the start of the host is no pattern.
            ("https://example.com/?u=http://*.evil.org", "https://example.com/", true),
            ("https://example.com/?u=http://*.evil.org", "http://a.evil.org/", false),
            ("https://example.com/?u=http://*.evil.org", "https://a.example.com/", false),
            ("https://example.com/*.evil.org", "https://a.example.com/", false),
        ] {
            let origin = Url::parse(url).unwrap().origin;
            assert_eq!(Servers::read(configured).unwrap().contain(&origin), contained, "{configured}: {url}");
        }
    }

    #[test]
    fn a_pattern_too_wide_or_in_the_wrong_place_is_refused() {
        for (text, reason) in [
            ("https://*.com:5986", NotAUrl::Below),
            ("https://*.localhost", NotAUrl::Below),
            ("https://*.10.0.0.1", NotAUrl::Below),
            ("https://*.[2001:db8::1]", NotAUrl::Below),
            ("https://*.[::ffff:10.0.0.1]", NotAUrl::Below),
            ("https://*", NotAUrl::Host),
            ("https://*.", NotAUrl::Host),
            ("https://*:5986", NotAUrl::Host),
            ("https://*example.com", NotAUrl::Host),
            ("https://srv*.example.com", NotAUrl::Host),
            ("https://a.*.example.com", NotAUrl::Host),
            ("https://*.*.example.com", NotAUrl::Host),
            ("https://*.example.*", NotAUrl::Host),
            ("https://*.0.0.1", NotAUrl::Host),
            ("https://*..example.com", NotAUrl::Host),
            ("https://*.example.com.", NotAUrl::Host),
            ("https://*.example.com@evil.org", NotAUrl::User),
            ("https://*.example.com:*", NotAUrl::Port),
            ("*://*.example.com", NotAUrl::Scheme),
            ("*.example.com", NotAUrl::Scheme),
        ] {
            assert_eq!(Servers::read(text).unwrap_err(), reason, "{text}");
        }
        for request in ["https://*.example.com/", "https://*/"] {
            assert_eq!(Url::parse(request), Err(NotAUrl::Host), "{request}");
        }
    }
}
