use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Conversation, Exchange, HttpError},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector)
}

fn dns() -> Exchange {
    Exchange::get("https://data.iana.org/rdap/dns.json").answer_json(
        200,
        json!({ "services": [[["com"], ["https://rdap.registry.example/com/v1/"]], [["uk"], ["https://rdap.uk.example/"]]] }),
    )
}

fn card(properties: &Value) -> Value {
    json!(["vcard", properties])
}

/// A thin registry's answer: it knows the registrar, and where the registrar answers.
fn registry() -> Value {
    json!({
        "objectClassName": "domain", "ldhName": "EXAMPLE.COM", "status": ["client transfer prohibited"],
        "nameservers": [{ "ldhName": "NS1.EXAMPLE.NET" }],
        "events": [
            { "eventAction": "registration", "eventDate": "2025-12-20T00:00:00Z" },
            { "eventAction": "expiration", "eventDate": "2026-12-20T00:00:00Z" },
        ],
        "links": [
            { "rel": "self", "href": "https://rdap.registry.example/com/v1/domain/EXAMPLE.COM", "type": "application/rdap+json" },
            { "rel": "related", "href": "https://rdap.registrar.example/domain/EXAMPLE.COM", "type": "application/rdap+json" },
        ],
        "entities": [{
            "roles": ["registrar"],
            "vcardArray": card(&json!([["version", {}, "text", "4.0"], ["fn", {}, "text", "Registrar Inc."]])),
            "entities": [{
                "roles": ["abuse"],
                "vcardArray": card(&json!([["fn", {}, "text", ""], ["email", {}, "text", "abuse@registrar.example"]])),
            }],
        }],
    })
}

fn registrar() -> Exchange {
    Exchange::get("https://rdap.registrar.example/domain/EXAMPLE.COM")
        .header("accept", "application/rdap+json")
}

fn domain(name: &str) -> Exchange {
    Exchange::get(&format!("https://rdap.registry.example/com/v1/domain/{name}"))
}

#[test]
fn a_thin_registry_is_completed_by_the_registrar() {
    let holder = card(&json!([
        ["fn", {}, "text", "Domain Admin"],
        ["org", {}, "text", "Example Org"],
        ["adr", { "cc": "PA" }, "text", ["", "", "Street 1", "Panama", "", "", ""]],
    ]));
    let report = test()
        .http(dns())
        .http(domain("www.example.com").answer_json(404, json!({ "errorCode": 404 })))
        .http(domain("example.com").answer_json(200, registry()))
        .http(
            registrar()
                .answer_json(200, json!({ "entities": [{ "roles": ["registrant"], "vcardArray": holder }] })),
        )
        .invoke("whois domain", json!({ "domain": "www.example.com" }))
        .report();
    assert_eq!(
        report.message,
        "Example Org holds example.com through Registrar Inc. since 2025-12-20T00:00:00Z."
    );
    assert_eq!(report.summary["country"], "PA");
    assert_eq!(report.data["abuse"]["email"], "abuse@registrar.example");
    assert_eq!(report.data["nameservers"], json!(["ns1.example.net"]));
}

#[test]
fn a_silent_registrar_leaves_what_the_registry_knows() {
    let ended = test()
        .http(dns())
        .http(domain("example.com").answer_json(200, registry()))
        .http(registrar().fails(HttpError::Timeout("nothing in 10 s".into())))
        .invoke("whois domain", json!({ "domain": "example.com" }));
    assert!(ended.log[0].1.contains("nothing in 10 s"));
    assert_eq!(ended.report().data["registrar"], "Registrar Inc.");
}

#[test]
fn an_unregistered_domain_is_not_found() {
    let failure = test()
        .http(dns())
        .http(domain("gone.com").answer_json(404, json!({})))
        .invoke("whois domain", json!({ "domain": "gone.com" }))
        .failure();
    assert!(matches!(failure, Failure::NotFound(words) if words.contains("gone.com")));
}

#[test]
fn a_top_level_domain_without_rdap_is_asked_over_whois() {
    let answer = "% The registry's terms\ndomain:     example.zz\nholder:     Example Org\n\
        nserver:    ns1.example.zz 192.0.2.53\ncreated:    2001-02-03\nstatus:     active\n";
    let report = test()
        .http(dns())
        .tcp(Conversation::new(
            "whois.iana.org",
            43,
            "zz\r\n",
            "% IANA\nrefer:  whois.nic.zz\n\ndomain: ZZ\n",
        ))
        .tcp(Conversation::new("whois.nic.zz", 43, "www.example.zz\r\n", "% No entries found\n"))
        .tcp(Conversation::new("whois.nic.zz", 43, "example.zz\r\n", answer))
        .invoke("whois domain", json!({ "domain": "www.example.zz" }))
        .report();
    assert_eq!(report.message, "Example Org holds example.zz since 2001-02-03.");
    assert_eq!(report.data["nameservers"], json!(["ns1.example.zz"]));
    assert_eq!(report.data["raw"], answer);
}

#[test]
fn sections_are_understood() {
    let answer = "Domain:             example.it\nStatus:             ok\nCreated:            2026-10-30 11:02:37\n\
        Expire Date:        2027-10-30\n\nRegistrant\n  Organization:     Example S.r.l.\n\
        \x20 Address:          Via Esempio 12\n                    Milano\n  Created:          2026-10-30 11:02:35\n\n\
        Registrar\n  Organization:     Registrar S.r.l.\n\n\nNameservers\n  ns1.example.net\n  ns2.example.net\n";
    let report = test()
        .http(dns())
        .tcp(Conversation::new("whois.iana.org", 43, "it\r\n", "domain: IT\n\nwhois: whois.nic.it\n"))
        .tcp(Conversation::new("whois.nic.it", 43, "example.it\r\n", answer))
        .invoke("whois domain", json!({ "domain": "example.it" }))
        .report();
    assert_eq!(
        report.message,
        "Example S.r.l. holds example.it through Registrar S.r.l. since 2026-10-30 11:02:37."
    );
    assert_eq!(report.data["expires"], "2027-10-30");
    assert_eq!(report.data["registrant"]["name"], json!(null));
    assert_eq!(report.data["nameservers"], json!(["ns1.example.net", "ns2.example.net"]));
}

#[test]
fn an_address_belongs_to_a_network() {
    let report = test()
        .http(
            Exchange::get("https://data.iana.org/rdap/ipv4.json")
                .answer_json(200, json!({ "services": [[["203.0.0.0/8"], ["https://rdap.rir.example/"]]] })),
        )
        .http(Exchange::get("https://rdap.rir.example/ip/203.0.113.9").answer_json(
            200,
            json!({
                "name": "EXAMPLE-NET", "startAddress": "203.0.113.0", "endAddress": "203.0.113.255", "country": "AU",
                "cidr0_cidrs": [{ "v4prefix": "203.0.113.0", "length": 24 }],
                "entities": [{ "roles": ["registrant"], "vcardArray": card(&json!([["fn", {}, "text", "Example Hosting"]])) }],
            }),
        ))
        .invoke("whois ip", json!({ "ip": "203.0.113.9" }))
        .report();
    assert_eq!(report.message, "Example Hosting holds the network of 203.0.113.9.");
    assert_eq!(report.data["cidrs"], json!(["203.0.113.0/24"]));
    assert_eq!(report.data["range"], "203.0.113.0 - 203.0.113.255");
}

#[test]
fn a_local_address_is_not_asked_for() {
    let failure = test().invoke("whois ip", json!({ "ip": "10.1.2.3" })).failure();
    assert!(matches!(failure, Failure::NotFound(_)));
}
