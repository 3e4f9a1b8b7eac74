//! An inventory that Acme has written for itself: an HTTP API that speaks JSON, and no vendor's.
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/v1/health` | `{"status": "ok"}` |
//! | `GET /api/v1/assets` | all assets |
//! | `POST /api/v1/assets` | 201; with an `Idempotency-Key` that it knows, the asset of then |
//! | `GET`, `PUT`, `PATCH`, `DELETE /api/v1/assets/{id}` | one asset |
//!
//! It takes Basic authentication, a Bearer token, or `X-Api-Key`, as such things do.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call};
use crate::limits::TABLE_RECORDS;
use crate::story;

/// The assets.
#[derive(Default)]
pub(crate) struct Inventory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    assets: BTreeMap<u64, Map<String, Value>>,
    /// The asset that each key has made.
    keys: BTreeMap<String, u64>,
    made: u64,
}

impl Inventory {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let key = story::INVENTORY_KEY;
        let known = call.header("x-api-key") == Some(key)
            || call.bearer() == Some(key)
            || call.basic() == Some((story::INVENTORY_USER.to_owned(), key.to_owned()));
        if !known {
            let refusal = error(StatusCode::UNAUTHORIZED, "the key is wrong or missing");
            return refusal.with("www-authenticate", "Bearer").authenticated(false);
        }
        self.resource(call).authenticated(true)
    }

    fn resource(&self, call: &Call) -> Answer {
        let Some(path) = call.path.strip_prefix("/api/v1/") else {
            return error(StatusCode::NOT_FOUND, "there is nothing like that here");
        };
        match (&call.method, path) {
            (&Method::GET, "health") => ok(&json!({ "status": "ok" })),
            (&Method::GET, "assets") => {
                let state = self.state();
                ok(&json!({ "assets": state.assets.values().collect::<Vec<_>>() }))
            }
            (&Method::POST, "assets") => self.create(call),
            (method, path) => match path.strip_prefix("assets/").and_then(|id| id.parse().ok()) {
                Some(id) => self.one(call, method, id),
                None => error(StatusCode::NOT_FOUND, "there is nothing like that here"),
            },
        }
    }

    fn create(&self, call: &Call) -> Answer {
        let mut asset = match object(call) {
            Ok(asset) => asset,
            Err(refusal) => return *refusal,
        };
        let mut state = self.state();
        let key = call.header("idempotency-key").map(str::to_owned);
        if let Some(known) = key.as_ref().and_then(|key| state.keys.get(key)) {
            return ok(&json!(state.assets.get(known)));
        }
        if state.assets.len() >= TABLE_RECORDS {
            return error(StatusCode::INSUFFICIENT_STORAGE, "the inventory is full");
        }
        state.made += 1;
        let id = state.made;
        asset.insert("id".to_owned(), id.into());
        state.keys.extend(key.map(|key| (key, id)));
        state.assets.insert(id, asset.clone());
        Answer::json(StatusCode::CREATED, &Value::Object(asset))
    }

    fn one(&self, call: &Call, method: &Method, id: u64) -> Answer {
        let mut state = self.state();
        let Some(asset) = state.assets.get_mut(&id) else {
            return error(StatusCode::NOT_FOUND, &format!("there is no asset {id}"));
        };
        match *method {
            Method::GET => ok(&json!(asset)),
            Method::DELETE => {
                state.assets.remove(&id);
                Answer::empty(StatusCode::NO_CONTENT)
            }
            Method::PUT | Method::PATCH => match object(call) {
                Ok(fields) => {
                    if method == Method::PUT {
                        asset.clear();
                    }
                    asset.extend(fields);
                    asset.insert("id".to_owned(), id.into());
                    ok(&json!(asset))
                }
                Err(refusal) => *refusal,
            },
            _ => Answer::empty(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fields in a body. An asset has a name and an owner, and nothing else.
fn object(call: &Call) -> Result<Map<String, Value>, Box<Answer>> {
    if call.media_type().as_deref() != Some("application/json") {
        return Err(Box::new(error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "only application/json is understood",
        )));
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(&call.body) else {
        return Err(Box::new(error(StatusCode::BAD_REQUEST, "the body is no JSON object")));
    };
    match fields.keys().find(|name| !["name", "owner"].contains(&name.as_str())) {
        Some(name) => {
            Err(Box::new(error(StatusCode::UNPROCESSABLE_ENTITY, &format!("an asset has no field {name:?}"))))
        }
        None => Ok(fields),
    }
}

fn error(status: StatusCode, words: &str) -> Answer {
    Answer::json(status, &json!({ "error": words }))
}

fn ok(value: &Value) -> Answer {
    Answer::json(StatusCode::OK, value)
}
