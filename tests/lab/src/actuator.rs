//! A system of nobody's, for the connector `actuator` that tests of the host use: it has an action of every class.
//!
//! | request | repeated |
//! |---|---|
//! | `PUT /switches/{name}`, `DELETE /switches/{name}` | changes nothing |
//! | `POST /tickets`, `POST /jobs` | with the same `idempotency-key`: changes nothing |
//! | `POST /pages` | is another page |
//! | `POST /notes` | is another note; `GET /notes?key=` finds out |
//! | `GET /jobs/{key}` | reads; the job ends when [`Lab::finish_jobs`](crate::Lab::finish_jobs) says so |
//! | `DELETE /jobs/{key}` | stops the job, and changes nothing more |
//! | `GET /facts/{name}` | reads |

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call};

/// What the system has.
#[derive(Default)]
pub(crate) struct Actuator {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What changed something, in order: the path of each, a space, and the tag; of what turns a switch off, `off`.
    effects: Vec<String>,
    /// Keys, and names of switches, whose repetition changes nothing.
    known: BTreeSet<String>,
    jobs_are_finished: bool,
}

impl Actuator {
    pub(crate) fn effects(&self) -> Vec<String> {
        self.state().effects.clone()
    }

    pub(crate) fn finish_jobs(&self) {
        self.state().jobs_are_finished = true;
    }

    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let key = || call.header("idempotency-key").unwrap_or_default().to_owned();
        let mut state = self.state();
        let segments: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
        match (&call.method, segments.as_slice()) {
            (&Method::PUT, ["switches", name]) => state.change_once("switches", name, name),
            (&Method::DELETE, ["switches", name]) => state.turn_off(name),
            (&Method::POST, [kind @ ("tickets" | "jobs")]) => {
                state.change_once(kind, &key(), &text("tag"));
                ok(&json!({ "id": if *kind == "jobs" { key() } else { text("tag") } }))
            }
            (&Method::POST, ["pages"]) => state.change("pages", &text("tag")),
            (&Method::POST, ["notes"]) => {
                state.known.insert(format!("notes {}", text("key")));
                state.change("notes", &text("tag"))
            }
            (&Method::GET, ["notes"]) => {
                let key = call.parameter("key").unwrap_or_default();
                ok(&json!({ "found": state.known.contains(&format!("notes {key}")) }))
            }
            (&Method::GET, ["jobs", key]) if state.known.contains(&format!("jobs {key}")) => {
                ok(&json!({ "done": state.jobs_are_finished }))
            }
            (&Method::DELETE, ["jobs", key]) => {
                state.known.remove(&format!("jobs {key}"));
                ok(&json!({ "done": false }))
            }
            (&Method::GET, ["facts", name]) => ok(&json!({ "id": name })),
            _ => Answer::json(StatusCode::NOT_FOUND, &json!({ "error": "there is nothing like that here" })),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn change(&mut self, kind: &str, tag: &str) -> Answer {
        self.effects.push(format!("{kind} {tag}"));
        ok(&json!({ "id": tag }))
    }

    fn turn_off(&mut self, name: &str) -> Answer {
        if self.known.remove(&format!("switches {name}")) {
            self.effects.push(format!("off {name}"));
        }
        ok(&json!({ "id": name }))
    }

    fn change_once(&mut self, kind: &str, key: &str, tag: &str) -> Answer {
        if self.known.insert(format!("{kind} {key}")) {
            self.effects.push(format!("{kind} {tag}"));
        }
        ok(&json!({ "id": tag }))
    }
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body)
}
