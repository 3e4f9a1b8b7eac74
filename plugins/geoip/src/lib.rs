//! Connector for MaxMind's GeoIP: where an address is, from a web service or from a database file.
//!
//! API: <https://dev.maxmind.com/geoip/docs/web-services>; files: <https://maxmind.github.io/MaxMind-DB/>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod configuration;
mod database;
mod mmdb;
mod place;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub use crate::configuration::Configuration;
use crate::{
    configuration::Answers,
    place::{Answer, Place},
};

palisade_sdk::connector!(connector);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("geoip", env!("CARGO_PKG_VERSION"))
        .about("Looks up where an address is, and who routes it.")
        .publisher("Palisade")
        .vendor("MaxMind")
        .product("GeoIP")
        .http(
            HttpAccess::to_configured("base_url")
                .methods(["GET"])
                .secret_in_authorization("license_key")
                .because("The GeoIP web service answers the look-ups of an asset with an account."),
        )
        .reads_file("database", "It answers the look-ups of an asset with a database file.")
        .action(
            Action::investigate("geolocate ip", geolocate)
                .about("Says in which country and city an address is; costs a query of the account, if there is no database file."),
        )
        .action(Action::test(test_connectivity))
}

#[derive(Deserialize, JsonSchema)]
struct GeolocateIp {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

fn geolocate(call: &Call<Configuration>, GeolocateIp { ip }: GeolocateIp) -> Result<Done<Place>, Failure> {
    let place = Place::from_answer(ip, look_up(call, ip)?);
    let message = match place.name() {
        Some(name) => format!("{ip} is in {name}."),
        None => format!("GeoIP knows {ip}, but not where it is."),
    };
    let (country, code, city) = (place.country.clone(), place.country_code.clone(), place.city.clone());
    let organization = place.organization.clone();
    Ok(Done::success(message, place)
        .fact("country", country)
        .fact("country_code", code)
        .fact("city", city)
        .fact("organization", organization))
}

fn look_up(call: &Call<Configuration>, ip: IpAddr) -> Result<Answer, Failure> {
    match call.configuration.answers()? {
        Answers::File => database::look_up(call.file("database"), ip),
        Answers::Account(account) => api::look_up(call, &account, &ip.to_string()),
    }
}

/// A web service knows the caller's own address as `me`.
fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    match call.configuration.answers()? {
        Answers::File => Ok(Done::success(database::describe(call.file("database"))?, ())),
        Answers::Account(account) => match api::look_up(call, &account, "me") {
            // The account works, though the host's own address is nowhere.
            Ok(_) | Err(Failure::NotFound(_)) => Ok(Done::success("GeoIP accepts the account.", ())),
            Err(failure) => Err(failure),
        },
    }
}
