use std::time::Duration;

use palisade_sdk::{
    Failure, Status,
    testing::{Change, PlaybookTest, Played},
};
use serde_json::{Value, json};

use crate::{ACCESS_LIST, EXECUTIVES, REPEAT_OFFENDERS, playbook};

const UUID: &str = "3a45b4d5-d2e5-468c-bf4f-149efff463a9";
const HOUR: Duration = Duration::from_secs(3_600);
const REACHED: &str = "Ticket INC0010001: iPhone 15 of m.keller reached 203.0.113.80: ";
const UNCONFIRMED: &str =
    "The iPhone 15 of m.keller has not confirmed its wipe: it was last seen 2026-11-21T20:14:07+0000.";
const OBEYED: &str = "The iPhone 15 of m.keller has obeyed: it is wiped.";
const SENT: &str = "Wipe of the iPhone 15 of m.keller: Sent.";
const WIPE_IS_PENDING: &str = "Wipe of the iPhone 15 of m.keller: it has not ended yet.";
const BLOCKED: &str = "Block of 203.0.113.80 at the firewall: Blocked.";

/// The third violation of m.keller, whose device has so many seconds to obey.
fn violation(wipe_seconds: u64) -> PlaybookTest {
    let cef = json!({ "deviceExternalId": UUID, "sourceUserName": "m.keller", "destinationAddress": "203.0.113.80" });
    let test = of(cef, json!({ "wipe_seconds": wipe_seconds, "same_visit_seconds": 0 }));
    with_ticket(with_person(look(test, "ACTIVE")))
}

fn of(cef: Value, configured: Value) -> PlaybookTest {
    let test = PlaybookTest::new(playbook()).artifact(cef).configured(configured).earlier(2);
    test.list(ACCESS_LIST, &[]).list(EXECUTIVES, &[]).list(REPEAT_OFFENDERS, &[])
}

fn with_person(test: PlaybookTest) -> PlaybookTest {
    let attributes = json!({ "mail": ["m.keller@acme.example"] });
    let person = json!({ "user": { "dn": "uid=m.keller", "attributes": attributes }, "disabled": false });
    test.succeeds("ldap", "get user attributes", "", person)
}

fn with_ticket(test: PlaybookTest) -> PlaybookTest {
    let summary = json!({ "number": "INC0010001" });
    test.reports("servicenow", "create ticket", Status::Success, "", summary, json!({}))
}

/// The next look at the device finds this.
fn look(test: PlaybookTest, status: &str) -> PlaybookTest {
    let device = json!({
        "uuid": UUID, "status": status, "principal": "m.keller", "model": "iPhone 15",
        "last_connected_at": "2026-11-21T20:14:07+0000",
    });
    test.succeeds("mobileiron", "get system info", "", device)
}

fn block(test: PlaybookTest, takes: Duration) -> PlaybookTest {
    test.succeeds("panos", "block ip", "Blocked.", json!({})).takes(takes)
}

fn wipe(test: PlaybookTest, takes: Duration) -> PlaybookTest {
    test.succeeds("mobileiron", "wipe device", "Sent.", json!({})).takes(takes)
}

fn notes(test: PlaybookTest, count: usize) -> PlaybookTest {
    (0..count).fold(test, |test, _| test.succeeds("servicenow", "add work note", "", json!({})))
}

fn told(played: &Played) -> Vec<&str> {
    let notes = played.started.iter().filter(|(_, action, _)| action == "add work note");
    notes.map(|(_, _, parameters)| parameters["note"].as_str().unwrap()).collect()
}

fn escalations(played: &Played) -> Vec<&str> {
    let escalated = played.changes.iter().filter_map(|change| match change {
        Change::Escalated { summary, .. } => Some(summary.as_str()),
        _ => None,
    });
    escalated.collect()
}

fn end(outcome: &str) -> Result<String, String> {
    Ok(format!("{REACHED}{outcome}"))
}

#[test]
fn a_run_ends_with_what_became_of_what_was_pending() {
    let played = notes(wipe(block(violation(0), HOUR), HOUR), 2).run();
    let short = &played.started.iter().find(|(_, action, _)| action == "create ticket").unwrap().2;
    assert!(short["short_description"].as_str().unwrap().ends_with(": block pending, wipe pending"));
    assert_eq!(played.result, end("blocked, wipe sent"));

    let denied = Failure::Denied("he called".into());
    let test = block(violation(0), HOUR).fails("mobileiron", "wipe device", denied).takes(HOUR);
    let why = "Wipe of the iPhone 15 of m.keller failed: denied: he called";
    assert_eq!(notes(test, 2).run().result, Err(format!("{REACHED}blocked, wipe FAILED. {why}")));
}

#[test]
fn a_device_has_its_time_from_when_its_wipe_was_sent() {
    // Somebody approves the wipe when the time of a device would be over if the ticket began it.
    let late = wipe(block(violation(600), Duration::ZERO), HOUR);
    let obeyed = notes(look(look(late, "WIPE_PENDING"), "WIPED"), 3).run();
    assert_eq!(told(&obeyed), [WIPE_IS_PENDING, SENT, OBEYED]);
    assert_eq!(escalations(&obeyed), [WIPE_IS_PENDING]);
    assert_eq!(obeyed.result, end("blocked, wipe sent"));

    let late = wipe(block(violation(600), Duration::ZERO), HOUR);
    let never = notes((0..5).fold(late, |test, _| look(test, "WIPE_PENDING")), 3).run();
    let unconfirmed = format!("{UNCONFIRMED} The site is blocked.");
    assert_eq!(told(&never), [WIPE_IS_PENDING, SENT, &unconfirmed]);
    assert_eq!(escalations(&never), [WIPE_IS_PENDING, &unconfirmed]);

    // Nobody looks.
    let played = notes(wipe(block(violation(0), Duration::ZERO), HOUR), 1).run();
    assert_eq!(told(&played), [SENT]);
}

#[test]
fn a_block_that_hangs_takes_no_time_from_the_device() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let block_is_pending = "Block of 203.0.113.80 at the firewall: it has not ended yet.";
    // The ticket is written after two minutes. A device that is told after 50 minutes has until 110.
    let looks = |test| (0..5).fold(test, |test, _| look(test, "WIPE_PENDING"));
    let test = wipe(block(violation(3_600), minutes(100)), minutes(50));
    let played = notes(looks(test), 4).run();
    let unconfirmed = format!("{UNCONFIRMED} The site is blocked.");
    assert_eq!(told(&played), [SENT, block_is_pending, BLOCKED, &unconfirmed]);
    assert_eq!(played.result, end(&format!("blocked, wipe sent. {}", unconfirmed.trim_end_matches('.'))));

    let test = wipe(block(violation(3_600), minutes(120)), minutes(50));
    let played = notes(looks(test), 4).run();
    let unconfirmed = format!("{UNCONFIRMED} The block of the site is pending.");
    assert_eq!(told(&played), [SENT, block_is_pending, &unconfirmed, BLOCKED]);
    assert!(played.result.unwrap().ends_with("The site is blocked"));
}

#[test]
fn a_block_that_fails_is_told_while_the_wipe_is_pending() {
    let test = violation(0).fails("panos", "block ip", Failure::Denied("no".into())).takes(HOUR);
    let played = notes(wipe(test, 2 * HOUR), 2).run();
    assert_eq!(told(&played), ["Block of 203.0.113.80 at the firewall failed: denied: no", SENT]);
    assert!(played.result.unwrap_err().starts_with(&format!("{REACHED}NOT blocked, wipe sent. Block of ")));
}

#[test]
fn the_management_is_told_a_user_that_it_can_compare() {
    let down = || Failure::Unavailable("connection refused".into());
    let wiped_of = |mdm: &str, alerted: &str, is_known: bool| {
        let cef = json!({ "deviceExternalId": UUID, "sourceUserName": alerted, "destinationAddress": "203.0.113.80" });
        let test = of(cef, json!({ "mdm": mdm, "wipe_seconds": 0, "same_visit_seconds": 0 }));
        let test = block(with_ticket(test), Duration::ZERO).fails(mdm, "get system info", down());
        let test =
            if is_known { with_person(test) } else { test.fails("ldap", "get user attributes", down()) };
        let played = test.answered("yes", "kim").succeeds(mdm, "wipe device", "Sent.", json!({})).run();
        let wipe = played.started.iter().find(|(_, action, _)| action == "wipe device").unwrap();
        wipe.2["user"].as_str().unwrap().to_owned()
    };
    assert_eq!(wiped_of("mobileiron", r"ACME\m.keller", true), "m.keller");
    assert_eq!(wiped_of("mobileiron", "m.keller@acme.example", false), "m.keller@acme.example");
    assert_eq!(wiped_of("intune", r"ACME\m.keller", true), "m.keller@acme.example");
    assert_eq!(wiped_of("intune", "keller@acme.example", true), "keller@acme.example");
    assert_eq!(wiped_of("intune", r"ACME\m.keller", false), "m.keller");
}
