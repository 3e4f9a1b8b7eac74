//! The actions against a script of the vendor's answers: no host, no network.

use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Exchange},
};
use {{snake}}::{Configuration, connector};
use serde_json::json;

const URL: &str = "https://api.example.com";

fn vendor() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({ "url": URL, "api_key": "the key" }))
}

#[test]
fn a_known_address_has_a_score() {
    let exchange = Exchange::get("https://api.example.com/v1/203.0.113.9.json")
        .header("x-api-key", "the key")
        .answer_json(200, json!({ "score": 90, "categories": ["scanner"] }));
    let report = vendor().http(exchange).invoke("ip reputation", json!({ "ip": "203.0.113.9" })).report();
    assert_eq!(report.message, "203.0.113.9 has a score of 90: scanner.");
    assert_eq!(report.data["score"], 90);
}

#[test]
fn an_unknown_address_is_not_found() {
    let exchange = Exchange::get("https://api.example.com/v1/192.0.2.1.json").answer(404, "no such address");
    let failure = vendor().http(exchange).invoke("ip reputation", json!({ "ip": "192.0.2.1" })).failure();
    assert!(matches!(failure, Failure::NotFound(_)), "{failure:?}");
}

#[test]
fn the_vendor_says_its_version() {
    let exchange = Exchange::get("https://api.example.com/v1/status.json").answer_json(200, json!({ "version": "1.4" }));
    let report = vendor().http(exchange).invoke("test connectivity", json!({})).report();
    assert_eq!(report.message, "The API answers, version 1.4.");
}

#[test]
fn a_refused_key_fails_the_test() {
    let exchange = Exchange::get("https://api.example.com/v1/status.json").answer(401, "");
    let failure = vendor().http(exchange).invoke("test connectivity", json!({})).failure();
    assert!(matches!(failure, Failure::Authentication(_)), "{failure:?}");
}
