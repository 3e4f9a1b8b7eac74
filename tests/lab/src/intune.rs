//! Microsoft Entra ID's tokens, and Microsoft Graph v1.0 as far as Intune's managed devices go.
//!
//! Source: Microsoft, "OAuth 2.0 client credentials flow" and "managedDevice resource type" with its actions
//! (<https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice>). A command waits until the device
//! checks in, which is when a test says so; a device that is offline does not.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, form};
use crate::limits::TOKENS;
use crate::{identifier, story};

const ROOT: &str = "/v1.0/deviceManagement/managedDevices";

/// What the body of a wipe may have, and whether that is a truth value.
const WIPE: [(&str, bool); 5] = [
    ("keepEnrollmentData", true),
    ("keepUserData", true),
    ("persistEsimDataPlan", true),
    ("macOsUnlockCode", false),
    ("obliterationBehavior", false),
];

/// The tenant.
pub(crate) struct Intune {
    state: Mutex<State>,
}

struct State {
    tokens: BTreeSet<String>,
    devices: Vec<Device>,
}

struct Device {
    id: &'static str,
    offline: bool,
    properties: Map<String, Value>,
    /// Name, state, and whether the device stays enrolled.
    results: Vec<(&'static str, &'static str, bool)>,
}

impl Default for Intune {
    fn default() -> Intune {
        let device = |(id, name, user, system)| {
            let properties = json!({
                "id": id,
                "deviceName": name,
                "userPrincipalName": user,
                "emailAddress": user,
                "operatingSystem": system,
                "managedDeviceOwnerType": "company",
                "complianceState": "compliant",
                "isEncrypted": true,
                "enrolledDateTime": "2025-03-02T09:00:00Z",
                "lastSyncDateTime": "2026-11-21T20:14:07Z",
            });
            Device {
                id,
                offline: id == story::INTUNE_OFFLINE_DEVICE,
                properties: properties.as_object().cloned().unwrap_or_default(),
                results: Vec::new(),
            }
        };
        let devices = [
            (story::INTUNE_DEVICE, "WKS-0142", story::INTUNE_DEVICE_USER, "Windows"),
            (story::INTUNE_OFFLINE_DEVICE, "MAC-0007", "j.osei@acme.example", "macOS"),
            ("2ad1c4b6-0f6e-4c53-9d0e-6f3d6f2b1c03", "WKS-0143", "j.osei@acme.example", "Windows"),
        ];
        let devices = devices.map(device).into();
        Intune { state: Mutex::new(State { tokens: BTreeSet::new(), devices }) }
    }
}

impl Intune {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        if call.host == story::ENTRA_HOST { self.log_in(call) } else { self.graph(call) }
    }

    /// Every device that is not offline does what waits for it.
    pub(crate) fn check_in(&self) {
        let mut state = self.state();
        for device in state.devices.iter_mut().filter(|device| !device.offline) {
            for (_, state, _) in &mut device.results {
                *state = "done";
            }
        }
        // A device that was wiped leaves Intune.
        state.devices.retain(|device| {
            device.results.iter().all(|(name, state, stays)| *name != "wipe" || *state != "done" || *stays)
        });
    }

    fn log_in(&self, call: &Call) -> Answer {
        let path = call.path.strip_suffix("/oauth2/v2.0/token").and_then(|path| path.strip_prefix('/'));
        let Some(tenant) = path.filter(|tenant| !tenant.contains('/')) else {
            return Answer::empty(StatusCode::NOT_FOUND);
        };
        if call.method != Method::POST {
            return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let refuse = |status, error: &str, words: &str| {
            Answer::json(status, &json!({ "error": error, "error_description": words })).authenticated(false)
        };
        if ![story::ENTRA_TENANT, story::ENTRA_TENANT_DOMAIN].contains(&tenant) {
            let words = format!("AADSTS90002: Tenant '{tenant}' not found.");
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", &words);
        }
        let text = String::from_utf8_lossy(&call.body);
        let fields: Vec<(String, String)> = form(&text).collect();
        let field =
            |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        if call.media_type().as_deref() != Some("application/x-www-form-urlencoded")
            || field("grant_type") != "client_credentials"
        {
            let words = "AADSTS900144: The request body must contain the following parameter: 'grant_type'.";
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", words);
        }
        if field("scope") != "https://graph.microsoft.com/.default" {
            let words =
                "AADSTS1002012: The provided value for scope is not valid for client credential flows.";
            return refuse(StatusCode::BAD_REQUEST, "invalid_scope", words);
        }
        if field("client_id") != story::ENTRA_CLIENT_ID {
            let words = "AADSTS700016: Application was not found in the directory.";
            return refuse(StatusCode::BAD_REQUEST, "unauthorized_client", words);
        }
        if field("client_secret") != story::ENTRA_CLIENT_SECRET {
            let words = "AADSTS7000215: Invalid client secret provided.";
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", words);
        }
        let token = identifier::hex();
        let mut state = self.state();
        if state.tokens.len() >= TOKENS {
            state.tokens.pop_first();
        }
        state.tokens.insert(token.clone());
        let body = json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token });
        Answer::json(StatusCode::OK, &body).authenticated(true)
    }

    fn graph(&self, call: &Call) -> Answer {
        let mut state = self.state();
        if !call.bearer().is_some_and(|token| state.tokens.contains(token)) {
            let words = "Access token is empty or not valid.";
            return error(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", words).authenticated(false);
        }
        let Some(path) = call.path.strip_prefix(ROOT) else {
            return Answer::not_played("this resource of Microsoft Graph").authenticated(true);
        };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match (&call.method, segments.as_slice()) {
            (&Method::GET, []) => list(&state.devices, call),
            (&Method::GET, [id]) => match state.devices.iter().find(|device| device.id == *id) {
                Some(device) => Answer::json(StatusCode::OK, &device.json(&selected(call))),
                None => unknown(id),
            },
            (&Method::POST, [id, command]) => {
                match state.devices.iter_mut().find(|device| device.id == *id) {
                    Some(device) => device.take(command, call),
                    None => unknown(id),
                }
            }
            _ => error(
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                "Specified HTTP method is not allowed.",
            ),
        };
        answer.authenticated(true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn list(devices: &[Device], call: &Call) -> Answer {
    let mut wanted = Vec::new();
    for condition in call.parameter("$filter").iter().flat_map(|filter| filter.split(" and ")) {
        let Some((property, literal)) = condition.split_once(" eq ") else {
            return Answer::not_played("this filter of Microsoft Graph");
        };
        let Some(literal) = literal.strip_prefix('\'').and_then(|literal| literal.strip_suffix('\'')) else {
            return error(StatusCode::BAD_REQUEST, "BadRequest", "Invalid filter clause");
        };
        wanted.push((property.to_owned(), literal.replace("''", "'")));
    }
    let number = |name: &str, or: usize| call.parameter(name).map_or(Some(or), |text| text.parse().ok());
    let (Some(top), Some(skip)) = (number("$top", 1000), number("$skiptoken", 0)) else {
        return error(StatusCode::BAD_REQUEST, "BadRequest", "Invalid value for $top");
    };
    let fits = |device: &&Device| {
        wanted
            .iter()
            .all(|(property, value)| device.properties.get(property).and_then(Value::as_str) == Some(value))
    };
    let found: Vec<&Device> = devices.iter().filter(fits).collect();
    let selected = selected(call);
    let page: Vec<Value> = found.iter().skip(skip).take(top).map(|device| device.json(&selected)).collect();
    let mut body = json!({ "@odata.count": page.len(), "value": page });
    if top > 0 && skip + top < found.len() {
        let others: Vec<&str> =
            call.query.split('&').filter(|pair| !pair.starts_with("%24skiptoken")).collect();
        let link =
            format!("https://{}{ROOT}?{}&%24skiptoken={}", story::GRAPH_HOST, others.join("&"), skip + top);
        body["@odata.nextLink"] = json!(link);
    }
    Answer::json(StatusCode::OK, &body)
}

impl Device {
    fn json(&self, selected: &[String]) -> Value {
        let mut all = self.properties.clone();
        let results: Vec<Value> = self
            .results
            .iter()
            .map(|(name, state, _)| {
                json!({
                    "actionName": name,
                    "actionState": state,
                    "startDateTime": "2026-11-21T22:10:01Z",
                    "lastUpdatedDateTime": "2026-11-21T22:10:01Z",
                })
            })
            .collect();
        all.insert("deviceActionResults".to_owned(), json!(results));
        all.retain(|property, _| selected.is_empty() || selected.contains(property));
        Value::Object(all)
    }

    fn take(&mut self, command: &str, call: &Call) -> Answer {
        let name = match command {
            "syncDevice" => "syncDevice",
            "remoteLock" => "remoteLock",
            "wipe" => "wipe",
            _ => return Answer::not_played("this action on a managed device"),
        };
        let body = match call.body.as_ref() {
            [] => Map::new(),
            body => match serde_json::from_slice::<Map<String, Value>>(body) {
                Ok(body) if call.media_type().as_deref() == Some("application/json") => body,
                _ => {
                    return error(
                        StatusCode::BAD_REQUEST,
                        "BadRequest",
                        "Unable to read JSON request payload.",
                    );
                }
            },
        };
        let fits = |(property, value): (&String, &Value)| {
            let known = WIPE.iter().find(|(known, _)| known == property);
            name == "wipe"
                && known.is_some_and(|(_, truth)| if *truth { value.is_boolean() } else { value.is_string() })
        };
        if !body.iter().all(fits) {
            let words = "The parameters of the action do not fit.";
            return error(StatusCode::BAD_REQUEST, "BadRequest", words);
        }
        let stays = body.get("keepEnrollmentData") == Some(&json!(true));
        self.results.retain(|(other, ..)| *other != name);
        self.results.push((name, "pending", stays));
        Answer::empty(StatusCode::NO_CONTENT)
    }
}

fn selected(call: &Call) -> Vec<String> {
    call.parameter("$select").iter().flat_map(|select| select.split(',')).map(str::to_owned).collect()
}

fn unknown(id: &str) -> Answer {
    error(StatusCode::NOT_FOUND, "ResourceNotFound", &format!("Device {id} was not found."))
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}
