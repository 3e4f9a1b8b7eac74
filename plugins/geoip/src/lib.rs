//! Connector for MaxMind's GeoIP web services: where an address is.
//!
//! API: <https://dev.maxmind.com/geoip/docs/web-services>. A database file (`.mmdb`) is not read: an asset has no files.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod place;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::place::Place;

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
                .because("The GeoIP web service answers all look-ups."),
        )
        .action(
            Action::investigate("geolocate ip", geolocate)
                .about("Says in which country and city an address is; costs a query of the account."),
        )
        .action(Action::test(test_connectivity))
}

/// What an asset needs.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// Number of the MaxMind account.
    #[schemars(regex(pattern = r"^[0-9]+$"))]
    account_id: String,
    /// Licence key of the account.
    license_key: Secret,
    /// Which service to ask. They differ in what they know, and in price.
    #[serde(default)]
    service: Service,
    /// Where the service is: `https://geolite.info` for a free GeoLite account.
    #[serde(default = "base_url_default")]
    base_url: String,
}

fn base_url_default() -> String {
    "https://geoip.maxmind.com".to_owned()
}

/// A GeoIP web service.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Service {
    Country,
    #[default]
    City,
    Insights,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::City => "city",
            Self::Insights => "insights",
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct GeolocateIp {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

fn geolocate(call: &Call<Configuration>, GeolocateIp { ip }: GeolocateIp) -> Result<Done<Place>, Failure> {
    let place = Place::from_answer(ip, api::look_up(call, &ip.to_string())?);
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

/// The service knows the caller's own address as `me`.
fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    match api::look_up(call, "me") {
        // The account works, though the host's own address is nowhere.
        Ok(_) | Err(Failure::NotFound(_)) => Ok(Done::success("GeoIP accepts the account.", ())),
        Err(failure) => Err(failure),
    }
}
