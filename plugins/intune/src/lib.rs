//! Connector for Microsoft Intune: managed devices, and commands to them.
//!
//! API: Microsoft Graph v1.0, <https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice>. A command is
//! accepted by Intune and reaches the device when it next checks in; a device that is switched off keeps it waiting.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod command;
mod device;
mod graph;
mod list;
#[cfg(test)]
mod tests;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{device::Device, graph::Graph};

palisade_sdk::connector!(connector);

/// Where a tenant hands out tokens; asking for one changes nothing.
const TOKEN_PATH: &str = "/{tenant_id}/oauth2/v2.0/token";

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("intune", env!("CARGO_PKG_VERSION"))
        .about("Lists managed devices, and synchronizes, locks and wipes them.")
        .publisher("Palisade")
        .vendor("Microsoft")
        .product("Intune")
        .http(
            HttpAccess::to_host(graph::LOGIN_HOST)
                .methods(["POST"])
                .secret_in_body("client_secret")
                .because("Microsoft Entra ID hands out the tokens for Microsoft Graph."),
        )
        .http(
            HttpAccess::to_host(graph::HOST)
                .methods(["GET", "POST"])
                .because("Microsoft Graph knows the devices and sends them commands."),
        )
        .action(
            Action::investigate("list managed devices", list::managed_devices)
                .about("Lists the devices of a user, or all of them.")
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::investigate("get system info", get_system_info)
                .about("Reads what a device is, whose it is, and what came of the commands to it.")
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::generic("sync device", command::sync)
                .about("Has a device check in now.")
                .repeatable()
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            // Intune has nothing that takes it back: the user unlocks the device with its passcode.
            Action::contain("lock device", command::lock)
                .about("Locks the screen of a device.")
                .repeatable()
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::contain("wipe device", command::wipe)
                .about("Resets a device to how it left the factory. Nothing brings its data back.")
                .verified_by(command::verify_wipe)
                .reads_by("POST", TOKEN_PATH),
        )
        .action(Action::test(test_connectivity).reads_by("POST", TOKEN_PATH))
}

/// What an asset needs: an application of the tenant with a client secret. Its application permissions are
/// `DeviceManagementManagedDevices.Read.All`, and `DeviceManagementManagedDevices.PrivilegedOperations.All` for commands.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// The tenant: its GUID, or one of its domains.
    #[schemars(regex(pattern = r"^[A-Za-z0-9.-]+$"))]
    tenant_id: String,
    /// Client id of the application.
    client_id: String,
    /// A client secret of the application.
    client_secret: Secret,
}

/// Which device is meant.
#[derive(Deserialize, JsonSchema)]
struct One {
    /// Id of the device in Intune.
    id: String,
}

fn get_system_info(call: &Call<Configuration>, One { id }: One) -> Result<Done<Device>, Failure> {
    let device = Graph::log_in(call)?.device(&id)?;
    let message = format!("Read {}.", device.title());
    let (name, user, seen) =
        (device.device_name.clone(), device.user_principal_name.clone(), device.last_sync_date_time.clone());
    Ok(Done::success(message, device)
        .fact("device_name", name)
        .fact("user", user)
        .fact("last_sync_date_time", seen))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    Graph::log_in(call)?.first_page(None, 1)?;
    Ok(Done::success("Microsoft Graph accepts the application and lets it read managed devices.", ()))
}
