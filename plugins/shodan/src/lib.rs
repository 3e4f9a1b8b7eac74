//! Connector for Shodan: which services an address or a domain offers to the internet.
//!
//! API: <https://developer.shodan.io/api>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod host;
mod search;

use std::{net::IpAddr, time::Duration};

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
    http::{Request, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{host::Host, search::Search};

palisade_sdk::connector!(connector);

/// The API answers in seconds; a search may take longer.
const TIME_LIMIT: Duration = Duration::from_secs(45);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("shodan", env!("CARGO_PKG_VERSION"))
        .about("Looks up which services an address or a domain offers to the internet.")
        .publisher("Palisade")
        .vendor("Shodan")
        .product("Shodan")
        .http(
            HttpAccess::to_configured("base_url")
                .methods(["GET"])
                .secret_in_query("api_key", "key")
                .because("The Shodan API answers all look-ups."),
        )
        .action(
            Action::investigate("query ip", query_ip)
                .about("Lists the services that Shodan has seen on an address.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::investigate("query domain", query_domain)
                .about(
                    "Lists the services that Shodan has seen on the hosts of a domain; costs query credits.",
                )
                .time_limit(TIME_LIMIT),
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
}

fn base_url_default() -> String {
    "https://api.shodan.io".to_owned()
}

#[derive(Deserialize, JsonSchema)]
struct QueryIp {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

#[derive(Deserialize, JsonSchema)]
struct QueryDomain {
    /// Domain name, for example `example.com`.
    #[schemars(length(min = 1, max = 253))]
    domain: String,
}

/// The plan behind the API key.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Account {
    /// Name of the plan.
    plan: String,
    /// Searches left this month.
    query_credits: i64,
}

fn query_ip(call: &Call<Configuration>, QueryIp { ip }: QueryIp) -> Result<Done<Host>, Failure> {
    let ip = ip.to_string();
    let host = match get(call, "/shodan/host", |request| request.segment(&ip)) {
        Err(Failure::NotFound(words)) => {
            return Err(Failure::not_found(format!("Shodan has seen no services on {ip}: {words}")));
        }
        response => Host::from_answer(response?.json()?),
    };

    let message = format!("Open ports that Shodan has seen on {ip}: {}.", host.ports.len());
    let (ports, hostnames, country) = (host.ports.clone(), host.hostnames.clone(), host.country.clone());
    Ok(Done::success(message, host)
        .fact("ports", ports)
        .fact("hostnames", hostnames)
        .fact("country_name", country))
}

fn query_domain(
    call: &Call<Configuration>,
    QueryDomain { domain }: QueryDomain,
) -> Result<Done<Search>, Failure> {
    // A space would add a filter of the caller's choice to the query.
    if !domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return Err(Failure::invalid(format!("`{domain}` is no domain name")));
    }

    let mut search = search(call, format!("hostname:{domain}"))?;
    if search.total == 0 {
        // Banners name hosts that Shodan has not tied to the domain, such as those in certificates.
        search = self::search(call, domain.clone())?;
    }
    let total = search.total;
    Ok(Done::success(format!("Services that Shodan has seen for {domain}: {total}."), search)
        .fact("total", total))
}

fn search(call: &Call<Configuration>, query: String) -> Result<Search, Failure> {
    let answer = get(call, "/shodan/host/search", |request| request.query("query", &query))?.json()?;
    Ok(Search::from_answer(query, answer))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<Account>, Failure> {
    let account: Account = get(call, "/api-info", |request| request)?.json()?;
    let message = format!("The API key works; query credits left: {}.", account.query_credits);
    Ok(Done::success(message, account))
}

fn get(
    call: &Call<Configuration>,
    path: &str,
    fill: impl FnOnce(Request) -> Request,
) -> Result<Response, Failure> {
    let Configuration { api_key, base_url } = &call.configuration;
    fill(call.http().get(base_url).path(path)).query("key", api_key).send()?.ok_or_words(words)
}

/// The API says what is wrong as `{"error": "..."}`.
fn words(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Error {
        error: String,
    }
    response.json::<Error>().ok().map(|answer| answer.error)
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Exchange};
    use serde_json::json;

    use super::*;

    fn test() -> ConnectorTest<Configuration> {
        ConnectorTest::new(connector).configuration(json!({ "api_key": "placeholder" }))
    }

    #[test]
    fn an_address_with_services() {
        let report = test()
            .http(Exchange::get("https://api.shodan.io/shodan/host/192.0.2.7?key=placeholder").answer_json(
                200,
                json!({
                    "ip_str": "192.0.2.7", "org": "Example Org", "isp": null, "asn": "AS64500",
                    "country_name": "Germany", "city": null, "os": null,
                    "hostnames": ["www.example.com"], "domains": ["example.com"], "ports": [443, 22],
                    "vulns": ["CVE-2021-41773", "!CVE-2014-0160"],
                    "last_update": "2026-01-01T10:00:00.000000",
                    "data": [
                        { "port": 443, "transport": "tcp", "product": "nginx", "version": "1.25",
                          "ssl": { "cert": { "subject": { "CN": "www.example.com" } } } },
                        { "port": 22, "transport": "tcp" },
                    ],
                }),
            ))
            .invoke("query ip", json!({ "ip": "192.0.2.7" }))
            .report();
        assert_eq!(report.message, "Open ports that Shodan has seen on 192.0.2.7: 2.");
        assert_eq!(report.summary["ports"], json!([22, 443]));
        assert_eq!(report.data["vulnerabilities"], json!(["CVE-2021-41773"]));
        assert_eq!(report.data["services"][1]["product"], "nginx");
        assert_eq!(report.data["services"][1]["certificate_subject"], "www.example.com");
    }

    #[test]
    fn an_unknown_address_is_not_found() {
        let failure = test()
            .http(
                Exchange::get("https://api.shodan.io/shodan/host/2001:db8::1?key=placeholder")
                    .answer_json(404, json!({ "error": "No information available for that IP." })),
            )
            .invoke("query ip", json!({ "ip": "2001:db8::1" }))
            .failure();
        assert!(matches!(failure, Failure::NotFound(words) if words.contains("2001:db8::1")));
    }

    #[test]
    fn a_domain_without_hosts_is_searched_in_banners() {
        let report = test()
            .http(
                Exchange::get("https://api.shodan.io/shodan/host/search?query=hostname%3Aexample.com&key=placeholder")
                    .answer_json(200, json!({ "matches": [], "total": 0 })),
            )
            .http(
                Exchange::get("https://api.shodan.io/shodan/host/search?query=example.com&key=placeholder").answer_json(
                    200,
                    json!({ "matches": [{ "ip_str": "192.0.2.7", "port": 25, "transport": "tcp" }], "total": 1 }),
                ),
            )
            .invoke("query domain", json!({ "domain": "example.com" }))
            .report();
        assert_eq!(report.summary["total"], 1);
        assert_eq!(report.data["services"][0]["ip"], "192.0.2.7");
    }

    #[test]
    fn a_domain_cannot_smuggle_filters() {
        let failure = test().invoke("query domain", json!({ "domain": "a.example org:x" })).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}
