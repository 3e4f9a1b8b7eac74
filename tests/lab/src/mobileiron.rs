//! A MobileIron Core server: its V1 API for devices.
//!
//! Source: MobileIron, "Core V1 API Reference", `/api/v1/dm/devices`, and what clients of real servers handle. A command
//! waits until the device checks in, which is when a test says so; a device that is offline does not.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::story;

/// The server.
pub(crate) struct MobileIron {
    devices: Mutex<Vec<Device>>,
}

struct Device {
    uuid: String,
    principal: String,
    platform: &'static str,
    model: &'static str,
    status: &'static str,
    locked: bool,
    offline: bool,
    /// Commands that the device has not heard of, oldest first.
    waiting: Vec<Command>,
}

#[derive(Clone, Copy)]
enum Command {
    Lock,
    Unlock,
    Wipe,
}

impl Default for MobileIron {
    fn default() -> MobileIron {
        let devices = [
            (story::MOBILEIRON_DEVICE, "m.keller", "iOS 18.1", "iPhone 15"),
            (story::MOBILEIRON_OFFLINE_DEVICE, "j.osei", "Android 14.0", "Pixel 8"),
            (story::MOBILEIRON_EXECUTIVE_DEVICE, story::EXECUTIVE, "iOS 18.1", "iPhone 16 Pro"),
        ];
        let devices = devices.map(|(uuid, principal, platform, model)| Device {
            platform,
            model,
            ..Device::new(uuid, principal)
        });
        MobileIron { devices: Mutex::new(devices.into()) }
    }
}

impl MobileIron {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let Some(path) = call.path.strip_prefix("/api/v1/dm/devices") else {
            return Answer::empty(StatusCode::NOT_FOUND);
        };
        let credentials = (story::MOBILEIRON_USER.to_owned(), story::MOBILEIRON_PASSWORD.to_owned());
        if call.basic() != Some(credentials) {
            let page = "<html><head><title>401</title></head><body>Unauthorized</body></html>";
            return Answer::new(StatusCode::UNAUTHORIZED, "text/html;charset=utf-8", page)
                .with("www-authenticate", "Basic realm=\"MobileIron\"")
                .authenticated(false);
        }
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match (&call.method, segments.as_slice()) {
            (&Method::GET, []) => self.list(call),
            (&Method::GET, [uuid]) => self.get(uuid),
            (&Method::PUT, ["lock", uuid]) => self.take(uuid, Command::Lock),
            (&Method::PUT, ["unlock", uuid]) => self.take(uuid, Command::Unlock),
            (&Method::PUT, ["wipe", uuid]) => self.take(uuid, Command::Wipe),
            (_, ["lock" | "unlock" | "wipe", _] | [_] | []) => Answer::empty(StatusCode::METHOD_NOT_ALLOWED),
            _ => Answer::not_played("this command to a device"),
        };
        answer.authenticated(true)
    }

    /// Every device that is not offline does what waits for it.
    pub(crate) fn check_in(&self) {
        for device in self.devices().iter_mut().filter(|device| !device.offline) {
            for command in std::mem::take(&mut device.waiting) {
                match command {
                    Command::Lock => device.locked = true,
                    Command::Unlock => device.locked = false,
                    Command::Wipe => device.status = "WIPED",
                }
            }
        }
    }

    /// Registers another device.
    pub(crate) fn enroll(&self, uuid: &str, principal: &str) {
        self.devices().push(Device::new(uuid, principal));
    }

    /// The status of the device.
    pub(crate) fn status(&self, uuid: &str) -> Option<&'static str> {
        self.devices().iter().find(|device| device.uuid == uuid).map(|device| device.status)
    }

    /// Whether the device is locked.
    pub(crate) fn is_locked(&self, uuid: &str) -> bool {
        self.devices().iter().any(|device| device.uuid == uuid && device.locked)
    }

    fn list(&self, call: &Call) -> Answer {
        let number = |name: &str| call.parameter(name).map(|text| text.parse::<usize>()).transpose();
        let (Ok(offset), Ok(limit)) = (number("offset"), number("limit")) else {
            return said(StatusCode::BAD_REQUEST, "offset and limit are numbers.");
        };
        let devices = self.devices();
        let page: Vec<Value> =
            devices.iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(50)).map(Device::json).collect();
        let mut body = json!({ "messages": null, "totalCount": devices.len() });
        match <[Value; 1]>::try_from(page) {
            // A list of one is written as that one.
            Ok([one]) => body["devices"] = json!({ "device": one }),
            Err(page) if page.is_empty() => {}
            Err(page) => body["devices"] = json!({ "device": page }),
        }
        Answer::json(StatusCode::OK, &body)
    }

    fn get(&self, uuid: &str) -> Answer {
        match self.devices().iter().find(|device| device.uuid == uuid) {
            Some(device) => {
                let body = json!({ "messages": null, "device": device.json(), "totalCount": 1 });
                Answer::json(StatusCode::OK, &body)
            }
            None => unknown(uuid),
        }
    }

    fn take(&self, uuid: &str, command: Command) -> Answer {
        let mut devices = self.devices();
        let Some(device) = devices.iter_mut().find(|device| device.uuid == uuid) else {
            return unknown(uuid);
        };
        device.waiting.push(command);
        if matches!(command, Command::Wipe) {
            device.status = "WIPE_PENDING";
        }
        said(StatusCode::OK, "The request was accepted.")
    }

    fn devices(&self) -> MutexGuard<'_, Vec<Device>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device {
    fn new(uuid: &str, principal: &str) -> Device {
        Device {
            uuid: uuid.to_owned(),
            principal: principal.to_owned(),
            platform: "iOS 18.1",
            model: "iPhone SE",
            status: "ACTIVE",
            locked: false,
            offline: uuid == story::MOBILEIRON_OFFLINE_DEVICE,
            waiting: Vec::new(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "@id": "1",
            "uuid": self.uuid,
            "status": self.status,
            "principal": self.principal,
            "userDisplayName": self.principal,
            "emailAddress": format!("{}@acme.example", self.principal),
            "platform": self.platform,
            "model": self.model,
            "currentPhoneNumber": "PDA",
            "employeeOwned": false,
            "mdmManaged": true,
            "compliance": 0,
            "quarantinedStatus": 0,
            "wipeReason": 0,
            "lastConnectedAt": "2026-11-21T20:14:07+0000",
            "registeredAt": "2025-03-02T09:00:00+0000",
            "details": [{ "entry": [{ "key": "wifi_mac_addr", "value": "020000000001" }] }],
        })
    }
}

fn unknown(uuid: &str) -> Answer {
    let body =
        json!({ "messages": { "message": format!("No device has the UUID {uuid}.") }, "totalCount": 0 });
    Answer::json(StatusCode::NOT_FOUND, &body)
}

fn said(status: StatusCode, message: &str) -> Answer {
    Answer::json(status, &json!({ "messages": { "message": message } }))
}
