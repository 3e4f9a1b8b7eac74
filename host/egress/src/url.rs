//! URLs and host names, read strictly.
//!
//! What the policy judges must be what the connection is made to, so there is one reading of a URL and it has no second
//! opinion: no user name, no backslash, no spelling of an IP address but its canonical one, no name outside ASCII.

use std::net::{Ipv4Addr, Ipv6Addr};

use palisade_model::limits::URL_BYTES;

/// Bytes of a host name (RFC 1035, section 2.3.4, in text form).
const HOST_BYTES: usize = 253;
/// Bytes of one label of a host name (RFC 1035, section 2.3.4).
const LABEL_BYTES: usize = 63;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In plain.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As a URL begins.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where a server is: what the policy grants, what a connection is made to, what a redirect may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// Lower case; an IPv6 address stands without brackets.
    pub host: String,
    /// The port, also if it is the scheme's own.
    pub port: u16,
}

impl Origin {
    /// `host`, or `host:port` where the port is not the scheme's own.
    pub fn authority(&self) -> String {
        let host = bracketed(&self.host);
        if self.port == self.scheme.port() { host } else { format!("{host}:{}", self.port) }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

/// An absolute URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Where.
    pub origin: Origin,
    /// As it was written; starts with `/`.
    pub path: String,
    /// As it was written, without the `?`.
    pub query: Option<String>,
}

/// Why a text is not a URL or a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAUrl {
    /// Longer than [`URL_BYTES`].
    #[error("it is longer than {URL_BYTES} bytes")]
    TooLong,
    /// Neither `https://` nor `http://` at its start.
    #[error("it does not start with https:// or http://")]
    Scheme,
    /// A character that RFC 3986 has no place for.
    #[error("it contains a character that must be percent-encoded")]
    Character,
    /// `user@` or `user:password@`.
    #[error("it contains a user name; credentials go into the authorization")]
    User,
    /// The port is not a number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// The host is neither a name of ASCII letters, digits, `-`, `_` and `.`, nor an IP address in its usual form.
    #[error("its host is neither an ASCII name nor an IP address in its usual form")]
    Host,
    /// A `*.` in the configuration stands before fewer than two labels, or before an IP address.
    #[error("what follows `*.` in it is not a name of two labels or more, such as example.com")]
    Below,
}

impl Url {
    /// Reads an absolute URL; a fragment is dropped, for it never leaves a client.
    ///
    /// # Errors
    ///
    /// [`NotAUrl`].
    pub fn parse(text: &str) -> Result<Self, NotAUrl> {
        if text.len() > URL_BYTES {
            return Err(NotAUrl::TooLong);
        }
        if !text.bytes().all(may_stand_in_a_url) {
            return Err(NotAUrl::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl::Scheme)?;
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            _ if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => return Err(NotAUrl::Scheme),
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(NotAUrl::User);
        }
        let (host, port) = host_and_port(authority)?;
        let origin = Origin { scheme, host, port: port.unwrap_or(scheme.port()) };

        let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (rest, None),
        };
        let path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
        Ok(Self { origin, path, query })
    }

    /// Reads what a `Location` header says, relative to this URL (RFC 9110, section 10.2.2).
    ///
    /// # Errors
    ///
    /// [`NotAUrl`].
    pub fn join(&self, location: &str) -> Result<Self, NotAUrl> {
        let origin = &self.origin;
        let first = location.find([':', '/', '?', '#']);
        if first.is_some_and(|at| location[at..].starts_with(':')) {
            Self::parse(location)
        } else if location.starts_with("//") {
            Self::parse(&format!("{}:{location}", origin.scheme.as_str()))
        } else if location.starts_with('/') {
            Self::parse(&format!("{origin}{location}"))
        } else if location.starts_with(['?', '#']) {
            Self::parse(&format!("{origin}{}{location}", self.path))
        } else {
            let folder = self.path.rfind('/').map_or("/", |slash| &self.path[..=slash]);
            Self::parse(&format!("{origin}{folder}{location}"))
        }
    }
}

/// Unreserved, reserved and `%` of RFC 3986; brackets only ever stand around an IPv6 address, which `host` checks, and
/// in queries, where many systems read them.
fn may_stand_in_a_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Reads `host` or `host:port`; an IPv6 address stands in brackets.
pub(crate) fn host_and_port(text: &str) -> Result<(String, Option<u16>), NotAUrl> {
    let bracket = text.rfind(']').unwrap_or(0);
    let (name, port) = match text.rfind(':') {
        Some(colon) if colon >= bracket => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    let port = port.map(parse_port).transpose()?;
    let name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inner) if inner.contains(':') => inner,
        Some(_) => return Err(NotAUrl::Host),
        None if name.contains(':') => return Err(NotAUrl::Host),
        None => name,
    };
    Ok((host(name)?, port))
}

fn parse_port(text: &str) -> Result<u16, NotAUrl> {
    // `u16::from_str` alone would take `+443`.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAUrl::Port);
    }
    text.parse().ok().filter(|&port| port != 0).ok_or(NotAUrl::Port)
}

/// Reads a host name or an IP address (IPv6 without brackets); the result is in lower case.
pub(crate) fn host(text: &str) -> Result<String, NotAUrl> {
    let name = text.to_ascii_lowercase();
    if name.contains(':') {
        let address: Ipv6Addr = name.parse().map_err(|_| NotAUrl::Host)?;
        return if address.to_string() == name { Ok(name) } else { Err(NotAUrl::Host) };
    }
    if name.len() > HOST_BYTES || !name.split('.').all(is_label) {
        return Err(NotAUrl::Host);
    }
    // A name that ends in a number is an IPv4 address to every resolver, in octal, in hexadecimal, with parts left
    // out (WHATWG URL, "ends in a number"). Only the canonical form is taken; Rust's parser knows no other.
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    if numeric && name.parse::<Ipv4Addr>().is_err() {
        return Err(NotAUrl::Host);
    }
    Ok(name)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The host as it stands before a port.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<String, NotAUrl> {
        Url::parse(text).map(|url| url.origin.to_string())
    }

    #[test]
    fn a_url_is_read_in_one_way() {
        let url = Url::parse("HTTPS://Api.Example.COM/a/../b?q=[1]&r#top").unwrap();
        assert_eq!(url.origin.to_string(), "https://api.example.com");
        assert_eq!((url.path.as_str(), url.query.as_deref()), ("/a/../b", Some("q=[1]&r")));
        assert_eq!(Url::parse("https://a?x").unwrap().path, "/");
        assert_eq!(origin("https://a:443/").unwrap(), "https://a");
        assert_eq!(origin("http://a:8080/").unwrap(), "http://a:8080");
        assert_eq!(origin("https://[2001:db8::1]:8443/").unwrap(), "https://[2001:db8::1]:8443");
        assert_eq!(origin("https://127.0.0.1").unwrap(), "https://127.0.0.1");
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (text, reason) in [
            ("ftp://a/", NotAUrl::Scheme),
            ("//a/", NotAUrl::Scheme),
            ("https:/a", NotAUrl::Scheme),
            ("https://api.example.com@evil.example/", NotAUrl::User),
            ("https://a:b@evil.example/", NotAUrl::User),
            ("https://api.example.com\\@evil.example/", NotAUrl::Character),
            ("https://evil.example\\.api.example.com/", NotAUrl::Character),
            ("https://a/\r\nX: y", NotAUrl::Character),
            ("https://a/ b", NotAUrl::Character),
            ("https://a\t.example/", NotAUrl::Character),
            ("https://bücher.example/", NotAUrl::Character),
            ("https://a%2eexample/", NotAUrl::Host),
            ("https:///path", NotAUrl::Host),
            ("https://", NotAUrl::Host),
            ("https://api.example.com./", NotAUrl::Host),
            ("https://.example.com/", NotAUrl::Host),
            ("https://a..b/", NotAUrl::Host),
            ("https://2130706433/", NotAUrl::Host),
            ("https://0x7f000001/", NotAUrl::Host),
            ("https://0x7f.1/", NotAUrl::Host),
            ("https://0177.0.0.1/", NotAUrl::Host),
            ("https://127.1/", NotAUrl::Host),
            ("https://127.0.0.01/", NotAUrl::Host),
            ("https://127.0.0.1./", NotAUrl::Host),
            ("https://[::ffff:7f00:1]/", NotAUrl::Host),
            ("https://[0:0:0:0:0:0:0:1]/", NotAUrl::Host),
            ("https://[fe80::1%25eth0]/", NotAUrl::Host),
            ("https://[127.0.0.1]/", NotAUrl::Host),
            ("https://[::1/", NotAUrl::Host),
            ("https://::1/", NotAUrl::Host),
            ("https://a:/", NotAUrl::Port),
            ("https://a:0/", NotAUrl::Port),
            ("https://a:+443/", NotAUrl::Port),
            ("https://a:65536/", NotAUrl::Port),
            ("https://a:443:443/", NotAUrl::Host),
        ] {
            assert_eq!(origin(text), Err(reason), "{text}");
        }
        assert_eq!(origin(&format!("https://a/{}", "x".repeat(URL_BYTES))), Err(NotAUrl::TooLong));
    }

    #[test]
    fn a_location_is_relative_to_the_url() {
        let base = Url::parse("https://a.example:8443/x/y?q").unwrap();
        for (location, expected) in [
            ("https://b.example/z", "https://b.example /z"),
            ("//b.example/z", "https://b.example /z"),
            ("/z?r#s", "https://a.example:8443 /z?r"),
            ("z", "https://a.example:8443 /x/z"),
            ("?r", "https://a.example:8443 /x/y?r"),
            ("to?u=https://b.example", "https://a.example:8443 /x/to?u=https://b.example"),
            ("/to?u=https://b.example", "https://a.example:8443 /to?u=https://b.example"),
        ] {
            let url = base.join(location).unwrap();
            let query = url.query.map(|query| format!("?{query}")).unwrap_or_default();
            assert_eq!(format!("{} {}{query}", url.origin, url.path), expected, "{location}");
        }
        assert_eq!(base.join("javascript:alert(1)"), Err(NotAUrl::Scheme));
    }
}
