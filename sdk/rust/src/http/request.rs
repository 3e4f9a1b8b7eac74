use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::Response;
use crate::{
    Failure, UpstreamError,
    bindings::connector::palisade::plugin::http::{self as wire, Authorization},
    host,
};

/// Everything but the unreserved characters of RFC 3986 section 2.3. A secret's placeholder has only those.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A segment may also have a colon (RFC 3986 section 3.3), as IPv6 addresses do.
const NOT_IN_SEGMENT: &AsciiSet = &RESERVED.remove(b':');

/// Starts requests.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    _private: (),
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { _private: () }
    }

    /// A `GET` of this absolute URL.
    pub fn get(self, url: impl Into<String>) -> Request {
        Request::new("GET", url.into())
    }

    /// A `POST` to this absolute URL.
    pub fn post(self, url: impl Into<String>) -> Request {
        Request::new("POST", url.into())
    }

    /// A `PUT` to this absolute URL.
    pub fn put(self, url: impl Into<String>) -> Request {
        Request::new("PUT", url.into())
    }

    /// A `PATCH` of this absolute URL.
    pub fn patch(self, url: impl Into<String>) -> Request {
        Request::new("PATCH", url.into())
    }

    /// A `DELETE` of this absolute URL.
    pub fn delete(self, url: impl Into<String>) -> Request {
        Request::new("DELETE", url.into())
    }
}

/// A request under construction.
///
/// Methods that take text also take a [`Secret`](crate::connector::Secret): the host puts the secret in place of its
/// placeholder where the connector declared it.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    wire: wire::Request,
    /// What could not be encoded; told by `send`, so that a request reads as one chain.
    broken: Option<String>,
}

impl Request {
    fn new(method: &str, url: String) -> Self {
        let wire = wire::Request {
            method: method.to_owned(),
            url,
            headers: Vec::new(),
            authorization: None,
            body: Vec::new(),
            timeout_ms: None,
        };
        Self { wire, broken: None }
    }

    /// Appends a fixed path, such as `/api/now/table`. Comes before any `query`.
    pub fn path(mut self, path: &str) -> Self {
        self.wire.url.truncate(self.wire.url.trim_end_matches('/').len());
        self.wire.url.push('/');
        self.wire.url.push_str(path.trim_start_matches('/'));
        self
    }

    /// Appends one segment to the path, percent-encoded. Comes before any `query`.
    pub fn segment(self, segment: impl AsRef<str>) -> Self {
        let segment = segment.as_ref();
        // `.` and `..` would still walk the path after encoding, because `.` is unreserved.
        if matches!(segment, "" | "." | "..") {
            let broken = Some(format!("`{segment}` cannot be a part of a path"));
            return Self { broken, ..self };
        }
        let encoded = utf8_percent_encode(segment, NOT_IN_SEGMENT).to_string();
        self.path(&encoded)
    }

    /// Appends one query parameter, percent-encoded.
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.wire.url.push(if self.wire.url.contains('?') { '&' } else { '?' });
        push_pair(&mut self.wire.url, name, value.as_ref());
        self
    }

    /// Adds a header field.
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.wire.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// HTTP Basic authentication (RFC 7617).
    pub fn basic(mut self, user: &str, password: impl AsRef<str>) -> Self {
        self.wire.authorization = Some(Authorization::Basic((user.to_owned(), password.as_ref().to_owned())));
        self
    }

    /// A Bearer token (RFC 6750).
    pub fn bearer(mut self, token: impl AsRef<str>) -> Self {
        self.wire.authorization = Some(Authorization::Bearer(token.as_ref().to_owned()));
        self
    }

    /// A JSON body, with its content type.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body("application/json", body),
            Err(error) => {
                self.broken = Some(format!("the body is no JSON: {error}"));
                self
            }
        }
    }

    /// A body of form fields, with its content type.
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut body = String::new();
        for (name, value) in fields {
            if !body.is_empty() {
                body.push('&');
            }
            push_pair(&mut body, name, value);
        }
        self.body("application/x-www-form-urlencoded", body)
    }

    /// A body of this content type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.wire.body = body.into();
        self.header("content-type", content_type)
    }

    /// Until when the whole response must be here; the host caps it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.wire.timeout_ms = Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Sends the request and waits for its response, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Failure::Denied`] when the policy forbids it, [`Failure::Unavailable`] when there is no response (in time, or
    /// from a server that proves to be the right one), [`Failure::Upstream`] when the response is too large, and
    /// [`Failure::InvalidParameters`] when this is no valid request.
    pub fn send(self) -> Result<Response, Failure> {
        if let Some(broken) = self.broken {
            return Err(Failure::InvalidParameters(broken));
        }
        let response = host::http::send(&self.wire).map_err(|error| match error {
            wire::Error::Denied(message) => Failure::Denied(message),
            wire::Error::Invalid(message) => Failure::InvalidParameters(message),
            wire::Error::Unreachable(message) | wire::Error::Tls(message) | wire::Error::Timeout(message) => {
                Failure::Unavailable(message)
            }
            wire::Error::TooLarge(message) => Failure::Upstream(UpstreamError { http_status: None, message }),
        })?;
        Ok(Response::from(response))
    }
}

fn push_pair(text: &mut String, name: &str, value: &str) {
    text.extend(utf8_percent_encode(name, RESERVED));
    text.push('=');
    text.extend(utf8_percent_encode(value, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::Failure;

    #[test]
    fn a_parameter_cannot_leave_its_place_in_the_url() {
        let request = Client::new()
            .get("https://api.example.com/")
            .path("/v1/domains")
            .segment("a/../b?c#d")
            .query("q", "x&y=z ü");
        assert_eq!(
            request.wire.url,
            "https://api.example.com/v1/domains/a%2F..%2Fb%3Fc%23d?q=x%26y%3Dz%20%C3%BC"
        );

        let walk = Client::new().get("https://api.example.com/v1").segment("..").send();
        assert_eq!(walk.err(), Some(Failure::invalid("`..` cannot be a part of a path")));
    }

    #[test]
    fn a_form_is_encoded() {
        let request =
            Client::new().post("https://x.example/token").form([("grant_type", "password"), ("u", "a+b")]);
        assert_eq!(request.wire.body, b"grant_type=password&u=a%2Bb");
    }
}
