use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Conversation, Ended, Exchange},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

/// The test's randomness begins with 0, 1.
const ID: [u8; 2] = [0, 1];

/// A response with recursion desired and available, and no error.
const NO_ERROR: [u8; 2] = [0x81, 0x80];

const A: [u8; 4] = [0, 1, 0, 1];
const CNAME: [u8; 4] = [0, 5, 0, 1];

/// The example of RFC 8484, section 4.2.2.
const DOH_ANSWER: [u8; 61] = [
    0x00, 0x00, 0x81, 0x80, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x03, 0x77, 0x77, 0x77, 0x07,
    0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x03, 0x63, 0x6f, 0x6d, 0x00, 0x00, 0x1c, 0x00, 0x01, 0xc0,
    0x0c, 0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0x0e, 0x7d, 0x00, 0x10, 0x20, 0x01, 0x0d, 0xb8, 0xab, 0xcd,
    0x00, 0x12, 0x00, 0x01, 0x00, 0x02, 0x00, 0x03, 0x00, 0x04,
];

fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

fn message(id: [u8; 2], flags: [u8; 2], asked: &str, answers: &[Vec<u8>]) -> Vec<u8> {
    let counts = [0, 1, 0, answers.len() as u8, 0, 0, 0, 0];
    [&id[..], &flags, &counts, &wire(asked), &A, &answers.concat()].concat()
}

/// A record that may be kept for a minute.
fn record(name: &str, record_type: [u8; 4], data: &[u8]) -> Vec<u8> {
    [&wire(name)[..], &record_type, &[0, 0, 0, 60, 0, data.len() as u8], data].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes(), message].concat()
}

fn over_tcp(asked: &str, answer: &[u8]) -> ConnectorTest<Configuration> {
    let question = framed(&message(ID, [1, 0], asked, &[]));
    ConnectorTest::new(connector).configuration(json!({ "resolver": "192.0.2.53" })).tcp(Conversation::new(
        "192.0.2.53",
        53,
        question,
        answer,
    ))
}

fn look_up(asked: &str, answer: &[u8]) -> Ended {
    over_tcp(asked, &framed(answer)).invoke("lookup domain", json!({ "domain": asked }))
}

fn over_https(question: &str, record_type: &str, answer: impl FnOnce(Exchange) -> Exchange) -> Ended {
    let url = format!("https://dnsserver.example.net/dns-query?dns={question}");
    ConnectorTest::new(connector)
        .configuration(json!({ "doh_url": "https://dnsserver.example.net/dns-query" }))
        .http(answer(Exchange::get(&url).header("accept", "application/dns-message")))
        .invoke("lookup domain", json!({ "domain": "www.example.com", "type": record_type }))
}

/// The question of RFC 8484, section 4.1.1.
const DOH_QUESTION: &str = "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";

#[test]
fn the_examples_of_rfc_8484() {
    let question = DOH_QUESTION.replace("AQAB", "HAAB");
    let report = over_https(&question, "AAAA", |it| {
        it.answer(200, DOH_ANSWER).answer_header("content-type", "application/dns-message")
    })
    .report();
    assert_eq!(report.message, "AAAA records of www.example.com: 1.");
    assert_eq!(
        report.data["records"],
        json!([{ "name": "www.example.com", "ttl": 3709, "value": "2001:db8:abcd:12:1:2:3:4", "preference": null }])
    );
}

#[test]
fn a_server_over_https_that_does_not_answer() {
    let fails = |answer: fn(Exchange) -> Exchange| over_https(DOH_QUESTION, "A", answer).failure();
    assert!(matches!(fails(|it| it.answer(403, "")), Failure::Authentication(_)));
    assert!(matches!(fails(|it| it.answer(404, "")), Failure::NotFound(_)));
    assert!(matches!(
        fails(|it| it.answer(429, "").answer_header("retry-after", "2")),
        Failure::RateLimited(limit) if limit.retry_after_ms == Some(2_000)
    ));
    assert!(
        matches!(fails(|it| it.answer(502, "")), Failure::Upstream(error) if error.http_status == Some(502))
    );
    let page = fails(|it| it.answer(200, "<html>").answer_header("content-type", "text/html"));
    assert!(matches!(page, Failure::Upstream(error) if error.message.contains("`doh_url` may be wrong")));
}

#[test]
fn aliases_are_followed_and_strangers_left_out() {
    let answers = [
        record("www.example.com", CNAME, &wire("Web.example.net")),
        record("web.example.net", A, &[192, 0, 2, 7]),
        record("bank.example", A, &[203, 0, 113, 66]),
    ];
    let report = look_up("www.example.com", &message(ID, NO_ERROR, "WWW.example.com", &answers)).report();
    assert_eq!(report.summary["values"], json!(["192.0.2.7"]));
    assert_eq!(report.summary["canonical_name"], "Web.example.net");
}

#[test]
fn aliases_in_a_circle_end() {
    let circle =
        [record("a.example", CNAME, &wire("b.example")), record("b.example", CNAME, &wire("a.example"))];
    let report = look_up("a.example", &message(ID, NO_ERROR, "a.example", &circle)).report();
    assert_eq!(report.summary["total"], 0);
}

#[test]
fn what_the_resolver_says_instead() {
    let says = |code: u8| look_up("a.example", &message(ID, [0x81, 0x80 | code], "a.example", &[]));
    assert_eq!(says(0).report().summary["total"], 0);
    assert_eq!(says(3).failure(), Failure::not_found("there is no name a.example"));
    assert!(matches!(says(5).failure(), Failure::Authentication(_)));
    assert!(matches!(says(2).failure(), Failure::Upstream(error) if error.message.contains("ServerFailure")));
}

#[test]
fn what_answers_no_question_is_refused() {
    let refused = |answer: Vec<u8>| match look_up("a.example", &answer).failure() {
        Failure::Upstream(error) => error.message,
        other => panic!("{other:?}"),
    };
    assert!(refused(message([0, 2], NO_ERROR, "a.example", &[])).contains("another question"));
    assert!(refused(message(ID, NO_ERROR, "b.example", &[])).contains("another question"));
    assert!(refused(message(ID, [1, 0], "a.example", &[])).contains("another question"));
    assert!(refused(message(ID, [0x83, 0x80], "a.example", &[])).contains("cut short"));
    assert!(refused(b"HTTP/1.1 400 Bad Request".to_vec()).contains("no DNS message"));
    // A name whose first label is a pointer to itself.
    let mut circle = message(ID, NO_ERROR, "a.example", &[vec![0xc0, 27, 0, 1, 0, 1, 0, 0, 0, 60, 0, 0]]);
    assert!(refused(circle.clone()).contains("no DNS message"));
    circle.truncate(20);
    assert!(refused(circle).contains("no DNS message"));
}

#[test]
fn a_connection_that_ends_early() {
    for answer in [&[][..], &[0], &[0, 30, 0, 1]] {
        let failure = over_tcp("a.example", answer).invoke("lookup domain", json!({ "domain": "a.example" }));
        assert!(matches!(failure.failure(), Failure::Unavailable(_)));
    }
}

#[test]
fn an_asset_names_one_resolver() {
    let both = json!({ "resolver": "192.0.2.53", "doh_url": "https://dnsserver.example.net/dns-query" });
    for configuration in [json!({}), both] {
        let test = ConnectorTest::new(connector).configuration(configuration);
        let failure = test.invoke("lookup ip", json!({ "ip": "192.0.2.7" })).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}

#[test]
fn a_resolver_may_be_named_with_its_port() {
    let answer = framed(&message(ID, [0x81, 0x83], "example.com", &[]));
    let report = ConnectorTest::new(connector)
        .configuration(json!({ "resolver": "[2001:db8::35]:5353" }))
        .tcp(Conversation::new(
            "[2001:db8::35]",
            5353,
            framed(&message(ID, [1, 0], "example.com", &[])),
            answer,
        ))
        .invoke("test connectivity", Value::Object(serde_json::Map::new()))
        .report();
    assert_eq!(report.data, json!({ "domain": "example.com", "exists": false }));
}
