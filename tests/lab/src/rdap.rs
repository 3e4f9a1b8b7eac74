//! RDAP servers (RFC 9082, RFC 9083) and the bootstrap files that lead to them (RFC 9224).
//!
//! Played are the bootstrap of IANA, the thin registry of `.com`, one registrar, and the address registries ARIN and
//! RIPE. As in truth, a registry knows registered names and not the names below them.

use std::net::IpAddr;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::story::{self, Registration};

const BOOTSTRAP: &str = "data.iana.org";
const VERISIGN: &str = "rdap.verisign.com";
const REGISTRAR: &str = "rdap.northwind-registrar.example";
const ARIN: &str = "rdap.arin.net";
const RIPE: &str = "rdap.db.ripe.net";

/// Names under which RDAP is answered.
pub(crate) const HOSTS: [&str; 5] = [BOOTSTRAP, VERISIGN, REGISTRAR, ARIN, RIPE];

pub(crate) fn answer(call: &Call) -> Answer {
    if call.method != Method::GET && call.method != Method::HEAD {
        return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let segments: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
    match (call.host.as_str(), segments.as_slice()) {
        (BOOTSTRAP, ["rdap", file]) => bootstrap(file),
        (VERISIGN, ["com", "v1", "domain", name]) => domain(name, registry_view),
        (REGISTRAR, ["domain", name]) => domain(name, registrar_view),
        (ARIN, ["registry", "ip", address]) => arin(address),
        (RIPE, ["ip", address]) => ripe(address),
        _ => error(StatusCode::NOT_FOUND, "There is no such resource here."),
    }
}

/// Which ranges lead where is the story's invention; the format and the URLs of the servers are real.
fn bootstrap(file: &str) -> Answer {
    let services = match file {
        // `.it` is missing: its registry has a WHOIS server only, as several countries' have.
        "dns.json" => json!([[["com"], ["https://rdap.verisign.com/com/v1/"]]]),
        "ipv4.json" => json!([
            [
                ["192.0.0.0/8", "198.0.0.0/8", "203.0.0.0/8"],
                ["https://rdap.arin.net/registry/", "http://rdap.arin.net/registry/"]
            ],
            [["193.0.0.0/8"], ["https://rdap.db.ripe.net/"]],
        ]),
        "ipv6.json" => json!([[["2001:c00::/23"], ["https://rdap.db.ripe.net/"]]]),
        "asn.json" => json!([[["64496-64511"], ["https://rdap.db.ripe.net/"]]]),
        _ => return Answer::empty(StatusCode::NOT_FOUND),
    };
    let body = json!({
        "version": "1.0",
        "publication": "2026-11-18T20:00:01Z",
        "description": "RDAP bootstrap file",
        "services": services,
    });
    Answer::json(StatusCode::OK, &body)
}

fn domain(name: &str, view: fn(&Registration) -> Value) -> Answer {
    if !name.contains('.') || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    {
        return error(StatusCode::BAD_REQUEST, "The domain name is not valid.");
    }
    match story::registration(name) {
        Some(registration) => rdap(StatusCode::OK, &view(registration)),
        None => error(StatusCode::NOT_FOUND, "The domain name is not registered."),
    }
}

/// What the thin registry says: no holder, but a link to the registrar.
fn registry_view(registration: &Registration) -> Value {
    let name = registration.domain.to_uppercase();
    let own = format!("https://{VERISIGN}/com/v1/domain/{name}");
    let further = format!("https://{REGISTRAR}/domain/{name}");
    json!({
        "objectClassName": "domain",
        "handle": format!("{}_DOMAIN_COM-VRSN", registration.number),
        "ldhName": name,
        "links": [
            { "value": own, "rel": "self", "href": own, "type": "application/rdap+json" },
            { "value": further, "rel": "related", "href": further, "type": "application/rdap+json" },
        ],
        "status": ["client transfer prohibited"],
        "entities": [registrar()],
        "events": events(registration),
        "secureDNS": { "delegationSigned": false },
        "nameservers": nameservers(),
        "rdapConformance": conformance(&["icann_rdap_technical_implementation_guide_1", "icann_rdap_response_profile_1"]),
        "notices": [terms("https://www.verisign.com/domain-names/registration-data-access-protocol/terms-service/index.xhtml")],
    })
}

/// What the registrar says: the holder, behind privacy protection redacted as RFC 9537 has it.
fn registrar_view(registration: &Registration) -> Value {
    let Registration { organization, place: [country, city], is_private, .. } = registration;
    let name = registration.domain.to_uppercase();
    let redacted = json!([{
        "name": { "description": "Registrant Name" },
        "postPath": "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='fn')][3]",
        "pathLang": "jsonpath",
        "method": "emptyValue",
        "reason": { "description": "Server policy" },
    }]);
    let own = format!("https://{REGISTRAR}/domain/{name}");
    json!({
        "objectClassName": "domain",
        "handle": format!("{}_DOMAIN_COM-VRSN", registration.number),
        "ldhName": name,
        "links": [{ "value": own, "rel": "self", "href": own, "type": "application/rdap+json" }],
        "status": ["client transfer prohibited"],
        "entities": [
            registrar(),
            {
                "objectClassName": "entity",
                "handle": "NW-77120934",
                "roles": ["registrant"],
                "vcardArray": ["vcard", [
                    ["version", {}, "text", "4.0"],
                    ["fn", {}, "text", if *is_private { "" } else { organization }],
                    ["org", {}, "text", organization],
                    ["adr", { "cc": country }, "text", ["", "", "", city, "", "", ""]],
                ]],
            },
        ],
        "redacted": if *is_private { redacted } else { json!([]) },
        "events": events(registration),
        "secureDNS": { "delegationSigned": false },
        "nameservers": nameservers(),
        "port43": "whois.northwind-registrar.example",
        "rdapConformance": conformance(&["icann_rdap_technical_implementation_guide_1", "icann_rdap_response_profile_1", "redacted"]),
    })
}

fn registrar() -> Value {
    json!({
        "objectClassName": "entity",
        "handle": "9995",
        "roles": ["registrar"],
        "publicIds": [{ "type": "IANA Registrar ID", "identifier": "9995" }],
        "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", story::REGISTRAR]]],
        "entities": [contact("abuse", "", story::REGISTRAR_ABUSE)],
    })
}

fn events(Registration { registered_at, expires_at, .. }: &Registration) -> Value {
    json!([
        { "eventAction": "registration", "eventDate": registered_at },
        { "eventAction": "expiration", "eventDate": expires_at },
        { "eventAction": "last changed", "eventDate": registered_at },
        { "eventAction": "last update of RDAP database", "eventDate": "2026-11-20T09:00:01Z" },
    ])
}

fn nameservers() -> Value {
    json!([
        { "objectClassName": "nameserver", "ldhName": "NS1.POLDER-HOSTING.EXAMPLE" },
        { "objectClassName": "nameserver", "ldhName": "NS2.POLDER-HOSTING.EXAMPLE" },
    ])
}

fn arin(address: &str) -> Answer {
    let Some(address) = parsed(address) else {
        return error(StatusCode::BAD_REQUEST, "The address is not valid.");
    };
    match address {
        // ARIN redirects to the registry that manages the range.
        IpAddr::V4(v4) if v4.octets()[..3] == [203, 0, 113] => {
            Answer::empty(StatusCode::FOUND).with("location", &format!("https://{RIPE}/ip/{address}"))
        }
        IpAddr::V4(v4) if v4.octets()[..3] == [198, 51, 100] => {
            let own = format!("https://{ARIN}/registry/ip/{address}");
            let network = json!({
                "rdapConformance": conformance(&["nro_rdap_profile_0", "cidr0", "arin_originas0"]),
                "notices": [terms("https://www.arin.net/resources/registry/whois/tou/")],
                "handle": "NET-198-51-100-0-1",
                "startAddress": "198.51.100.0",
                "endAddress": "198.51.100.255",
                "ipVersion": "v4",
                "name": "EXAMPLE-NETWORKS-1",
                "type": "DIRECT ALLOCATION",
                "parentHandle": "NET-198-0-0-0-0",
                "events": [
                    { "eventAction": "last changed", "eventDate": "2024-02-11T10:22:40-05:00" },
                    { "eventAction": "registration", "eventDate": "2009-06-29T00:00:00-04:00" },
                ],
                "links": [{ "value": own, "rel": "self", "type": "application/rdap+json", "href": own }],
                "entities": [contact("registrant", "Example Networks LLC", "noc@example.net"), contact("abuse", "Abuse", "abuse@example.net")],
                "port43": "whois.arin.net",
                "status": ["active"],
                "objectClassName": "ip network",
                "cidr0_cidrs": [{ "v4prefix": "198.51.100.0", "length": 24 }],
                "arin_originas0_originautnums": [64500],
            });
            rdap(StatusCode::OK, &network)
        }
        _ => error(StatusCode::NOT_FOUND, "No network contains this address."),
    }
}

fn ripe(address: &str) -> Answer {
    let Some(address) = parsed(address) else {
        return error(StatusCode::BAD_REQUEST, "The address is not valid.");
    };
    let (handle, start, end, version, prefix) = match address {
        IpAddr::V4(v4) if v4.octets()[..3] == [203, 0, 113] => (
            "203.0.113.0 - 203.0.113.255",
            "203.0.113.0",
            "203.0.113.255",
            "v4",
            json!({ "v4prefix": "203.0.113.0", "length": 24 }),
        ),
        IpAddr::V6(v6) if v6.segments()[..2] == [0x2001, 0xdb8] => (
            "2001:db8::/32",
            "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "v6",
            json!({ "v6prefix": "2001:db8::", "length": 32 }),
        ),
        _ => return error(StatusCode::NOT_FOUND, "No network contains this address."),
    };
    let own = format!("https://{RIPE}/ip/{address}");
    let network = json!({
        "handle": handle,
        "startAddress": start,
        "endAddress": end,
        "ipVersion": version,
        "name": "POLDER-NET-1",
        "type": "ASSIGNED PA",
        "country": "NL",
        "parentHandle": "203.0.112.0 - 203.0.115.255",
        "cidr0_cidrs": [prefix],
        "status": ["active"],
        "entities": [contact("registrant", story::HOSTER, "noc@polder-hosting.example"), contact("abuse", "Abuse desk", story::HOSTER_ABUSE)],
        "links": [{ "value": own, "rel": "self", "href": own }],
        "events": [
            { "eventAction": "registration", "eventDate": "2025-08-14T09:31:00Z" },
            { "eventAction": "last changed", "eventDate": "2026-03-02T15:02:44Z" },
        ],
        "rdapConformance": conformance(&["nro_rdap_profile_0", "cidr0"]),
        "notices": [terms("https://docs.db.ripe.net/terms-conditions.html")],
        "port43": "whois.ripe.net",
        "objectClassName": "ip network",
    });
    rdap(StatusCode::OK, &network)
}

/// The address of `ip/X`, whose `:` a client may have percent-encoded. Prefixes (RFC 9082 §3.1.1) are not played.
fn parsed(address: &str) -> Option<IpAddr> {
    address.replace("%3A", ":").replace("%3a", ":").parse().ok()
}

fn contact(role: &str, name: &str, email: &str) -> Value {
    json!({
        "objectClassName": "entity",
        "roles": [role],
        "vcardArray": ["vcard", [
            ["version", {}, "text", "4.0"],
            ["fn", {}, "text", name],
            ["email", {}, "text", email],
        ]],
    })
}

fn conformance(extensions: &[&str]) -> Value {
    let mut all = vec!["rdap_level_0"];
    all.extend(extensions);
    json!(all)
}

fn terms(href: &str) -> Value {
    json!({
        "title": "Terms of Use",
        "description": ["Service subject to Terms of Use."],
        "links": [{ "href": href, "rel": "terms-of-service", "type": "text/html" }],
    })
}

/// An error object (RFC 9083 §6).
fn error(status: StatusCode, description: &str) -> Answer {
    let body = json!({
        "rdapConformance": ["rdap_level_0"],
        "errorCode": status.as_u16(),
        "title": status.canonical_reason(),
        "description": [description],
    });
    rdap(status, &body)
}

fn rdap(status: StatusCode, body: &Value) -> Answer {
    // RFC 7480 §5.6 asks for the second header.
    Answer::new(status, "application/rdap+json", body.to_string()).with("access-control-allow-origin", "*")
}
