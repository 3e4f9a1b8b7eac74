//! One HTTP request as a simulator sees it, and its answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

/// One whole request.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Host of the request in lower case, without port.
    pub(crate) host: String,
    /// Path, still percent-encoded.
    pub(crate) path: String,
    /// Query without `?`, still percent-encoded; empty for none.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// The first query parameter of this name, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form(&self.query).find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The segments of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let decode = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        self.path.split('/').skip(1).map(decode).collect()
    }

    /// The value of this header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The content type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next()?.trim().to_ascii_lowercase())
    }

    /// User and password of Basic authentication (RFC 7617).
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.credentials("basic")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// The token of Bearer authentication (RFC 6750).
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.credentials("bearer")
    }

    fn credentials(&self, scheme: &str) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (named, credentials) = value.split_once(' ')?;
        named.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
    }
}

/// The pairs of an `application/x-www-form-urlencoded` text, decoded.
pub(crate) fn form(text: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// One whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the credentials were right; nothing where none are asked for.
    pub(crate) authenticated: Option<bool>,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Answer { status, headers, body: body.into(), authenticated: None }
    }

    pub(crate) fn empty(status: StatusCode) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: Bytes::new(), authenticated: None }
    }

    pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Answer {
        Answer::new(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// For what the vendor can and the lab cannot, so that nobody mistakes a gap of the lab for the vendor.
    pub(crate) fn not_played(what: &str) -> Answer {
        let text = format!("The lab does not play this: {what}.\n");
        Answer::new(StatusCode::NOT_IMPLEMENTED, "text/plain", text)
    }

    /// Adds a header; a value that HTTP cannot carry is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    pub(crate) fn authenticated(mut self, right: bool) -> Answer {
        self.authenticated = Some(right);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_text_is_decoded() {
        let pairs: Vec<_> = form("query=hostname%3Aa.b+c&flag&x=1=2").collect();
        let expected = [("query", "hostname:a.b c"), ("flag", ""), ("x", "1=2")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
