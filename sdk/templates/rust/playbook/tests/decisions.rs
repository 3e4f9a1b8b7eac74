//! What the playbook decides, with the ends of its actions given: no host, no connectors.

use palisade_sdk::{
    Failure,
    playbook::Severity,
    testing::{Change, PlaybookTest},
};
use {{snake}}::playbook;
use serde_json::json;

fn alert() -> PlaybookTest {
    PlaybookTest::new(playbook()).artifact(json!({ "sourceAddress": "203.0.113.9" }))
}

#[test]
fn a_bad_address_raises_the_severity() {
    let data = json!({ "score": 90, "categories": ["scanner"] });
    let played = alert().succeeds("example-intel", "ip reputation", "It has a score of 90.", data).run();
    assert_eq!(played.result.unwrap(), "203.0.113.9 is bad: the alert is of high severity.");
    assert!(played.changes.contains(&Change::Severity(Severity::High)));
}

#[test]
fn a_failed_look_up_fails_the_run() {
    let played = alert().fails("example-intel", "ip reputation", Failure::not_found("no such address")).run();
    assert_eq!(played.result.unwrap_err(), "not found: no such address");
}
