//! Connector for the vendor's API: what is known of an address.

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

palisade_sdk::connector!(connector);

/// What the operator is shown before installing it, and what the host then enforces.
pub fn connector() -> Connector<Configuration> {
    Connector::new("{{name}}", env!("CARGO_PKG_VERSION"))
        .about("Looks up what the vendor knows of an address.")
        .publisher("Your company")
        .vendor("The vendor")
        .product("The vendor's product")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET"])
                .secret_in_header("api_key", "x-api-key")
                .because("The vendor's API answers all look-ups."),
        )
        .action(Action::test(test_connectivity))
        .action(
            Action::investigate("ip reputation", ip_reputation)
                .about("Says how bad an address is, and what it is known for."),
        )
}

/// What an asset needs. The comments are what the operator reads beside each field.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// URL of the vendor's API.
    url: String,
    /// API key of the account. It is asked for and sealed; this code only ever sees a placeholder.
    api_key: Secret,
}

/// The parameters of `ip reputation`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Address {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

/// What the vendor answers, and what the action returns as its data.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Reputation {
    /// From 0, good, to 100, bad.
    score: u8,
    /// What it is known for.
    categories: Vec<String>,
}

/// What the vendor says of itself.
#[derive(Deserialize)]
struct Status {
    version: String,
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    // That something answers is not enough: a proxy's page for browsers would do.
    let Status { version } = get(call, "status.json")?.json()?;
    Ok(Done::success(format!("The API answers, version {version}."), ()))
}

fn ip_reputation(call: &Call<Configuration>, Address { ip }: Address) -> Result<Done<Reputation>, Failure> {
    let reputation: Reputation = get(call, &format!("{ip}.json"))?.json()?;
    let message = match reputation.categories.as_slice() {
        [] => format!("{ip} has a score of {}.", reputation.score),
        known => format!("{ip} has a score of {}: {}.", reputation.score, known.join(", ")),
    };
    let score = reputation.score;
    Ok(Done::success(message, reputation).fact("score", score))
}

/// Asks for one thing. `ok` turns 401, 404, 429 and the rest into failures that the host knows what to do about.
fn get(call: &Call<Configuration>, what: &str) -> Result<palisade_sdk::http::Response, Failure> {
    let request = call.http().get(&call.configuration.url).path("v1").segment(what);
    request.header("x-api-key", call.configuration.api_key.as_ref()).send()?.ok()
}
