//! Commands to devices.

use palisade_sdk::{
    Failure,
    connector::{Call, Done, Verdict},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Configuration, core::Core, device::Device};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Command {
    /// UUID of the device in MobileIron.
    uuid: String,
    /// Why, for the server's own log.
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wipe {
    /// UUID of the device in MobileIron.
    uuid: String,
    /// Whose device it must be, by user name or mail address. The device is read first, and if it belongs to somebody else
    /// nothing is sent; nor is it if its wipe has been asked for before.
    #[schemars(length(min = 1))]
    user: Option<String>,
    /// Why, for the server's own log.
    #[serde(default)]
    reason: String,
}

/// A command that the server has taken on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// UUID of the device.
    uuid: String,
    /// What the server says of it.
    message: Option<String>,
}

pub(crate) fn lock(call: &Call<Configuration>, command: Command) -> Result<Done<Accepted>, Failure> {
    send(call, "lock", "reason", command, "is locked")
}

pub(crate) fn unlock(call: &Call<Configuration>, command: Command) -> Result<Done<Accepted>, Failure> {
    send(call, "unlock", "reason", command, "is unlocked")
}

pub(crate) fn wipe(call: &Call<Configuration>, asked: Wipe) -> Result<Done<Accepted>, Failure> {
    let Wipe { uuid, user, reason } = asked;
    if let Some(user) = user {
        let device = Core::new(call).device(&uuid)?;
        if !device.belongs_to(&user) {
            let message = format!("device {uuid} is the {}, not of {user}", device.title());
            return Err(Failure::invalid(message));
        }
        if device.is_wiped() {
            let message = format!("The wipe of device {uuid} was asked for before: it is {}.", device.status);
            let accepted = Accepted { uuid: uuid.clone(), message: None };
            return Ok(Done::success(message, accepted).fact("uuid", uuid));
        }
    }
    send(call, "wipe", "Reason", Command { uuid, reason }, WIPED)
}

const WIPED: &str = "is wiped";

fn send(
    call: &Call<Configuration>,
    name: &str,
    parameter: &str,
    Command { uuid, reason }: Command,
    effect: &str,
) -> Result<Done<Accepted>, Failure> {
    let reason = match reason.trim() {
        "" => "Palisade".to_owned(),
        reason => format!("{reason} (Palisade)"),
    };
    let message = Core::new(call).command(name, &uuid, (parameter, &reason))?;
    Ok(accepted(uuid, message, effect))
}

fn accepted(uuid: String, message: Option<String>, effect: &str) -> Done<Accepted> {
    let sentence =
        format!("The server has taken on the command: device {uuid} {effect} when it next checks in.");
    Done::success(sentence, Accepted { uuid: uuid.clone(), message }).fact("uuid", uuid)
}

/// The status of a device says whether it is to be wiped, not who wanted it.
pub(crate) fn verify_wipe(
    call: &Call<Configuration>,
    Wipe { uuid, .. }: Wipe,
) -> Result<Verdict<Accepted>, Failure> {
    let device: Device = match Core::new(call).device(&uuid) {
        Err(Failure::NotFound(words)) => {
            return Ok(Verdict::Unknown(format!("the server does not know device {uuid} any more: {words}")));
        }
        device => device?,
    };
    Ok(match device.status.to_ascii_uppercase().as_str() {
        _ if device.is_wiped() => Verdict::Happened(accepted(uuid, None, WIPED)),
        "ACTIVE" => Verdict::DidNotHappen,
        other => Verdict::Unknown(format!(
            "device {uuid} is {other}, which does not say whether a wipe was asked for"
        )),
    })
}
