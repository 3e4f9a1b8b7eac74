use palisade_sdk::{
    Failure,
    connector::Call,
    http::{Request, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Configuration,
    device::{Device, is_uuid},
};

/// Where the devices are.
const DEVICES_PATH: &str = "/api/v1/dm/devices";

/// A MobileIron Core server, with proof of who is calling.
pub(crate) struct Core<'a> {
    call: &'a Call<Configuration>,
}

/// A list of one is written as that one.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(all) => all,
            Self::One(one) => vec![one],
        }
    }
}

impl<'a> Core<'a> {
    pub(crate) fn new(call: &'a Call<Configuration>) -> Self {
        Self { call }
    }

    /// How many devices there are, and a page of them.
    pub(crate) fn devices(&self, offset: u32, limit: u32) -> Result<(u64, Vec<Device>), Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            total_count: u64,
            devices: Option<List>,
        }

        #[derive(Deserialize)]
        struct List {
            device: Option<OneOrMany<Device>>,
        }

        let request = self.call.http().get(self.url()).path(DEVICES_PATH);
        let request = request.query("offset", offset.to_string()).query("limit", limit.to_string());
        let Answer { total_count, devices } = self.send(request)?;
        let page = devices.and_then(|list| list.device).map(OneOrMany::into_vec).unwrap_or_default();
        Ok((total_count, page))
    }

    /// The device with this UUID.
    pub(crate) fn device(&self, uuid: &str) -> Result<Device, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            device: Device,
        }

        check_uuid(uuid)?;
        let Answer { device } =
            self.send(self.call.http().get(self.url()).path(DEVICES_PATH).segment(uuid))?;
        Ok(device)
    }

    /// Has the server send a command to a device; returns what the server says of it. The name of the parameter with the
    /// reason differs between commands.
    pub(crate) fn command(
        &self,
        command: &str,
        uuid: &str,
        (name, reason): (&str, &str),
    ) -> Result<Option<String>, Failure> {
        check_uuid(uuid)?;
        let request = self.call.http().put(self.url()).path(DEVICES_PATH).segment(command).segment(uuid);
        let answer: Value = self.send(request.query(name, reason))?;
        Ok(message(&answer))
    }

    fn url(&self) -> &str {
        &self.call.configuration.url
    }

    fn send<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        let Configuration { username, password, .. } = &self.call.configuration;
        let request = request.basic(username, password).header("accept", "application/json");
        request.send()?.ok_or_words(words)?.json()
    }
}

/// A path that names another command must not come out of a parameter.
fn check_uuid(uuid: &str) -> Result<(), Failure> {
    if is_uuid(uuid) { Ok(()) } else { Err(Failure::invalid(format!("`{uuid}` is no UUID of a device"))) }
}

/// The server says what is wrong, and what it did, as `{"messages": {"message": …}}`.
fn words(response: &Response) -> Option<String> {
    message(&response.json().ok()?)
}

fn message(answer: &Value) -> Option<String> {
    let message = answer.pointer("/messages/message")?;
    message.as_str().or_else(|| message.get(0)?.as_str()).map(str::to_owned)
}
