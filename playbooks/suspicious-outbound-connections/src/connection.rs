use std::net::IpAddr;

use casework::{
    host_of,
    text::{line, shortened},
};
use palisade_sdk::playbook::Artifacts;

/// What the alert says of who talked to what.
#[derive(Debug, PartialEq)]
pub(crate) struct Connection {
    source_address: Option<IpAddr>,
    source_name: Option<String>,
    /// Name of the destination.
    pub(crate) domain: Option<String>,
    /// Address of the destination.
    pub(crate) address: Option<IpAddr>,
    port: Option<u64>,
}

impl From<&Artifacts> for Connection {
    fn from(artifacts: &Artifacts) -> Self {
        let first = |keys: &[&str]| keys.iter().find_map(|key| artifacts.text(key)).map(str::to_owned);
        // A name may be an address in disguise: then it is no name.
        let name =
            |text: String| text.parse::<IpAddr>().is_err().then(|| text.trim_end_matches('.').to_owned());
        let url_host = artifacts.text("requestURL").and_then(host_of);
        let source_address = artifacts.ip("sourceAddress");
        // CEF's device is whoever reported the event, which may be a firewall: it counts only for want of a source.
        let device = || first(&["deviceHostname", "deviceHostName"]).filter(|_| source_address.is_none());
        Self {
            source_address,
            source_name: first(&["sourceHostName"]).or_else(device),
            domain: first(&["destinationDnsDomain", "destinationHostName"])
                .and_then(name)
                .or_else(|| url_host.map(str::to_owned).and_then(name)),
            address: artifacts.ip("destinationAddress").or_else(|| url_host?.parse().ok()),
            port: artifacts.number("destinationPort"),
        }
    }
}

impl Connection {
    /// What to ask for the source device by: the name, which stays when addresses change hands, or else the address.
    pub(crate) fn source(&self) -> Option<String> {
        self.source_name.clone().or_else(|| self.source_address.map(|address| address.to_string()))
    }

    /// The source for a person; a name has at most this many characters.
    pub(crate) fn source_text(&self, name_chars_max: usize) -> String {
        let name = self.source_name.as_ref().map(|name| shortened(&line(name), name_chars_max));
        called(name, self.source_address).unwrap_or_else(|| "an unknown device".to_owned())
    }

    /// The destination for a person; a name has at most this many characters.
    pub(crate) fn destination_text(&self, name_chars_max: usize) -> String {
        let name = self.domain.as_ref().map(|name| shortened(&line(name), name_chars_max));
        let destination = called(name, self.address).unwrap_or_else(|| "an unknown destination".to_owned());
        match self.port {
            Some(port) => format!("{destination} port {port}"),
            None => destination,
        }
    }
}

fn called(name: Option<String>, address: Option<IpAddr>) -> Option<String> {
    match (name, address) {
        (Some(name), Some(address)) => Some(format!("{name} ({address})")),
        (name, address) => name.or_else(|| address.map(|address| address.to_string())),
    }
}
