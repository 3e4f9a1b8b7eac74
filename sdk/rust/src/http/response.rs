use serde::de::DeserializeOwned;

use super::retry_after;
use crate::{Failure, RateLimit, UpstreamError, bindings::connector::palisade::plugin::http as wire, clock};

/// How much of a system's own words a failure keeps, in characters: enough for a sentence, not for a page.
const WORDS_CHARS_MAX: usize = 300;

/// One response, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl From<wire::Response> for Response {
    fn from(response: wire::Response) -> Self {
        Self { status: response.status, headers: response.headers, body: response.body }
    }
}

impl Response {
    /// The first header field of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All header fields of this name, in lower case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON of this type.
    ///
    /// # Errors
    ///
    /// [`Failure::Upstream`] when it is not.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::Upstream(UpstreamError {
                http_status: Some(self.status),
                message: format!("the answer is not the JSON it should be: {error}"),
            })
        })
    }

    /// This response, if its status is a success; the beginning of the body is the failure's message,
    /// if it is text.
    ///
    /// # Errors
    ///
    /// [`Failure::Authentication`] for 401 and 403, [`Failure::NotFound`] for 404, [`Failure::RateLimited`] for 429,
    /// [`Failure::Upstream`] for any other status below 200 or above 299.
    pub fn ok(self) -> Result<Self, Failure> {
        self.ok_or_words(|_| None)
    }

    /// Like [`ok`](Self::ok), but `words` finds the system's own words in the body of an error.
    ///
    /// # Errors
    ///
    /// As [`ok`](Self::ok).
    pub fn ok_or_words(self, words: impl FnOnce(&Self) -> Option<String>) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let message = shorten(&words(&self).unwrap_or_else(|| self.plain_words()));
        Err(match self.status {
            401 | 403 => Failure::Authentication(message),
            404 => Failure::NotFound(message),
            429 => Failure::RateLimited(RateLimit { retry_after_ms: self.retry_after_ms(), message }),
            status => Failure::Upstream(UpstreamError { http_status: Some(status), message }),
        })
    }

    /// The body, unless it is a page for a browser or empty.
    fn plain_words(&self) -> String {
        let text = self.text();
        match text.trim_start().bytes().next() {
            None | Some(b'<') => "no reason given".to_owned(),
            Some(_) => text,
        }
    }

    fn retry_after_ms(&self) -> Option<u64> {
        retry_after::milliseconds(self.header("retry-after")?, clock::now_ms)
    }
}

/// One line of at most [`WORDS_CHARS_MAX`] characters.
fn shorten(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::Response;
    use crate::{Failure, RateLimit};

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: body.into() }
    }

    #[test]
    fn statuses_become_typed_failures() {
        assert!(response(204, &[], "").ok().is_ok());
        assert_eq!(response(403, &[], "no").ok().err(), Some(Failure::Authentication("no".into())));
        for page in ["", "<html>Not here</html>"] {
            assert_eq!(
                response(404, &[], page).ok().err(),
                Some(Failure::NotFound("no reason given".into()))
            );
        }
        assert_eq!(
            response(429, &[("retry-after", "7")], "slow\n down").ok().err(),
            Some(Failure::RateLimited(RateLimit {
                retry_after_ms: Some(7_000),
                message: "slow down".into()
            }))
        );
        assert!(matches!(
            response(500, &[], &"ü".repeat(500)).ok(),
            Err(Failure::Upstream(error)) if error.http_status == Some(500) && error.message.chars().count() == 301
        ));
    }
}
