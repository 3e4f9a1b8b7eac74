//! The whole connector against a real resolver, over real TCP.

#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use palisade_sdk::{
    Failure, Report,
    testing::{ConnectorTest, Ended, Exchange},
};
use palisade_servers::{RESOLVER, Resolver};
use serde_json::{Value, json};

/// How long the resolver may take for an answer.
const TIME: Duration = Duration::from_secs(30);

const RECORDS: [&str; 10] = [
    "--local=/acme.example/",
    "--local=/192.in-addr.arpa/",
    "--host-record=www.acme.example,192.0.2.7,2001:db8::7",
    "--host-record=www.acme.example,192.0.2.8",
    "--cname=alias.acme.example,www.acme.example",
    "--mx-host=acme.example,mail.acme.example,10",
    "--mx-host=acme.example,backup.acme.example,20",
    "--txt-record=acme.example,v=spf1 -all",
    // ns.acme.example, and hostmaster.acme.example with the numbers 2026010101, 3600, 600, 86400 and 300.
    "--dns-rr=acme.example,2,026e730461636d65076578616d706c6500",
    "--dns-rr=acme.example,6,026e730461636d65076578616d706c65000a686f73746d61737465720461636d65076578616d706c65\
     0078c275f500000e1000000258000151800000012c",
];

fn start() -> Resolver {
    let long = (0..20).map(|number| format!("--txt-record=long.acme.example,{number:0>200}"));
    Resolver::start(RECORDS.map(str::to_owned).into_iter().chain(long))
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(TIME)).unwrap();
    stream
}

fn invoke(resolver: &Resolver, action: &str, parameters: Value) -> Ended {
    let port = resolver.port();
    ConnectorTest::new(dns::connector)
        .configuration(json!({ "resolver": RESOLVER, "test_domain": "acme.example" }))
        .tcp_by(move |host, asked| {
            assert_eq!((host, asked), (RESOLVER, 53));
            Ok(Box::new(connect(port)))
        })
        .invoke(action, parameters)
}

fn look_up(resolver: &Resolver, domain: &str, record_type: &str) -> Report {
    invoke(resolver, "lookup domain", json!({ "domain": domain, "type": record_type })).report()
}

#[test]
fn every_type_is_read() {
    let resolver = start();
    for (domain, record_type, values) in [
        ("www.acme.example", "AAAA", json!(["2001:db8::7"])),
        ("alias.acme.example", "CNAME", json!(["www.acme.example"])),
        ("acme.example", "TXT", json!(["v=spf1 -all"])),
        ("acme.example", "NS", json!(["ns.acme.example"])),
        (
            "acme.example",
            "SOA",
            json!(["ns.acme.example hostmaster.acme.example 2026010101 3600 600 86400 300"]),
        ),
        ("7.2.0.192.in-addr.arpa", "PTR", json!(["www.acme.example"])),
        ("www.acme.example", "MX", json!([])),
    ] {
        assert_eq!(
            look_up(&resolver, domain, record_type).summary["values"],
            values,
            "{domain} {record_type}"
        );
    }

    let alias = look_up(&resolver, "Alias.ACME.example.", "A");
    assert_eq!(alias.summary["canonical_name"], "www.acme.example");
    assert_eq!(alias.summary["total"], 2);
    let exchanges = look_up(&resolver, "acme.example", "MX").data;
    let of = |host: &str| {
        let records = exchanges["records"].as_array().unwrap();
        records.iter().find(|record| record["value"] == host).unwrap()["preference"].clone()
    };
    assert_eq!((of("mail.acme.example"), of("backup.acme.example")), (json!(10), json!(20)));
}

#[test]
fn an_address_has_a_name_or_none() {
    let resolver = start();
    for ip in ["192.0.2.7", "2001:db8::7"] {
        let report = invoke(&resolver, "lookup ip", json!({ "ip": ip })).report();
        assert_eq!(report.message, format!("{ip} is called www.acme.example."));
    }
    let failure = invoke(&resolver, "lookup ip", json!({ "ip": "192.0.2.99" })).failure();
    assert_eq!(failure, Failure::not_found("192.0.2.99 has no name"));
}

#[test]
fn the_resolver_answers_or_refuses() {
    let resolver = start();
    let tried = invoke(&resolver, "test connectivity", json!({})).report();
    assert_eq!(tried.data, json!({ "domain": "acme.example", "exists": true }));
    let unknown = invoke(&resolver, "lookup domain", json!({ "domain": "gone.acme.example" })).failure();
    assert_eq!(unknown, Failure::not_found("there is no name gone.acme.example"));
    // It has nobody to ask about other domains.
    let refused = invoke(&resolver, "lookup domain", json!({ "domain": "www.example.com" })).failure();
    assert!(matches!(refused, Failure::Authentication(_)), "{refused:?}");
}

#[test]
fn an_answer_too_long_for_a_datagram_comes_whole() {
    let report = look_up(&start(), "long.acme.example", "TXT");
    assert_eq!(report.summary["total"], 20);
    assert_eq!(report.data["records"][0]["value"].as_str().unwrap().len(), 200);
}

/// The messages are the same over HTTPS, so the resolver's own bytes stand in for a server of it.
#[test]
fn the_same_answer_over_https() {
    let resolver = start();
    let question = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x04acme\x07example\0\0\x1c\0\x01";
    let mut stream = connect(resolver.port());
    stream.write_all(&[&(question.len() as u16).to_be_bytes(), &question[..]].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    // In the foreground it serves one connection after the other.
    drop(stream);

    let encoded = URL_SAFE_NO_PAD.encode(question);
    let report = ConnectorTest::new(dns::connector)
        .configuration(json!({ "doh_url": "https://resolver.acme.example/dns-query" }))
        .http(
            Exchange::get(&format!("https://resolver.acme.example/dns-query?dns={encoded}"))
                .answer(200, answer)
                .answer_header("content-type", "application/dns-message"),
        )
        .invoke("lookup domain", json!({ "domain": "www.acme.example", "type": "AAAA" }))
        .report();
    assert_eq!(report.data["records"], look_up(&resolver, "www.acme.example", "AAAA").data["records"]);
}
