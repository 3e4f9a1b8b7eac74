//! The host's HTTP API, as the commands call it.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use palisade_sources::{Fetched, innermost, is_this_machine};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    error::Error,
    limits::{ANSWER_BYTES, CONNECT_TIME, REQUEST_TIME, TRANSFER_TIME},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");
const WASM: HeaderValue = HeaderValue::from_static("application/wasm");

/// A connection to one host, with one token.
pub(crate) struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
}

/// What a request carries.
struct Content {
    headers: HeaderMap,
    bytes: Bytes,
}

impl Content {
    fn new(kind: HeaderValue, bytes: Bytes) -> Self {
        Self { headers: [(CONTENT_TYPE, kind)].into_iter().collect(), bytes }
    }
}

/// What the host answered, for programs as it is and for people to be read.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Answer {
    value: Value,
    #[serde(skip)]
    url: String,
}

/// A problem document (RFC 9457), as far as a person reads it.
#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    /// The host's own member: which part of the request it is about (RFC 6901).
    #[serde(default)]
    pointer: String,
}

impl Client {
    /// A client for the host at this URL.
    pub(crate) fn new(url: &str, token: &str) -> Result<Self, Error> {
        let unusable = |reason| Error::Url { url: url.to_owned(), reason };
        let uri: Uri = url.parse().map_err(|_| unusable("it is no URL"))?;
        if uri.scheme_str() != Some("http") {
            return Err(unusable(
                "it does not begin with http://; reach a distant host through an SSH tunnel",
            ));
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| unusable("the token for it is not plain text"))?;
        authorization.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIME));
        let http = Http::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, base: url.trim_end_matches('/').to_owned(), authorization })
    }

    /// Whether what is sent stays on this machine.
    pub(crate) fn is_on_this_machine(&self) -> bool {
        let uri = self.base.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
        is_this_machine(host)
    }

    /// Where the host is.
    pub(crate) fn url(&self) -> &str {
        &self.base
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.send(Method::GET, path, None, REQUEST_TIME).await
    }

    /// Puts something in its place.
    pub(crate) async fn put(&self, path: &str, value: &impl Serialize) -> Result<Answer, Error> {
        self.send(Method::PUT, path, Some(Content::new(JSON, self.encode(value)?)), REQUEST_TIME).await
    }

    /// Asks the host to do something, within a time.
    pub(crate) async fn post(
        &self,
        path: &str,
        value: &impl Serialize,
        within: Duration,
    ) -> Result<Answer, Error> {
        self.send(Method::POST, path, Some(Content::new(JSON, self.encode(value)?)), within).await
    }

    /// Asks the host to do something that needs no words, within a time.
    pub(crate) async fn post_nothing(&self, path: &str, within: Duration) -> Result<Answer, Error> {
        self.send(Method::POST, path, None, within).await
    }

    /// Sends the journal of a run, within a time that lets a slow line carry it.
    pub(crate) async fn post_journal(&self, path: &str, journal: Vec<u8>) -> Result<Answer, Error> {
        self.send(Method::POST, path, Some(Content::new(NDJSON, journal.into())), TRANSFER_TIME).await
    }

    /// Asks for something of any length, and hands it on as it comes. The host may pause between two pieces for as long
    /// as it may take for an answer.
    pub(crate) async fn download(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let late = |_| Error::Late { url: self.base.clone(), after: REQUEST_TIME };
        let request = self.request(Method::GET, path, None);
        let mut response = tokio::time::timeout(REQUEST_TIME, request).await.map_err(late)??;
        if !response.status().is_success() {
            let status = response.status();
            let body =
                tokio::time::timeout(REQUEST_TIME, self.whole(path, response)).await.map_err(late)??;
            return Err(problem(status, &body));
        }
        while let Some(frame) =
            tokio::time::timeout(REQUEST_TIME, response.body_mut().frame()).await.map_err(late)?
        {
            let frame = frame.map_err(|error| self.unreadable(path, error))?;
            frame.data_ref().map_or(Ok(()), |bytes| take(bytes))?;
        }
        Ok(())
    }

    /// Sends an alert as its source wrote it.
    pub(crate) async fn post_alert(&self, path: &str, alert: Vec<u8>) -> Result<Answer, Error> {
        self.send(Method::POST, path, Some(Content::new(JSON, alert.into())), REQUEST_TIME).await
    }

    /// Sends events as their source wrote them, within a time that lets a slow line carry them.
    pub(crate) async fn post_events(&self, path: &str, events: Vec<u8>) -> Result<Answer, Error> {
        self.send(Method::POST, path, Some(Content::new(NDJSON, events.into())), TRANSFER_TIME).await
    }

    /// Sends a component with its signature and its source, within a time that lets the host compile it.
    pub(crate) async fn post_component(
        &self,
        path: &str,
        component: &Fetched,
        within: Duration,
    ) -> Result<Answer, Error> {
        let url = format!("{}{path}", self.base);
        let unusable = |_| Error::Url { url: url.clone(), reason: "the source cannot stand in a request" };
        let mut content = Content::new(WASM, component.component.clone());
        content
            .headers
            .insert("palisade-source", HeaderValue::from_str(&component.source).map_err(unusable)?);
        if let Some(signature) = &component.signature {
            let signature = BASE64_STANDARD.encode(signature);
            content
                .headers
                .insert("palisade-signature", HeaderValue::from_str(&signature).map_err(unusable)?);
        }
        self.send(Method::POST, path, Some(content), within).await
    }

    /// Removes something.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.send(Method::DELETE, path, None, REQUEST_TIME).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content: Option<Content>,
        within: Duration,
    ) -> Result<Answer, Error> {
        let late = |_| Error::Late { url: self.base.clone(), after: within };
        tokio::time::timeout(within, self.exchange(method, path, content)).await.map_err(late)?
    }

    async fn exchange(&self, method: Method, path: &str, content: Option<Content>) -> Result<Answer, Error> {
        let response = self.request(method, path, content).await?;
        let status = response.status();
        let body = self.whole(path, response).await?;
        if !status.is_success() {
            return Err(problem(status, &body));
        }
        let url = format!("{}{path}", self.base);
        if body.is_empty() {
            return Ok(Answer { value: Value::Null, url });
        }
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(Answer { value, url }),
            Err(error) => Err(Error::Answer { url, source: Box::new(error) }),
        }
    }

    /// Sends a request, and returns when the header of the answer is there.
    async fn request(
        &self,
        method: Method,
        path: &str,
        content: Option<Content>,
    ) -> Result<Response<Incoming>, Error> {
        let url = format!("{}{path}", self.base);
        let mut request =
            Request::builder().method(method).uri(&url).header(AUTHORIZATION, self.authorization.clone());
        let mut body = Bytes::new();
        if let Some(content) = content {
            if let Some(headers) = request.headers_mut() {
                headers.extend(content.headers);
            }
            body = content.bytes;
        }
        let request = request
            .body(Full::new(body))
            .map_err(|_| Error::Url { url: url.clone(), reason: "it is no URL" })?;

        self.http
            .request(request)
            .await
            .map_err(|error| Error::Unreachable { url: self.base.clone(), reason: innermost(&error) })
    }

    /// The whole body of an answer.
    async fn whole(&self, path: &str, response: Response<Incoming>) -> Result<Bytes, Error> {
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
        Ok(body.map_err(|error| self.unreadable(path, error))?.to_bytes())
    }

    fn unreadable(&self, path: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Answer { url: format!("{}{path}", self.base), source: error.into() }
    }

    fn encode(&self, value: &impl Serialize) -> Result<Bytes, Error> {
        let bytes = serde_json::to_vec(value);
        Ok(bytes.map_err(|error| Error::Answer { url: self.base.clone(), source: Box::new(error) })?.into())
    }
}

impl Answer {
    /// The answer for a person, while a program may still get it as it is.
    pub(crate) fn look<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.value)
            .map_err(|error| Error::Answer { url: self.url.clone(), source: Box::new(error) })
    }

    /// The answer as the API describes it.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_json::from_value(self.value)
            .map_err(|error| Error::Answer { url: self.url, source: Box::new(error) })
    }
}

fn problem(status: StatusCode, body: &[u8]) -> Error {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let words = problem.and_then(|Problem { title, detail, pointer }| {
        let words = detail.or(title)?;
        Some(if pointer.is_empty() { words } else { format!("{pointer}: {words}") })
    });
    let detail = words.unwrap_or_else(|| format!("the host answered {status}"));
    Error::Problem { status: status.as_u16(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_speaks_in_the_hosts_words() {
        let body = br#"{"type":"about:blank","title":"Not Found","status":404,"detail":"there is no run 9"}"#;
        assert_eq!(problem(StatusCode::NOT_FOUND, body).to_string(), "there is no run 9");
        let body = br#"{"title":"Wrong","detail":"it is empty","pointer":"/name"}"#;
        assert_eq!(problem(StatusCode::UNPROCESSABLE_ENTITY, body).to_string(), "/name: it is empty");
        assert_eq!(problem(StatusCode::NOT_FOUND, b"<html>").to_string(), "the host answered 404 Not Found");
    }

    #[test]
    fn only_plain_http_urls_are_taken() {
        assert!(Client::new("http://[::1]:7300/", "t").unwrap().is_on_this_machine());
        assert!(!Client::new("http://192.0.2.7:7300", "t").unwrap().is_on_this_machine());
        for bad in ["https://example.com", "127.0.0.1:7300", "not a url", ""] {
            assert!(matches!(Client::new(bad, "t"), Err(Error::Url { .. })), "{bad} was taken");
        }
    }
}
