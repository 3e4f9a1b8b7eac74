use std::{
    fmt::{self, Display},
    net::IpAddr,
};

use casework::{host_of, text::line};
use palisade_sdk::playbook::Artifacts;

/// Fields that may name the user, best first. CIM calls whoever made a web request `user`, which becomes
/// `destinationUserName`.
const USER_FIELDS: [&str; 3] = ["sourceUserName", "sourceUserId", "destinationUserName"];

/// What the alert says: which device, whose, and where to. None of it is certain.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    /// The device's id in its management.
    pub(crate) device: Option<String>,
    pub(crate) user: Option<AlertedUser>,
    pub(crate) destination: Destination,
}

/// Whom the alert names as the user.
#[derive(Debug, PartialEq)]
pub(crate) struct AlertedUser {
    /// The CEF field that has it.
    pub(crate) field: &'static str,
    pub(crate) name: String,
}

/// Where the device went.
#[derive(Debug, PartialEq)]
pub(crate) struct Destination {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<IpAddr>,
}

impl From<&Artifacts> for Violation {
    fn from(artifacts: &Artifacts) -> Self {
        let user = USER_FIELDS
            .into_iter()
            .find_map(|field| artifacts.text(field).map(|name| AlertedUser { field, name: name.to_owned() }));
        Self {
            device: artifacts.text("deviceExternalId").map(str::to_owned),
            user,
            destination: Destination::from(artifacts),
        }
    }
}

impl From<&Artifacts> for Destination {
    fn from(artifacts: &Artifacts) -> Self {
        let url_host = artifacts.text("requestURL").and_then(host_of);
        let named =
            ["destinationDnsDomain", "destinationHostName"].iter().find_map(|key| artifacts.text(key));
        // A name may be an address in disguise: then it is no name.
        let name = |text: &&str| text.parse::<IpAddr>().is_err();
        Self {
            name: named
                .filter(name)
                .or(url_host.filter(name))
                .map(|name| name.trim_end_matches('.').to_owned()),
            address: artifacts
                .ip("destinationAddress")
                .or_else(|| url_host?.parse().ok())
                .or_else(|| named?.parse().ok()),
        }
    }
}

impl Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.address) {
            (Some(name), Some(address)) => write!(formatter, "{} ({address})", line(name)),
            (Some(name), None) => formatter.write_str(&line(name)),
            (None, Some(address)) => write!(formatter, "{address}"),
            (None, None) => formatter.write_str("an unknown destination"),
        }
    }
}
