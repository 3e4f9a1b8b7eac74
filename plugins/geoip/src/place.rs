use std::{collections::BTreeMap, net::IpAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an address is, as far as the service knows.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Place {
    /// The address.
    ip: IpAddr,
    /// Name of the city.
    pub(crate) city: Option<String>,
    /// Name of the state or province.
    state: Option<String>,
    /// ISO 3166-2 code of the state or province, without the country.
    state_code: Option<String>,
    /// Name of the country.
    pub(crate) country: Option<String>,
    /// ISO 3166-1 code of the country.
    pub(crate) country_code: Option<String>,
    /// Name of the continent.
    continent: Option<String>,
    /// Name of the country where the provider has registered the network.
    registered_country: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Latitude in degrees; never an exact one.
    latitude: Option<f64>,
    /// Longitude in degrees; never an exact one.
    longitude: Option<f64>,
    /// Kilometres around that point within which the address probably is.
    accuracy_radius_km: Option<u32>,
    /// Time zone, for example `Europe/Amsterdam`.
    time_zone: Option<String>,
    /// Number of the autonomous system.
    asn: Option<u32>,
    /// Holder of the autonomous system.
    as_organization: Option<String>,
    /// Provider.
    isp: Option<String>,
    /// Organisation that the address is assigned to.
    pub(crate) organization: Option<String>,
    /// Second-level domain of the address.
    domain: Option<String>,
    /// Network that all this holds for.
    network: Option<String>,
    /// Whether it belongs to a network that hides its users; known to `insights` and the database Anonymous IP only.
    anonymous: Option<bool>,
}

/// The service's answer, or a record of a database, as far as it is used. What is not known is left out of it.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Answer {
    city: Named,
    continent: Named,
    country: Named,
    registered_country: Named,
    subdivisions: Vec<Named>,
    location: Location,
    postal: Postal,
    traits: Traits,
    anonymizer: Option<Anonymizer>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    iso_code: Option<String>,
    /// By language.
    names: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Location {
    accuracy_radius: Option<u32>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    time_zone: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Postal {
    code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Traits {
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
    domain: Option<String>,
    isp: Option<String>,
    network: Option<String>,
    organization: Option<String>,
}

/// There is one if the service knows of anonymizers, and the field is left out of it if it would be false.
#[derive(Deserialize)]
struct Anonymizer {
    #[serde(default)]
    is_anonymous: bool,
}

impl Named {
    fn name(mut self) -> Option<String> {
        self.names.remove("en")
    }
}

impl Place {
    pub(crate) fn from_answer(ip: IpAddr, answer: Answer) -> Self {
        // From the largest to the smallest.
        let state = answer.subdivisions.into_iter().next().unwrap_or_default();
        Self {
            ip,
            city: answer.city.name(),
            state_code: state.iso_code.clone(),
            state: state.name(),
            country_code: answer.country.iso_code.clone(),
            country: answer.country.name(),
            continent: answer.continent.name(),
            registered_country: answer.registered_country.name(),
            postal_code: answer.postal.code,
            latitude: answer.location.latitude,
            longitude: answer.location.longitude,
            accuracy_radius_km: answer.location.accuracy_radius,
            time_zone: answer.location.time_zone,
            asn: answer.traits.autonomous_system_number,
            as_organization: answer.traits.autonomous_system_organization,
            isp: answer.traits.isp,
            organization: answer.traits.organization,
            domain: answer.traits.domain,
            network: answer.traits.network,
            anonymous: answer.anonymizer.map(|anonymizer| anonymizer.is_anonymous),
        }
    }

    /// What a person calls it.
    pub(crate) fn name(&self) -> Option<String> {
        let parts = [&self.city, &self.state, &self.country];
        let mut parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        // A city state would be named three times.
        parts.dedup();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
