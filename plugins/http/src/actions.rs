//! What the connector can do.

use std::collections::BTreeMap;

use palisade_sdk::{
    Failure, UpstreamError,
    connector::{Call, Done},
    http::{Request, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Configuration;

/// How many bytes of an answer are returned: the host takes a report of 4 MiB, and JSON grows as it is written again.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What is asked of the API.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Ask {
    /// Path below the asset's base URL, not encoded, for example `/users/42`; no `..`, no query.
    #[serde(default)]
    location: String,
    /// Parameters of the query, not encoded.
    #[serde(default)]
    query: BTreeMap<String, String>,
    /// More header fields.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// The same, with a body.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AskWithBody {
    /// Path below the asset's base URL, not encoded, for example `/users/42`; no `..`, no query.
    #[serde(default)]
    location: String,
    /// Parameters of the query, not encoded.
    #[serde(default)]
    query: BTreeMap<String, String>,
    /// More header fields.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Any JSON value; none without it.
    body: Option<Value>,
}

/// What the API answered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// HTTP status.
    status: u16,
    /// Content type, as the API names it.
    content_type: Option<String>,
    /// The body as JSON; null if it is none.
    json: Value,
    /// The body as text, if it is not JSON.
    text: Option<String>,
}

pub(crate) fn get(call: &Call<Configuration>, ask: Ask) -> Result<Done<Answer>, Failure> {
    let request = call.http().get(&call.configuration.base_url);
    send(call, request, &ask.location, ask.query, ask.headers, None)
}

pub(crate) fn post(call: &Call<Configuration>, ask: AskWithBody) -> Result<Done<Answer>, Failure> {
    change(call, call.http().post(&call.configuration.base_url), ask)
}

pub(crate) fn put(call: &Call<Configuration>, ask: AskWithBody) -> Result<Done<Answer>, Failure> {
    change(call, call.http().put(&call.configuration.base_url), ask)
}

pub(crate) fn patch(call: &Call<Configuration>, ask: AskWithBody) -> Result<Done<Answer>, Failure> {
    change(call, call.http().patch(&call.configuration.base_url), ask)
}

pub(crate) fn delete(call: &Call<Configuration>, ask: AskWithBody) -> Result<Done<Answer>, Failure> {
    change(call, call.http().delete(&call.configuration.base_url), ask)
}

pub(crate) fn test_connectivity(call: &Call<Configuration>) -> Result<Done<Answer>, Failure> {
    let request = call.http().get(&call.configuration.base_url);
    send(call, request, &call.configuration.test_location, BTreeMap::new(), BTreeMap::new(), None)
}

fn change(call: &Call<Configuration>, request: Request, ask: AskWithBody) -> Result<Done<Answer>, Failure> {
    let request = match &call.configuration.idempotency_header {
        Some(name) => request.header(name, &call.idempotency_key),
        None => request,
    };
    send(call, request, &ask.location, ask.query, ask.headers, ask.body)
}

fn send(
    call: &Call<Configuration>,
    request: Request,
    location: &str,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
) -> Result<Done<Answer>, Failure> {
    let mut request = at(request, location);
    for (name, value) in query {
        request = request.query(&name, value);
    }
    for (name, value) in headers {
        request = request.header(checked(call, &name)?, value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let request = request.header("accept", "application/json");
    let response = call.configuration.authenticate(request)?.send()?.ok()?;
    let status = response.status;
    Ok(Done::success(format!("The API answered with status {status}."), Answer::new(&response)?)
        .fact("status", status))
}

/// The request to a place below its URL. Each segment is encoded, so that no text from an alert leads elsewhere.
fn at(mut request: Request, location: &str) -> Request {
    let path = location.strip_prefix('/').unwrap_or(location);
    if path.is_empty() {
        return request;
    }
    let (path, slash) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
    for segment in path.split('/') {
        request = request.segment(segment);
    }
    // To some APIs the last slash matters.
    if slash { request.path("") } else { request }
}

/// A header field that is not the asset's business.
fn checked<'n>(call: &Call<Configuration>, name: &'n str) -> Result<&'n str, Failure> {
    let lower = name.to_ascii_lowercase();
    let idempotency = call.configuration.idempotency_header.as_deref().unwrap_or_default();
    let taken = matches!(lower.as_str(), "accept" | "content-type" | "cookie")
        || crate::configuration::SECRET_HEADERS.contains(&lower.as_str())
        || lower == idempotency.to_ascii_lowercase();
    if taken {
        return Err(Failure::invalid(format!("the header `{name}` is set by the asset, not by an action")));
    }
    Ok(name)
}

impl Answer {
    fn new(response: &Response) -> Result<Self, Failure> {
        if response.body.len() > ANSWER_BYTES_MAX {
            return Err(Failure::Upstream(UpstreamError {
                http_status: Some(response.status),
                message: format!("the answer has more than {ANSWER_BYTES_MAX} bytes"),
            }));
        }
        let content_type = response.header("content-type").map(str::to_owned);
        let says_json = content_type.as_deref().is_some_and(is_json);
        let (json, text) = match response.json() {
            Ok(json) => (json, None),
            Err(_) if response.body.is_empty() => (Value::Null, None),
            Err(failure) if says_json => return Err(failure),
            Err(_) => (Value::Null, Some(response.text())),
        };
        Ok(Self { status: response.status, content_type, json, text })
    }
}

/// `application/json`, or a type with the suffix `+json` (RFC 6839).
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || media_type.ends_with("+json")
}
