//! The examples of the documentation do what it says.

use palisade_policy::{AtDeadline, Policy, Verdict};
use serde_json::{Value, json};

use crate::{block, decide, policy, wipe, word};

const PAGE: &str = include_str!("../../../../docs/policy.md");

/// The example under the heading.
fn example(heading: &str) -> Policy {
    let (_, section) = PAGE.split_once(&format!("## {heading}\n")).unwrap();
    let (_, example) = section.split_once("```toml\n").unwrap();
    policy(example.split_once("```").unwrap().0)
}

fn blocks(policy: &Policy, ip: &str) -> String {
    let parameters = json!({ "ip": ip, "vsys": "vsys1", "is_source_address": false });
    let decision = decide(policy, &block(&parameters));
    format!("{} by {}", word(&decision), decision.rule)
}

fn phone(uuid: &str) -> Value {
    json!({ "uuid": uuid, "reason": "Repeat offender" })
}

#[test]
fn a_cautious_first_week() {
    let policy = example("A cautious first week");
    assert_eq!(blocks(&policy, "203.0.113.1"), "approve by default.contain");
    assert_eq!(blocks(&policy, "::ffff:10.0.0.1"), "deny by never_touch.networks");
    let parameters = phone("4711");
    let Verdict::Approve(approval) = decide(&policy, &wipe(&parameters)).verdict else { panic!() };
    assert_eq!((approval.role.as_deref(), approval.at_deadline), (Some("analyst"), AtDeadline::Deny));
}

#[test]
fn blocks_go_through_and_wipes_do_not() {
    let policy = example("Blocks go through, wipes do not");
    for outside in ["203.0.113.1", "2001:db8::1", "203.0.113.0/24"] {
        assert_eq!(blocks(&policy, outside), "allow by rule \"Addresses of others may be blocked\"");
    }
    for own in ["10.0.0.1", "::ffff:10.0.0.1", "0.0.0.0/0", "fd00::1"] {
        assert_eq!(blocks(&policy, own), "approve by rule \"Our own addresses are asked about\"");
    }
    let parameters = phone("4711");
    let Verdict::Approve(approval) = decide(&policy, &wipe(&parameters)).verdict else { panic!() };
    assert_eq!((approval.role.as_deref(), approval.within.as_secs()), (Some("soc-lead"), 30 * 60));
}

#[test]
fn never_and_not_too_many() {
    let policy = example("Never, and not too many");
    let parameters = phone("4711");
    assert_eq!(word(&decide(&policy, &wipe(&parameters))), "allow");
    let listed = phone("3A45B4D5D2E5468CBF4F149EFFF463A9");
    assert_eq!(decide(&policy, &wipe(&listed)).rule, "never_touch.devices");
    assert_eq!(policy.longest_breaker().as_secs(), 60 * 60);
}

#[test]
fn every_example_is_one_of_these() {
    assert_eq!(PAGE.matches("```toml").count(), 3);
}
