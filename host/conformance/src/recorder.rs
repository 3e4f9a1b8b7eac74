//! What passes between a connector and its systems, seen and kept.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use palisade_egress::{Authorization, HttpError, Request, Response, StreamEvent, TcpError, Watch};
use palisade_model::{
    action::ActionResult,
    limits::{ACTION_TIME_MAX, HTTP_TIME, TCP_TIME},
};
use serde_json::{Map, Value};

use crate::{
    cassette::{
        self, Answer, Body, Bytes, Cassette, Conversation, Exchange, Expected, FailureKind, Nothing, Turn,
    },
    labels::KEY,
};

/// Header fields that say nothing about what was asked: the host's own, and those of one moment.
const UNTOLD_REQUEST: [&str; 2] = ["user-agent", "date"];
/// Header fields of a response that say nothing about the answer.
const UNTOLD_RESPONSE: [&str; 8] = [
    "date",
    "server",
    "connection",
    "keep-alive",
    "content-length",
    "transfer-encoding",
    "set-cookie",
    "vary",
];

/// Watches the calls on an asset, and makes a cassette of what they sent and got.
///
/// It sees no secret: the gate puts labels in their place before it tells. What the connector keeps as confidential, such
/// as a token, is known only when it is kept, so [`cassette`](Self::cassette) has the whole text scrubbed once more.
#[derive(Default)]
pub struct Recorder(Mutex<Record>);

/// What was seen so far.
#[derive(Clone, Default)]
pub(crate) struct Record {
    pub(crate) exchanges: Vec<(Request, Result<Response, HttpError>)>,
    pub(crate) streams: BTreeMap<u64, Conversation>,
    /// What the gate did not let through, for a person.
    pub(crate) denied: Vec<String>,
    /// How long the call would have waited by now for what did not answer in time; the fake lets nobody wait.
    waited: Duration,
    /// How long it had waited when it last sent something.
    sent_after: Duration,
}

impl Record {
    /// Adds what was seen at a later gate, whose streams are numbered anew.
    pub(crate) fn append(&mut self, later: Self) {
        self.exchanges.extend(later.exchanges);
        let next = self.streams.last_key_value().map_or(0, |(number, _)| number + 1);
        self.streams.extend(later.streams.into_iter().map(|(number, stream)| (next + number, stream)));
        self.denied.extend(later.denied);
    }
}

/// What a recorded call was asked for.
pub struct Recorded<'a> {
    /// Name of the action.
    pub action: &'a str,
    /// Its parameters.
    pub parameters: &'a Map<String, Value>,
    /// The asset's configuration without its secrets.
    pub configuration: &'a Map<String, Value>,
    /// The configuration fields whose secrets are set.
    pub secrets: &'a [String],
    /// The idempotency key of the call.
    pub key: &'a str,
    /// How it ended.
    pub outcome: &'a ActionResult,
}

impl Recorder {
    /// The cassette of the call that was watched. `clean` is [`palisade_egress::Call::scrub`] of a call on the same gate.
    ///
    /// # Errors
    ///
    /// If what is left after scrubbing is no cassette any more: a secret is a part of its grammar.
    pub fn cassette(
        &self,
        recorded: &Recorded<'_>,
        clean: impl FnOnce(String) -> String,
    ) -> Result<Cassette, serde_json::Error> {
        let record = self.record();
        let mut configuration = recorded.configuration.clone();
        for field in recorded.secrets {
            configuration.insert(field.clone(), crate::labels::label(field).into());
        }
        let cassette = Cassette {
            about: None,
            action: recorded.action.to_owned(),
            parameters: recorded.parameters.clone(),
            configuration,
            exchanges: record.exchanges.iter().map(|(request, answer)| exchange(request, answer)).collect(),
            streams: record.streams.into_values().collect(),
            outcome: expected(recorded.outcome),
        };
        let text = clean(serde_json::to_string(&cassette)?);
        let key = if recorded.key.is_empty() { KEY } else { recorded.key };
        serde_json::from_str(&text.replace(key, "[key]"))
    }

    pub(crate) fn record(&self) -> Record {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long the last call would have waited for what did not answer in time, before it sent the last thing that it sent.
    /// The next call begins anew.
    pub(crate) fn take_wait(&self) -> Duration {
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        record.waited = Duration::ZERO;
        mem::take(&mut record.sent_after)
    }

    fn note(&self, note: impl FnOnce(&mut Record)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Watch for Recorder {
    fn exchange(&self, request: &Request, answer: &Result<Response, HttpError>, _: Duration) {
        self.note(|record| {
            record.sent_after = record.waited;
            if let Err(HttpError::Timeout(_)) = answer {
                record.waited += request.timeout.unwrap_or(HTTP_TIME).min(ACTION_TIME_MAX);
            }
            if let Err(HttpError::Denied(why) | HttpError::Invalid(why)) = answer {
                record.denied.push(format!("{} {}: {why}", request.method, request.url));
            }
            record.exchanges.push((request.clone(), answer.clone()));
        });
    }

    fn stream(&self, number: u64, event: StreamEvent<'_>) {
        self.note(|record| {
            if matches!(event, StreamEvent::Opened { .. } | StreamEvent::Sent(_)) {
                record.sent_after = record.waited;
            }
            let broke = |record: &mut Record, error: &TcpError| match error {
                TcpError::Denied(why) => record.denied.push(why.clone()),
                TcpError::Timeout(_) => record.waited += TCP_TIME,
                TcpError::Unreachable(_) | TcpError::Tls(_) => {}
            };
            if let StreamEvent::Opened { host, port, error } = event {
                let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
                record.streams.insert(number, Conversation { host, port, turns: Vec::new() });
                if let Some(error) = error {
                    broke(record, error);
                }
                return;
            }
            if let StreamEvent::Broke(error) = event {
                broke(record, error);
                return;
            }
            let Some(stream) = record.streams.get_mut(&number) else { return };
            match (event, stream.turns.last_mut()) {
                (StreamEvent::Secured, _) => stream.turns.push(Turn::Tls),
                (StreamEvent::Sent(bytes), Some(Turn::Sends(before))) => *before = joined(before, bytes),
                (StreamEvent::Received(bytes), Some(Turn::Answers(before))) => {
                    *before = joined(before, bytes);
                }
                (StreamEvent::Sent(bytes), _) => stream.turns.push(Turn::Sends(Bytes::of(bytes))),
                (StreamEvent::Received(bytes), _) if !bytes.is_empty() => {
                    stream.turns.push(Turn::Answers(Bytes::of(bytes)));
                }
                _ => {}
            }
            // The length of a secret is a part of many protocols, and a canary's is another one.
            if let Some(turn @ Turn::Sends(_)) = stream.turns.last_mut()
                && let Turn::Sends(bytes) = turn
                && bytes.read().is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("[secret:"))
            {
                *turn = Turn::Anything;
            }
        });
    }
}

fn joined(before: &Bytes, bytes: &[u8]) -> Bytes {
    let mut all = before.read().unwrap_or_default();
    all.extend_from_slice(bytes);
    Bytes::of(&all)
}

fn exchange(request: &Request, answer: &Result<Response, HttpError>) -> Exchange {
    Exchange {
        request: cassette::Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: told(&request.headers, &UNTOLD_REQUEST),
            authorization: request.authorization.as_ref().map(|authorization| match authorization {
                Authorization::Basic { user, password } => {
                    cassette::Authorization::Basic { user: user.clone(), password: password.clone() }
                }
                Authorization::Bearer(token) => cassette::Authorization::Bearer(token.clone()),
            }),
            body: Body::of(&request.body),
        },
        response: match answer {
            Ok(response) => Answer::Response(cassette::Response {
                status: response.status,
                headers: told(&response.headers, &UNTOLD_RESPONSE),
                body: Body::of(&response.body),
            }),
            Err(HttpError::Timeout(_)) => Answer::Nothing(Nothing::Timeout),
            Err(HttpError::TooLarge(_)) => Answer::Nothing(Nothing::Reset),
            Err(_) => Answer::Nothing(Nothing::Unreachable),
        },
    }
}

fn told(headers: &[(String, String)], untold: &[&str]) -> BTreeMap<String, String> {
    let told = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    told.filter(|(name, _)| !untold.contains(&name.as_str())).collect()
}

/// What a cassette says of an outcome: of a report everything but its sentence, which an author may reword.
fn expected(outcome: &ActionResult) -> Expected {
    match outcome {
        Ok(report) => Expected::Done(cassette::ExpectedReport {
            status: report.status,
            message: None,
            summary: Some(report.summary.clone()),
            data: Some(report.data.clone()),
        }),
        Err(failure) => Expected::Failure(FailureKind::of(failure)),
    }
}
