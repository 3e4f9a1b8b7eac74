//! Cassettes: what a system was asked in one call of an action, what it answered, and what the connector made of it.
//!
//! A cassette is a JSON file beside the plugin, written by hand or recorded. Everything in it is as the connector sees it:
//! a secret is `[secret:FIELD]`, and what a connector keeps as confidential `[state:KEY]`, so that neither is ever in a
//! file. `docs/conformance.md` has an example of each part.

mod file;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use palisade_model::action::{Failure, ReportStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::file::CassetteError;
pub(crate) use self::file::{Case, Content};
use crate::labels::Labels;

/// One call of one action from its beginning to its end, however often it is called again for a pending job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    /// What the case is about, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Name of the action.
    pub action: String,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// The asset's configuration. A secret stands in it as `[secret:FIELD]`; those that the schema requires are always set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub configuration: Map<String, Value>,
    /// HTTP requests that must be sent, in this order, and what each gets back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// TCP streams that must be opened, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Conversation>,
    /// How the call must end.
    pub outcome: Expected,
}

/// One HTTP request, and what it gets back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// What it gets back.
    pub response: Answer,
}

/// A request as a connector gives it to the host. In each text of it `[any]` stands for any text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// Header fields that it must have; others do not matter. Names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Credentials of the `Authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Its body; without one it must be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// Credentials of the `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Authorization {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A bearer token (RFC 6750).
    Bearer(String),
}

/// A body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a body is a text, {\"json\": …}, {\"base64\": \"…\"} or, in a request, {\"contains\": [\"…\"]}"
)]
pub enum Body {
    /// This text.
    Text(String),
    /// This JSON value, however it is written.
    Json {
        /// The value.
        json: Value,
    },
    /// These bytes.
    Base64 {
        /// In Base64 (RFC 4648).
        base64: String,
    },
    /// Of a request: each of these texts, somewhere.
    Contains {
        /// The texts.
        contains: Vec<String>,
    },
}

/// What a request gets back: a response, or the word for having none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a response is {\"status\": …, \"headers\": {…}, \"body\": …}, \"timeout\", \"reset\" or \"unreachable\""
)]
pub enum Answer {
    /// A response.
    Response(Response),
    /// None.
    Nothing(Nothing),
}

/// A response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Its body; a JSON value is sent as `application/json` unless the header fields say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nothing {
    /// It does not come in time.
    Timeout,
    /// The connection ends before it.
    Reset,
    /// There is no connection.
    Unreachable,
}

/// A TCP stream, turn by turn; after the last turn the server ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Host that it is opened to.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The turns.
    pub turns: Vec<Turn>,
}

/// One turn of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Turn {
    /// The stream becomes TLS.
    Tls,
    /// The connector must send this.
    Sends(Bytes),
    /// The server sends this.
    Answers(Bytes),
    /// The connector sends whatever it sends, at least a byte; for bytes that differ each time, or that hold a secret.
    Anything,
}

/// Bytes of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "bytes are a text or {\"base64\": \"…\"}")]
pub enum Bytes {
    /// This text; in what is sent, `[any]` stands for any text.
    Text(String),
    /// These bytes.
    Base64 {
        /// In Base64 (RFC 4648).
        base64: String,
    },
}

/// How a call must end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Expected {
    /// With this report.
    Done(ExpectedReport),
    /// With a failure of this kind.
    Failure(FailureKind),
}

/// A report; what is left out does not matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedReport {
    /// Its verdict.
    pub status: ReportStatus,
    /// Its sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its facts: these, and perhaps more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Value>,
    /// What it found: these fields of each object, and perhaps more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// Kinds of failure, in the words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The parameters cannot be used.
    InvalidParameters,
    /// The system refused the credentials or the permission.
    Authentication,
    /// There is no such thing.
    NotFound,
    /// Too many calls.
    RateLimited,
    /// The system's answer is an error or makes no sense.
    Upstream,
    /// The system cannot be reached.
    Unavailable,
    /// The policy forbids it.
    Denied,
    /// A person ended it.
    Cancelled,
    /// The plugin broke.
    Plugin,
}

impl FailureKind {
    /// The kind of a failure.
    pub fn of(failure: &Failure) -> Self {
        match failure {
            Failure::InvalidParameters { .. } => Self::InvalidParameters,
            Failure::Authentication { .. } => Self::Authentication,
            Failure::NotFound { .. } => Self::NotFound,
            Failure::RateLimited { .. } => Self::RateLimited,
            Failure::Upstream { .. } => Self::Upstream,
            Failure::Unavailable { .. } => Self::Unavailable,
            Failure::Denied { .. } => Self::Denied,
            Failure::Cancelled { .. } => Self::Cancelled,
            Failure::Plugin { .. } => Self::Plugin,
        }
    }

    /// The word for it, as the contract and a cassette write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidParameters => "invalid-parameters",
            Self::Authentication => "authentication",
            Self::NotFound => "not-found",
            Self::RateLimited => "rate-limited",
            Self::Upstream => "upstream",
            Self::Unavailable => "unavailable",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Plugin => "plugin",
        }
    }
}

impl Cassette {
    /// The same cassette with values in place of its labels.
    pub(crate) fn filled(&self, labels: &Labels) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&labels.fill(&serde_json::to_string(self)?))
    }
}

impl Content for Cassette {
    fn check(&self) -> Result<(), String> {
        for (number, exchange) in (1..).zip(&self.exchanges) {
            let here = |why: String| format!("exchange {number}: {why}");
            if let Some(body) = &exchange.request.body {
                body.check().map_err(here)?;
            }
            if let Answer::Response(response) = &exchange.response {
                if !(200..600).contains(&response.status) {
                    return Err(here(format!("{} is no status of a response", response.status)));
                }
                match &response.body {
                    Some(Body::Contains { .. }) => return Err(here("a response says its whole body".into())),
                    Some(body) => body.check().map_err(here)?,
                    None => {}
                }
            }
        }
        for (number, stream) in (1..).zip(&self.streams) {
            for turn in &stream.turns {
                if let Turn::Sends(bytes) | Turn::Answers(bytes) = turn {
                    bytes.read().map_err(|why| format!("stream {number}: {why}"))?;
                }
            }
        }
        Ok(())
    }
}

impl Body {
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Base64 { base64 } => read_base64(base64).map(drop),
            _ => Ok(()),
        }
    }

    /// The bytes of a body that is sent back.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Json { json } => json.to_string().into_bytes(),
            Self::Base64 { base64 } => read_base64(base64).unwrap_or_default(),
            Self::Contains { .. } => Vec::new(),
        }
    }

    /// These bytes as a body, in the form that a person can read best.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => match serde_json::from_str::<Value>(text) {
                Ok(json @ (Value::Object(_) | Value::Array(_))) => Self::Json { json },
                _ => Self::Text(text.to_owned()),
            },
            Err(_) => Self::Base64 { base64: STANDARD.encode(bytes) },
        })
    }
}

impl Bytes {
    /// The bytes.
    ///
    /// # Errors
    ///
    /// If they are said in something that is no Base64.
    pub(crate) fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64 { base64 } => read_base64(base64),
        }
    }

    /// These bytes, in the form that a person can read best.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 { base64: STANDARD.encode(bytes) },
        }
    }
}

fn read_base64(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| format!("it is no Base64: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Cassette, String> {
        let cassette: Cassette = serde_json::from_value(value).map_err(|error| error.to_string())?;
        cassette.check().map(|()| cassette)
    }

    #[test]
    fn a_cassette_is_what_a_person_would_write() {
        let cassette = read(json!({
            "action": "query ip",
            "parameters": { "ip": "203.0.113.7" },
            "exchanges": [
                {
                    "request": { "method": "GET", "url": "https://a.example/x?key=[secret:api_key]" },
                    "response": { "status": 200, "body": { "json": { "ports": [22] } } }
                },
                {
                    "request": {
                        "method": "POST",
                        "url": "https://a.example/y",
                        "authorization": { "basic": { "user": "u", "password": "[secret:password]" } },
                        "body": { "contains": ["x"] }
                    },
                    "response": "reset"
                }
            ],
            "streams": [{ "host": "h.example", "port": 43, "turns": [
                { "sends": "name\r\n" }, "tls", "anything", { "answers": { "base64": "AAE=" } }
            ] }],
            "outcome": { "done": { "status": "success", "summary": { "ports": [22] } } }
        }))
        .unwrap();
        assert_eq!(cassette.exchanges[1].response, Answer::Nothing(Nothing::Reset));
        assert_eq!(cassette.streams[0].turns[1], Turn::Tls);
        let again = serde_json::to_value(&cassette).unwrap();
        assert_eq!(read(again).unwrap(), cassette);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let with = |request: Value, response: Value| {
            read(json!({
                "action": "a",
                "exchanges": [{ "request": request, "response": response }],
                "outcome": { "failure": "upstream" }
            }))
            .unwrap_err()
        };
        let get = json!({ "method": "GET", "url": "https://a.example/" });
        assert!(with(get.clone(), json!("slow")).starts_with("a response is"));
        assert!(with(get.clone(), json!({ "status": 7 })).starts_with("exchange 1: 7 is no status"));
        let part = with(get.clone(), json!({ "status": 200, "body": { "contains": [] } }));
        assert_eq!(part, "exchange 1: a response says its whole body");
        let base64 = with(get, json!({ "status": 200, "body": { "base64": "*" } }));
        assert!(base64.starts_with("exchange 1: it is no Base64"), "{base64}");
        assert!(read(json!({ "action": "a", "outcome": { "failure": "sad" } })).unwrap_err().contains("sad"));
        assert!(
            read(json!({ "action": "a", "wrong": 1, "outcome": { "failure": "upstream" } }))
                .unwrap_err()
                .contains("wrong")
        );
    }
}
