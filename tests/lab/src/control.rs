//! The control port: plain HTTP with JSON, for tests and demonstrations in other processes.
//!
//! | request | answer |
//! |---|---|
//! | `GET /ledger`, `GET /ledger?system=shodan` | `{"entries": [...]}`; 507 if it missed requests |
//! | `DELETE /ledger` | forgets it |
//! | `GET /tickets` | `{"tickets": [...]}`, the incidents of ServiceNow with their journal |
//! | `GET /mails` | `{"mails": [...]}`, the messages that the mail server took |
//! | `GET /faults`, `POST /faults`, `DELETE /faults` | lists, arms one, disarms all |
//! | `PUT /latency` with `{"system": "shodan", "ms": 20}` | from now on |
//! | `POST /devices/check-in` | mobile devices do what waits for them |
//! | `POST /servicenow/expire-tokens` | every access token is expired |

use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::world::World;
use crate::{Fault, System};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    system: System,
    ms: u64,
}

pub(crate) fn answer(world: &World, call: &Call) -> Answer {
    let done = Answer::empty(StatusCode::NO_CONTENT);
    match (&call.method, call.path.as_str()) {
        (&Method::GET, "/ledger") => ledger(world, call),
        (&Method::DELETE, "/ledger") => {
            world.ledger.clear();
            done
        }
        (&Method::GET, "/tickets") => ok(&json!({ "tickets": world.servicenow.tickets() })),
        (&Method::GET, "/mails") => ok(&json!({ "mails": world.smtp.mails() })),
        (&Method::GET, "/faults") => ok(&json!({ "faults": world.faults.list() })),
        (&Method::DELETE, "/faults") => {
            world.faults.clear();
            done
        }
        (&Method::POST, "/faults") => {
            let armed =
                body::<Fault>(call).and_then(|fault| world.faults.arm(fault).map_err(|e| e.to_string()));
            armed.map_or_else(|error| refused(StatusCode::BAD_REQUEST, &error), |()| done)
        }
        (&Method::PUT, "/latency") => match body::<Latency>(call) {
            Ok(latency) => {
                world.set_latency(latency.system, Duration::from_millis(latency.ms));
                done
            }
            Err(error) => refused(StatusCode::BAD_REQUEST, &error),
        },
        (&Method::POST, "/devices/check-in") => {
            world.mobileiron.check_in();
            world.intune.check_in();
            done
        }
        (&Method::POST, "/servicenow/expire-tokens") => {
            world.servicenow.expire_tokens();
            done
        }
        _ => refused(StatusCode::NOT_FOUND, "the control port has no such resource"),
    }
}

fn ledger(world: &World, call: &Call) -> Answer {
    let entries = match call.parameter("system") {
        None => world.ledger.entries(),
        Some(name) => match serde_json::from_value::<System>(Value::String(name)) {
            Ok(system) => world.ledger.of(system),
            Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
        },
    };
    match entries {
        Ok(entries) => ok(&json!({ "entries": entries })),
        Err(overflow) => refused(StatusCode::INSUFFICIENT_STORAGE, &overflow.to_string()),
    }
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    serde_json::from_slice(&call.body).map_err(|error| format!("the body is not understood: {error}"))
}

fn ok(value: &Value) -> Answer {
    Answer::json(StatusCode::OK, value)
}

fn refused(status: StatusCode, error: &str) -> Answer {
    Answer::json(status, &json!({ "error": error }))
}
