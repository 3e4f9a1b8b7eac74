//! Connector for a DNS resolver: what a name stands for, and what an address is called.
//!
//! The resolver is asked over TCP (RFC 7766) or over HTTPS (RFC 8484), whichever the asset names. UDP is left out: the
//! contract has no datagrams, and an answer over a stream is neither cut short nor easily forged.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod message;
mod name;
mod record;
mod resolver;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, TcpAccess},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    message::Found,
    name::Name,
    record::{Record, RecordType},
};

palisade_sdk::connector!(connector);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("dns", env!("CARGO_PKG_VERSION"))
        .about("Looks up what a domain name stands for, and what an address is called.")
        .publisher("Palisade")
        .vendor("IETF")
        .product("DNS")
        .tcp(
            TcpAccess::to_configured("resolver", [resolver::PORT])
                .because("The resolver answers all look-ups over TCP."),
        )
        .http(
            HttpAccess::to_configured("doh_url")
                .methods(["GET"])
                .because("The resolver answers all look-ups over HTTPS."),
        )
        .action(
            Action::investigate("lookup domain", lookup_domain)
                .about("Looks up the records of a domain name; of one type at a time, aliases followed."),
        )
        .action(
            Action::investigate("lookup ip", lookup_ip)
                .about("Looks up the names of an address (reverse DNS)."),
        )
        .action(Action::test(test_connectivity))
}

/// What an asset needs: one resolver, by one of its two addresses.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// Resolver that answers over TCP, as `host` or `host:port`, for example `192.0.2.53`.
    resolver: Option<String>,
    /// Resolver that answers over HTTPS, for example `https://dns.example/dns-query`.
    doh_url: Option<String>,
    /// Name that `test connectivity` looks up; it need not exist.
    #[serde(default = "test_domain_default")]
    test_domain: String,
}

fn test_domain_default() -> String {
    "example.com".to_owned()
}

#[derive(Deserialize, JsonSchema)]
struct LookupDomain {
    /// Domain name, for example `www.example.com`.
    #[schemars(length(min = 1, max = 254))]
    domain: String,
    /// Type of the records.
    #[serde(default, rename = "type")]
    record_type: RecordType,
}

#[derive(Deserialize, JsonSchema)]
struct LookupIp {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

/// What a domain name stands for.
#[derive(Serialize, JsonSchema)]
struct DomainRecords {
    /// The name that was asked for.
    domain: String,
    /// The name that it is an alias of, if it is one.
    canonical_name: Option<String>,
    /// The records of the type that was asked for; none if the name exists without any.
    records: Vec<Record>,
}

/// What an address is called.
#[derive(Serialize, JsonSchema)]
struct AddressNames {
    /// The address.
    ip: IpAddr,
    /// Its names. Whoever holds the address chooses them: they prove nothing.
    hostnames: Vec<String>,
}

/// What the resolver says when it is tried.
#[derive(Serialize, JsonSchema)]
struct Tried {
    /// The name that was looked up.
    domain: String,
    /// Whether it exists.
    exists: bool,
}

fn lookup_domain(
    call: &Call<Configuration>,
    LookupDomain { domain, record_type }: LookupDomain,
) -> Result<Done<DomainRecords>, Failure> {
    let name = Name::parse(&domain)?;
    let Some(Found { canonical_name, records }) = resolver::ask(call, &name, record_type)? else {
        return Err(Failure::not_found(format!("there is no name {name}")));
    };
    let values: Vec<_> = records.iter().map(|record| record.value.clone()).collect();
    let message = format!("{record_type:?} records of {name}: {}.", values.len());
    let data = DomainRecords { domain: name.to_string(), canonical_name, records };
    let canonical_name = data.canonical_name.clone();
    Ok(Done::success(message, data)
        .fact("total", values.len())
        .fact("values", values)
        .fact("canonical_name", canonical_name))
}

fn lookup_ip(call: &Call<Configuration>, LookupIp { ip }: LookupIp) -> Result<Done<AddressNames>, Failure> {
    let found = resolver::ask(call, &Name::reverse(ip), RecordType::PTR)?;
    let hostnames: Vec<_> =
        found.into_iter().flat_map(|found| found.records).map(|record| record.value).collect();
    let Some(hostname) = hostnames.first().cloned() else {
        return Err(Failure::not_found(format!("{ip} has no name")));
    };
    let message = format!("{ip} is called {}.", hostnames.join(", "));
    Ok(Done::success(message, AddressNames { ip, hostnames })
        .fact("ip", ip.to_string())
        .fact("hostname", hostname))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<Tried>, Failure> {
    let name = Name::parse(&call.configuration.test_domain)?;
    let exists = resolver::ask(call, &name, RecordType::A)?.is_some();
    Ok(Done::success("The resolver answers.", Tried { domain: name.to_string(), exists }))
}
