use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use palisade_model::Timestamp;
use script::Kind;
use serde_json::{Value, json};

use super::{
    call::Call,
    ledger::{Came, Entry, Ledger},
    mishaps::{Mishap, Mishaps},
};

/// Looks at a job that find it unfinished.
const LOOKS: u32 = 2;

/// The system's state, and how badly it answers.
pub(super) struct System {
    mishaps: Mishaps,
    ledger: Mutex<Ledger>,
}

/// The connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("this connection is reset")]
pub(super) struct Reset;

/// An answer: status and body.
pub(super) type Answer = (StatusCode, Value);

impl System {
    pub(super) fn new(mishaps: Mishaps) -> Self {
        Self { mishaps, ledger: Mutex::default() }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a call asks for and writes it into the ledger, both at one moment in the middle of its latency: who
    /// loses the connection before that moment has changed nothing, and after it everything.
    pub(super) async fn take(&self, call: Call) -> Result<Answer, Reset> {
        let mishap = self.mishap(&call);
        tokio::time::sleep(mishap.latency / 2).await;
        let answer = self.at_once(call, mishap);
        tokio::time::sleep(mishap.latency / 2).await;
        answer
    }

    fn mishap(&self, call: &Call) -> Mishap {
        let mut ledger = self.ledger();
        let arrivals = ledger.arrivals.entry(format!("{} {}", call.method, call.tag)).or_default();
        *arrivals += 1;
        self.mishaps.of(call.method.as_str(), &call.tag, *arrivals)
    }

    fn at_once(&self, call: Call, mishap: Mishap) -> Result<Answer, Reset> {
        let mut ledger = self.ledger();
        let (came, answer) = if mishap.reset_before {
            (Came::Nothing, (StatusCode::INTERNAL_SERVER_ERROR, Value::Null))
        } else {
            answer(&mut ledger, &call, mishap.unknown)
        };
        let answered = !mishap.reset_before && !mishap.reset_after;
        ledger.write(Entry {
            at: Timestamp::now(),
            kind: call.kind,
            method: call.method.to_string(),
            tag: call.tag,
            key: call.key,
            seen: call.seen,
            came,
            answered,
        });
        if answered { Ok(answer) } else { Err(Reset) }
    }
}

fn answer(ledger: &mut Ledger, call: &Call, unknown: bool) -> (Came, Answer) {
    let key = call.key.clone().unwrap_or_default();
    let ok = |came, body| (came, (StatusCode::OK, body));
    match (call.kind, &call.method) {
        (Kind::Switch, _) => {
            let came = if ledger.switches.insert(call.tag.clone()) { Came::Effect } else { Came::Repeated };
            ok(came, json!({ "id": call.tag }))
        }
        (Kind::Off, _) => {
            let came = if ledger.switches.remove(&call.tag) { Came::Effect } else { Came::Repeated };
            ok(came, json!({ "id": call.tag }))
        }
        (Kind::Ticket, _) => {
            let next = ledger.tickets.len() + 1;
            let known = ledger.tickets.contains_key(&key);
            let number = *ledger.tickets.entry(key).or_insert(next);
            let came = if known { Came::Repeated } else { Came::Effect };
            ok(came, json!({ "id": number.to_string() }))
        }
        (Kind::Page, _) => ok(Came::Effect, json!({ "id": "sent" })),
        (Kind::Note, &Method::GET) if unknown => ok(Came::Unknown, json!({ "found": null })),
        (Kind::Note, &Method::GET) => ok(Came::Look, json!({ "found": ledger.notes.contains(&key) })),
        (Kind::Note, _) => {
            ledger.notes.insert(key);
            ok(Came::Effect, json!({ "id": "noted" }))
        }
        (Kind::Job, &Method::GET) => match ledger.jobs.get_mut(&key) {
            Some(looks) => {
                *looks += 1;
                ok(Came::Look, json!({ "done": *looks > LOOKS }))
            }
            None => (Came::Look, (StatusCode::NOT_FOUND, json!({ "error": "no such job" }))),
        },
        (Kind::Job, _) => {
            let came = if ledger.jobs.contains_key(&key) { Came::Repeated } else { Came::Effect };
            ledger.jobs.entry(key.clone()).or_default();
            ok(came, json!({ "id": key }))
        }
        (Kind::Facts, _) => ok(Came::Look, json!({ "id": call.tag })),
    }
}
