//! Connector for the registries of names and addresses: who holds a domain or an address.
//!
//! Registries answer over RDAP (RFC 9082, RFC 9083); which one is responsible stands in the bootstrap files of IANA
//! (RFC 9224). Where a top-level domain has no RDAP, the older WHOIS protocol (RFC 3912) is asked, beginning at IANA's
//! server, which refers to the registry's.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bootstrap;
mod contact;
mod domain;
mod name;
mod network;
mod rdap;
#[cfg(test)]
mod tests;
mod whois;

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, TcpAccess},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

/// A name of several labels may take as many questions, and a registrar's server one more.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("whois", env!("CARGO_PKG_VERSION"))
        .about("Looks up who holds a domain or an address.")
        .publisher("Palisade")
        .vendor("IANA and the registries")
        .product("RDAP and WHOIS")
        .http(
            HttpAccess::to_configured("bootstrap_url")
                .methods(["GET"])
                .because("IANA publishes which registry is responsible for a name or an address."),
        )
        .http(
            HttpAccess::to_anywhere()
                .methods(["GET"])
                .because("Each registry and registrar answers for its own names and addresses."),
        )
        .tcp(
            TcpAccess::to_configured("whois_server", [whois::PORT])
                .because("IANA's WHOIS server refers to the registry's where there is no RDAP."),
        )
        .tcp(TcpAccess::to_anywhere([whois::PORT]).because("Some registries answer over WHOIS only."))
        .action(
            Action::investigate("whois domain", domain::look_up)
                .about("Looks up who holds a domain, since when, and through which registrar.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::investigate("whois ip", network::look_up)
                .about("Looks up which network an address belongs to, and who holds it.")
                .time_limit(TIME_LIMIT),
        )
        .action(Action::test(test_connectivity))
}

/// What an asset needs: nothing that is not public knowledge.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// Where the RDAP bootstrap files are.
    #[serde(default = "bootstrap_url_default")]
    bootstrap_url: String,
    /// WHOIS server that knows all others, as `host` or `host:port`.
    #[serde(default = "whois_server_default")]
    whois_server: String,
}

fn bootstrap_url_default() -> String {
    "https://data.iana.org/rdap".to_owned()
}

fn whois_server_default() -> String {
    "whois.iana.org".to_owned()
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    bootstrap::fetch(call, bootstrap::File::Dns)?;
    Ok(Done::success("The RDAP bootstrap files can be read.", ()))
}
