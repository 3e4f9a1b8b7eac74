//! Connector for VirusTotal: what its engines say about addresses, domains, URLs and files.
//!
//! API: version 3, <https://docs.virustotal.com/reference/overview>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod quota;
mod reputation;
mod subject;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{reputation::Reputation, subject::Subject};

palisade_sdk::connector!(connector);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("virustotal", env!("CARGO_PKG_VERSION"))
        .about("Looks up what the engines of VirusTotal say about addresses, domains, URLs and files.")
        .publisher("Palisade")
        .vendor("Google")
        .product("VirusTotal")
        .http(
            HttpAccess::to_configured("base_url")
                .methods(["GET"])
                .secret_in_header("api_key", "x-apikey")
                .because("The VirusTotal API answers all look-ups."),
        )
        .action(
            Action::investigate("ip reputation", |call, IpReputation { ip }| {
                reputation(call, &Subject::ip(ip))
            })
            .about("Counts the engines that call an address malicious."),
        )
        .action(
            Action::investigate("domain reputation", |call, DomainReputation { domain }| {
                reputation(call, &Subject::domain(&domain)?)
            })
            .about("Counts the engines that call a domain malicious."),
        )
        .action(
            Action::investigate("url reputation", |call, UrlReputation { url }| {
                reputation(call, &Subject::url(&url)?)
            })
            .about("Counts the engines that called a URL malicious when it was last scanned; does not submit it."),
        )
        .action(
            Action::investigate("file reputation", |call, FileReputation { hash }| {
                reputation(call, &Subject::file(&hash)?)
            })
            .about("Counts the engines that call a file malicious, by its hash; does not upload it."),
        )
        .action(Action::test(test_connectivity))
}

/// What an asset needs.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// API key of the account.
    api_key: Secret,
    /// Where the API is.
    #[serde(default = "base_url_default")]
    base_url: String,
    /// Requests that the asset sends in a minute; further ones wait on this side. The public API takes 4; 0 sets no limit
    /// on this side.
    #[serde(default = "requests_per_minute_default")]
    #[schemars(range(max = 1000))]
    requests_per_minute: u32,
}

/// What the public API takes, <https://docs.virustotal.com/reference/public-vs-premium-api>.
fn requests_per_minute_default() -> u32 {
    4
}

fn base_url_default() -> String {
    "https://www.virustotal.com".to_owned()
}

#[derive(Deserialize, JsonSchema)]
struct IpReputation {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

#[derive(Deserialize, JsonSchema)]
struct DomainReputation {
    /// Domain name, for example `example.com`.
    #[schemars(length(min = 1, max = 253))]
    domain: String,
}

#[derive(Deserialize, JsonSchema)]
struct UrlReputation {
    /// The whole URL.
    #[schemars(length(min = 1, max = 4096))]
    url: String,
}

#[derive(Deserialize, JsonSchema)]
struct FileReputation {
    /// MD5, SHA-1 or SHA-256 of the file, in hexadecimal digits.
    hash: String,
}

fn reputation(call: &Call<Configuration>, subject: &Subject) -> Result<Done<Reputation>, Failure> {
    let reputation = Reputation::new(subject, api::object(call, subject)?);
    let (malicious, suspicious, harmless) =
        (reputation.malicious, reputation.suspicious, reputation.harmless);
    let (known, undetected) = (reputation.known, reputation.undetected);
    let message = reputation.sentence();
    Ok(Done::success(message, reputation)
        .fact("known", known)
        .fact("malicious", malicious)
        .fact("suspicious", suspicious)
        .fact("harmless", harmless)
        .fact("undetected", undetected))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    api::upload_url(call)?;
    Ok(Done::success("VirusTotal accepts the API key.", ()))
}
