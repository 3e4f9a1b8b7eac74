//! The action `whois ip`.

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration,
    bootstrap::{self, File},
    contact::Contact,
    rdap::{self, NetworkAnswer},
    whois::{self, Text},
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Parameters {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

/// What the registry knows of the network that an address belongs to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Network {
    /// The address that was asked for.
    ip: String,
    /// Name of the network.
    name: Option<String>,
    /// Who holds it.
    owner: Option<Contact>,
    /// Its first and last address.
    range: Option<String>,
    /// The same as prefixes.
    cidrs: Vec<String>,
    /// Country, as the registry says.
    country: Option<String>,
    /// Autonomous systems that announce it, where the registry says so.
    asns: Vec<String>,
    /// When it was registered, as the registry writes it.
    created: Option<String>,
    /// When it was last changed.
    updated: Option<String>,
    /// Its status, in the registry's words.
    status: Vec<String>,
    /// Whom to tell about abuse.
    abuse: Option<Contact>,
    /// Server that answered.
    source: String,
    /// The whole answer, where it is free text.
    raw: Option<String>,
}

pub(crate) fn look_up(
    call: &Call<Configuration>,
    Parameters { ip }: Parameters,
) -> Result<Done<Network>, Failure> {
    if !is_registered_space(ip) {
        return Err(Failure::not_found(format!("{ip} is for local use: no registry knows who uses it")));
    }
    let file = if ip.is_ipv4() { File::Ipv4 } else { File::Ipv6 };
    let found = match bootstrap::fetch(call, file)?.for_address(ip) {
        Some(base) => {
            let response = rdap::ask(call, base, "ip", &ip.to_string())?;
            if response.status == 404 {
                return Err(Failure::not_found(format!("{base} knows no network with {ip}")));
            }
            Network::from_rdap(ip, base, response.ok_or_words(rdap::words)?.json()?)
        }
        None => {
            let server = whois::referral(call, &ip.to_string())?;
            let answer = whois::ask(call, &server, &ip.to_string())?;
            if answer.is_nothing() {
                return Err(Failure::not_found(format!("{server} knows no network with {ip}")));
            }
            Network::from_whois(ip, answer)
        }
    };

    let owner = found.owner.as_ref().and_then(Contact::title).or(found.name.as_deref()).map(str::to_owned);
    let message =
        format!("{} holds the network of {ip}.", owner.as_deref().unwrap_or("Someone who is not published"));
    let (range, country, asns) = (found.range.clone(), found.country.clone(), found.asns.clone());
    Ok(Done::success(message, found)
        .fact("owner", owner)
        .fact("range", range)
        .fact("country", country)
        .fact("asns", asns))
}

/// Whether a registry hands out such addresses at all.
fn is_registered_space(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_unspecified()
                || ip.is_broadcast())
        }
        IpAddr::V6(ip) => {
            !(ip.is_unique_local()
                || ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
                || ip.is_unspecified())
        }
    }
}

impl Network {
    fn from_rdap(ip: IpAddr, base: &str, answer: NetworkAnswer) -> Self {
        let owner = rdap::contact(&answer.entities, "registrant");
        Self {
            ip: ip.to_string(),
            name: answer.name,
            range: answer
                .start_address
                .zip(answer.end_address)
                .map(|(start, end)| format!("{start} - {end}")),
            cidrs: answer.cidrs.iter().filter_map(rdap::Cidr::text).collect(),
            country: answer.country.or_else(|| owner.as_ref()?.country.clone()),
            owner,
            asns: answer.origins.iter().map(|number| format!("AS{number}")).collect(),
            created: rdap::date(&answer.events, "registration"),
            updated: rdap::date(&answer.events, "last changed"),
            status: answer.status,
            abuse: rdap::contact(&answer.entities, "abuse"),
            source: base.to_owned(),
            raw: None,
        }
    }

    fn from_whois(ip: IpAddr, answer: Text) -> Self {
        let owner = Contact {
            organization: answer.first(&["orgname", "org-name", "organization", "owner", "descr"]),
            country: answer.first(&["country"]),
            ..Contact::default()
        };
        let abuse = Contact {
            email: answer.first(&["orgabuseemail", "abuse-mailbox"]),
            phone: answer.first(&["orgabusephone"]),
            ..Contact::default()
        };
        Self {
            ip: ip.to_string(),
            name: answer.first(&["netname"]),
            country: owner.country.clone(),
            owner: owner.published(),
            range: answer.first(&["inetnum", "inet6num", "netrange"]),
            cidrs: answer.all(&["cidr", "route", "route6"]),
            asns: answer.all(&["origin", "originas"]),
            created: answer.first(&["created", "regdate"]),
            updated: answer.first(&["last-modified", "updated", "changed"]),
            status: answer.all(&["status"]),
            abuse: abuse.published(),
            source: answer.server,
            raw: Some(answer.raw),
        }
    }
}
