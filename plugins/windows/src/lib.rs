//! Connector for Windows Server: what a machine is and what runs on it, read from its CIM classes over WinRM.
//!
//! WinRM is Microsoft's WS-Management (DMTF DSP0226, [MS-WSMV]). Of its ways to authenticate, only Basic over HTTPS can
//! be had without the password leaving the host's hands; NTLM, Kerberos and CredSSP are not supported.
//!
//! A secret may go only to servers that the asset names: one, or with a `*` in its URL all below a name, of which an action
//! picks one. An action that names another machine than the one that answers is refused after that has said who it is:
//! facts about the wrong machine are worse than none.
//!
//! [MS-WSMV]: https://learn.microsoft.com/openspecs/windows_protocols/ms-wsmv

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod envelope;
mod item;
mod machine;
mod processes;
mod server;
mod sessions;
mod system;
#[cfg(test)]
mod tests;
mod wsman;

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{server::Server, wsman::Wsman};

palisade_sdk::connector!(connector);

/// Several requests, each of which the server may work on for `envelope::OPERATION_TIMEOUT`.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("windows", env!("CARGO_PKG_VERSION"))
        .about("Reads what a Windows server is and what runs on it, over WinRM with Basic authentication and HTTPS; NTLM, Kerberos and CredSSP are not supported.")
        .publisher("Palisade")
        .vendor("Microsoft")
        .product("Windows Server")
        .http(
            HttpAccess::to_configured("url")
                .methods(["POST"])
                .secret_in_authorization("password")
                .because("WinRM on each server answers all questions about it."),
        )
        .action(
            Action::investigate("get system info", system::get)
                .about("Reads name, addresses, operating system, hardware and logged-on user of the server.")
                .time_limit(TIME_LIMIT)
                .reads_by("POST", wsman::PATH),
        )
        .action(
            Action::investigate("list sessions", sessions::list)
                .about("Lists who is logged on to the server, and how.")
                .time_limit(TIME_LIMIT)
                .reads_by("POST", wsman::PATH),
        )
        .action(
            Action::investigate("list processes", processes::list)
                .about("Lists the processes that run on the server.")
                .time_limit(TIME_LIMIT)
                .reads_by("POST", wsman::PATH),
        )
        .action(Action::test(test_connectivity).reads_by("POST", wsman::PATH))
}

/// What an asset needs: its servers, and an account that is local to each and may read its CIM classes.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// WinRM's HTTPS listener, for example `https://srv01.example.com:5986`; or `https://*.example.com:5986` for all
    /// servers below that name: each of them may be given the password.
    url: String,
    /// Host name of the server that `test connectivity` asks, if `url` names many.
    test_server: Option<String>,
    /// User name; Basic authentication knows local accounts only.
    username: String,
    /// The user's password.
    password: Secret,
}

/// Which machine an action is about.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Target {
    /// Name or address of the machine; it must be the asset's server. Nothing for the asset's server, whatever its name.
    /// For an asset of many servers: host name of one of them, with or without what its `url` says after the `*`.
    pub(crate) ip_hostname: Option<String>,
}

/// What WinRM says of itself.
#[derive(Serialize, JsonSchema)]
struct Identity {
    /// Version of the operating system and of the WS-Management stack.
    product_version: String,
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<Identity>, Failure> {
    let Configuration { url, test_server, .. } = &call.configuration;
    let server = Server::find(url, "test_server", test_server.as_deref())?;
    let product_version = Wsman::new(call, &server).identify()?;
    let message = format!("WinRM accepts the credentials: {product_version}.");
    Ok(Done::success(message, Identity { product_version }))
}
