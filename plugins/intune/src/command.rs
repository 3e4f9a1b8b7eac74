//! Commands to devices.

use palisade_sdk::{
    Failure,
    connector::{Call, Done, Verdict},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Configuration, One, device::Device, graph::Graph};

/// Under these names Graph lists a wipe among the results of commands: that of the request, and those of the type
/// `remoteAction`.
const WIPES: [&str; 3] = ["wipe", "factoryReset", "factoryResetKeepEnrollmentData"];

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wipe {
    /// Id of the device in Intune.
    id: String,
    /// Whose device it must be, by user principal name or mail address. The device is read first, and if it belongs to
    /// somebody else nothing is sent; nor is it while a wipe that was asked for before is under way.
    #[schemars(length(min = 1))]
    user: Option<String>,
    /// Keeps the device enrolled (Windows).
    #[serde(default)]
    keep_enrollment_data: bool,
    /// Keeps the user's data (Windows).
    #[serde(default)]
    keep_user_data: bool,
    /// Keeps the data plan of its eSIM.
    #[serde(default)]
    persist_esim_data_plan: bool,
    /// Six digits that unlock a Mac after the wipe.
    #[schemars(regex(pattern = r"^[0-9]{6}$"))]
    mac_os_unlock_code: Option<String>,
}

/// A command that Intune has taken on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// Id of the device.
    id: String,
}

pub(crate) fn sync(call: &Call<Configuration>, One { id }: One) -> Result<Done<Accepted>, Failure> {
    Graph::log_in(call)?.command(&id, "syncDevice", None)?;
    Ok(accepted(id, "is asked to check in"))
}

pub(crate) fn lock(call: &Call<Configuration>, One { id }: One) -> Result<Done<Accepted>, Failure> {
    Graph::log_in(call)?.command(&id, "remoteLock", None)?;
    Ok(accepted(id, "is locked when it next checks in"))
}

pub(crate) fn wipe(call: &Call<Configuration>, asked: Wipe) -> Result<Done<Accepted>, Failure> {
    let mut body = json!({
        "keepEnrollmentData": asked.keep_enrollment_data,
        "keepUserData": asked.keep_user_data,
        "persistEsimDataPlan": asked.persist_esim_data_plan,
    });
    if let Some(code) = asked.mac_os_unlock_code {
        body["macOsUnlockCode"] = code.into();
    }
    let graph = Graph::log_in(call)?;
    if let Some(user) = asked.user {
        let device = graph.device(&asked.id)?;
        if !device.belongs_to(&user) {
            let message = format!("device {} is {}, not of {user}", asked.id, device.title());
            return Err(Failure::invalid(message));
        }
        if let Some("pending" | "active") = state_of_wipe(&device) {
            let message = format!("The wipe of device {} was asked for before, and is under way.", asked.id);
            return Ok(Done::success(message, Accepted { id: asked.id.clone() }).fact("id", asked.id));
        }
    }
    graph.command(&asked.id, "wipe", Some(&body))?;
    Ok(accepted(asked.id, WIPED))
}

const WIPED: &str = "is wiped when it next checks in";

fn accepted(id: String, effect: &str) -> Done<Accepted> {
    let message = format!("Intune has taken on the command: device {id} {effect}.");
    Done::success(message, Accepted { id: id.clone() }).fact("id", id)
}

/// The results of commands say that a wipe was asked for, not by whom. (`managementState` would say the same, but is not
/// part of v1.0.)
pub(crate) fn verify_wipe(
    call: &Call<Configuration>,
    Wipe { id, .. }: Wipe,
) -> Result<Verdict<Accepted>, Failure> {
    let device = match Graph::log_in(call)?.device(&id) {
        // A device that was wiped leaves Intune, and so does one that was deleted.
        Err(Failure::NotFound(words)) => {
            return Ok(Verdict::Unknown(format!("Intune does not know device {id} any more: {words}")));
        }
        device => device?,
    };
    Ok(match state_of_wipe(&device) {
        None => Verdict::DidNotHappen,
        Some("pending" | "active" | "done") => Verdict::Happened(accepted(id, WIPED)),
        Some(state) => Verdict::Unknown(format!(
            "a wipe of device {id} is `{state}`, and nothing tells whether it was this one"
        )),
    })
}

/// How the latest wipe of a device stands; nothing if there was none.
fn state_of_wipe(device: &Device) -> Option<&str> {
    let is_wipe = |name: &str| WIPES.iter().any(|wipe| wipe.eq_ignore_ascii_case(name));
    let wipes = device.action_results.iter().filter(|it| it.action_name.as_deref().is_some_and(is_wipe));
    let latest = wipes.max_by_key(|it| it.start_date_time.as_deref())?;
    Some(latest.action_state.as_deref().unwrap_or("none"))
}
