//! Connector for MobileIron Core, now Ivanti Endpoint Manager Mobile: mobile devices, and commands to them.
//!
//! API: MobileIron Core V1, `/api/v1/dm/devices`. A command is accepted by the server and reaches the device when it next
//! checks in; a device that is switched off keeps it waiting.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod command;
mod core;
mod device;
#[cfg(test)]
mod tests;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{core::Core, device::Device};

palisade_sdk::connector!(connector);

/// How many devices one list may have: a page of that size stays well under the host's limit on responses.
const LIST_DEVICES_MAX: u32 = 500;

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("mobileiron", env!("CARGO_PKG_VERSION"))
        .about("Lists mobile devices, and locks, unlocks and wipes them.")
        .publisher("Palisade")
        .vendor("Ivanti")
        .product("MobileIron Core")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET", "PUT"])
                .secret_in_authorization("password")
                .because("The server knows the devices and sends them commands."),
        )
        .action(
            Action::investigate("list devices", list_devices).about("Lists the devices that are registered."),
        )
        .action(
            Action::investigate("get system info", get_system_info)
                .about("Reads what a device is, whose it is, and how it stands."),
        )
        .action(
            // A device that is locked stays locked.
            Action::contain("lock device", command::lock)
                .about("Locks the screen of a device.")
                .repeatable()
                .undone_by("unlock device"),
        )
        .action(
            // It takes the passcode off the device, and with it one that the user may have set since an earlier attempt.
            Action::correct("unlock device", command::unlock)
                .about("Unlocks a device by taking its passcode off."),
        )
        .action(
            Action::contain("wipe device", command::wipe)
                .about("Erases everything on a device. Nothing brings it back.")
                .verified_by(command::verify_wipe),
        )
        .action(Action::test(test_connectivity))
}

/// What an asset needs: the server, and a local user of it with the role to manage devices and to use the API.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// The server, for example `https://core.example.com`.
    url: String,
    /// User that acts.
    username: String,
    /// The user's password.
    password: Secret,
}

#[derive(Deserialize, JsonSchema)]
struct ListDevices {
    /// How many to skip.
    #[serde(default)]
    start_index: u32,
    /// How many at most.
    #[serde(default = "list_devices_max")]
    #[schemars(range(min = 1, max = 500))]
    limit: u32,
}

/// Which device is meant.
#[derive(Deserialize, JsonSchema)]
struct One {
    /// UUID of the device in MobileIron.
    uuid: String,
}

/// The devices that were found.
#[derive(Serialize, JsonSchema)]
struct Devices {
    /// How many there are.
    total: u64,
    /// Those that were asked for.
    devices: Vec<Device>,
}

fn list_devices_max() -> u32 {
    LIST_DEVICES_MAX
}

fn list_devices(
    call: &Call<Configuration>,
    ListDevices { start_index, limit }: ListDevices,
) -> Result<Done<Devices>, Failure> {
    let (total, devices) = Core::new(call).devices(start_index, limit.clamp(1, LIST_DEVICES_MAX))?;
    let count = devices.len();
    Ok(Done::success(format!("Devices listed: {count} of {total}."), Devices { total, devices })
        .fact("count", count)
        .fact("total", total))
}

fn get_system_info(call: &Call<Configuration>, One { uuid }: One) -> Result<Done<Device>, Failure> {
    let device = Core::new(call).device(&uuid)?;
    let message = format!("{} is {}.", device.title(), device.status);
    Ok(device.done(message))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    Core::new(call).devices(0, 1)?;
    Ok(Done::success("The server accepts the credentials and lets them read devices.", ()))
}
