use std::time::Duration;

use palisade_sdk::{
    Failure, Status,
    playbook::{AlertStatus, Severity},
    testing::{Change, PlaybookTest, Played},
};
use serde_json::{Value, json};

use crate::{ACCESS_LIST, EXECUTIVES, REPEAT_OFFENDERS, playbook};

const UUID: &str = "3a45b4d5-d2e5-468c-bf4f-149efff463a9";

/// Nobody looks whether a device obeys, and every alert counts.
fn settings() -> Value {
    json!({ "wipe_seconds": 0, "same_visit_seconds": 0, "approver": "tier2" })
}

fn complete() -> Value {
    json!({
        "deviceExternalId": UUID, "sourceUserName": "m.keller", "destinationAddress": "203.0.113.80",
        "destinationDnsDomain": "files.dropzone.example",
    })
}

/// An alert, with lists that have nobody on them.
fn alert(cef: Value) -> PlaybookTest {
    PlaybookTest::new(playbook())
        .alert(|alert| {
            alert.name = "Unauthorized destination".into();
            alert.label = "unauthorized-mobile-access".into();
            alert.source = "splunk".into();
            alert.severity = Severity::Low;
        })
        .artifact(cef)
        .configured(settings())
        .list(ACCESS_LIST, &["*.acme.example", "198.51.100.0/24"])
        .list(EXECUTIVES, &[])
        .list(REPEAT_OFFENDERS, &[])
}

fn device(user: Option<&str>, status: &str) -> Value {
    json!({
        "uuid": UUID, "status": status, "principal": user, "model": "iPhone 15", "platform": "iOS 18.1",
        "last_connected_at": "2026-11-21T20:14:07+0000",
    })
}

fn with_device(test: PlaybookTest) -> PlaybookTest {
    test.succeeds("mobileiron", "get system info", "", device(Some("m.keller"), "ACTIVE"))
}

fn with_person(test: PlaybookTest) -> PlaybookTest {
    let person = json!({
        "user": {
            "dn": "uid=m.keller,ou=people,dc=acme,dc=example",
            "attributes": {
                "displayName": ["Martin Keller"], "mail": ["m.keller@acme.example"],
                "jpegPhoto": [{ "base64": "/9j/4AAQ" }],
            },
        },
        "disabled": false,
    });
    test.succeeds("ldap", "get user attributes", "", person)
}

fn with_block(test: PlaybookTest) -> PlaybookTest {
    test.succeeds("panos", "block ip", "203.0.113.80 is blocked.", json!({}))
}

fn with_wipe(test: PlaybookTest) -> PlaybookTest {
    test.succeeds("mobileiron", "wipe device", "The server has taken on the command.", json!({}))
}

fn with_ticket(test: PlaybookTest) -> PlaybookTest {
    let summary = json!({ "number": "INC0010001" });
    test.reports("servicenow", "create ticket", Status::Success, "", summary, json!({}))
}

fn with_note(test: PlaybookTest) -> PlaybookTest {
    test.succeeds("servicenow", "add work note", "", json!({}))
}

/// All that is known of m.keller, and a block that works.
fn known(test: PlaybookTest) -> PlaybookTest {
    with_ticket(with_block(with_person(with_device(test))))
}

fn started(played: &Played) -> Vec<String> {
    played.started.iter().map(|(connector, action, _)| format!("{connector}, {action}")).collect()
}

fn parameters<'a>(played: &'a Played, action: &str) -> &'a Value {
    &played.started.iter().find(|(_, started, _)| started == action).unwrap().2
}

fn is_wiped(played: &Played) -> bool {
    played.started.iter().any(|(_, action, _)| action == "wipe device")
}

fn is_remembered(played: &Played) -> bool {
    played.changes.iter().any(|change| matches!(change, Change::Listed { .. }))
}

fn description(played: &Played) -> &str {
    parameters(played, "create ticket")["description"].as_str().unwrap()
}

fn escalations(played: &Played) -> Vec<&str> {
    let escalated =
        |change: &'_ Change| matches!(change, Change::Escalated { to, .. } if to.as_deref() == Some("tier2"));
    let escalated = played.changes.iter().filter(|change| escalated(change));
    escalated
        .map(|change| if let Change::Escalated { summary, .. } = change { summary } else { "" })
        .collect()
}

#[test]
fn a_destination_on_the_access_list_is_no_violation() {
    for (cef, entry) in [
        (json!({ "destinationDnsDomain": "intranet.acme.example." }), "*.acme.example"),
        (json!({ "requestURL": "https://mail.acme.example:8443/x" }), "*.acme.example"),
        (json!({ "destinationAddress": "198.51.100.7" }), "198.51.100.0/24"),
        (json!({ "requestURL": "http://198.51.100.7/" }), "198.51.100.0/24"),
        (
            json!({ "destinationDnsDomain": "cdn.example", "destinationAddress": "198.51.100.7" }),
            "198.51.100.0/24",
        ),
        (
            json!({
                "destinationDnsDomain": "mail.acme.example", "destinationHostName": "mail",
                "destinationAddress": ["203.0.113.7", "203.0.113.8"], "requestURL": "https://MAIL.acme.example./x",
            }),
            "*.acme.example",
        ),
        (
            json!({
                "destinationDnsDomain": "a.acme.example", "destinationAddress": "203.0.113.7",
                "requestURL": "https://b.acme.example/x",
            }),
            "b.acme.example is on the access list",
        ),
        (
            json!({ "destinationDnsDomain": "cdn.example", "destinationAddress": ["198.51.100.7", "198.51.100.8"] }),
            "198.51.100.8 is on the access list",
        ),
    ] {
        let played = alert(cef).run();
        assert!(played.result.as_ref().unwrap().contains(entry), "{:?}", played.result);
        assert_eq!(started(&played), [""; 0]);
        assert_eq!(played.changes[0], Change::Severity(Severity::Informational));
        assert_eq!(played.changes[2], Change::Status(AlertStatus::Closed));
    }
}

#[test]
fn a_destination_on_the_access_list_covers_up_no_other() {
    let who = json!({ "deviceExternalId": UUID, "sourceUserName": "m.keller" });
    let with = |cef: Value| {
        let mut all = who.clone();
        all.as_object_mut().unwrap().extend(cef.as_object().unwrap().clone());
        all
    };
    let listed = json!({ "destinationDnsDomain": "intranet.acme.example" });
    for (artifacts, blocked) in [
        (vec![with(json!({ "destinationAddress": ["198.51.100.7", "203.0.113.80"] }))], "203.0.113.80"),
        (
            vec![with(json!({ "destinationDnsDomain": ["intranet.acme.example", "evil.example"] }))],
            "evil.example",
        ),
        (
            vec![with(json!({
                "destinationDnsDomain": "intranet.acme.example", "requestURL": "https://evil.example/",
                "destinationAddress": "203.0.113.80",
            }))],
            "evil.example",
        ),
        (
            vec![with(json!({
                "destinationDnsDomain": "intranet.acme.example", "requestURL": "https://203.0.113.80/",
            }))],
            "203.0.113.80",
        ),
        (
            vec![with(
                json!({ "destinationDnsDomain": "intranet.acme.example", "destinationHostName": "evil.example" }),
            )],
            "evil.example",
        ),
        (vec![with(listed.clone()), complete()], "203.0.113.80"),
        (vec![with(listed), json!({ "requestURL": "https://evil.example/" })], "evil.example"),
    ] {
        let test = alert(artifacts[0].clone()).earlier(0);
        let test = artifacts[1..].iter().fold(test, |test, cef| test.artifact(cef.clone()));
        let by = if blocked.ends_with("80") { "ip" } else { "url" };
        let test = test.succeeds("panos", &format!("block {by}"), "", json!({}));
        let played = with_ticket(with_person(with_device(test))).answered("no", "kim").run();
        assert_eq!(played.started[0].2, json!({ by: blocked }), "{artifacts:?}");
    }
}

#[test]
fn what_nobody_can_judge_is_left_to_a_person() {
    let without_list = PlaybookTest::new(playbook()).artifact(complete()).configured(settings()).run();
    let without_destination = alert(json!({ "deviceExternalId": UUID, "sourceUserName": "m.keller" })).run();
    for (played, why) in [
        (without_list, "Nobody can say whether files.dropzone.example (203.0.113.80) may be reached: "),
        (without_destination, "The alert names no destination that could be on the access list."),
    ] {
        assert!(played.result.as_ref().unwrap_err().starts_with(why), "{:?}", played.result);
        assert_eq!(started(&played), [""; 0]);
        assert_eq!(escalations(&played).len(), 1);
        assert!(played.changes.contains(&Change::Status(AlertStatus::Open)));
    }
    let unusable = alert(complete()).configured(json!({ "mdm": "none" })).run();
    assert!(unusable.result.unwrap_err().contains("configuration cannot be used"));
    assert!(matches!(unusable.changes.last(), Some(Change::Escalated { to: None, .. })));
}

#[test]
fn the_device_of_a_repeat_offender_is_wiped_without_asking() {
    let played = with_wipe(known(alert(complete()).earlier(2))).run();
    // The block comes before anything is looked up, and the wipe waits for nothing but what is looked up.
    let order = ["panos, block ip", "mobileiron, get system info", "ldap, get user attributes"];
    assert_eq!(started(&played)[..3], order);
    assert_eq!(started(&played)[3..], ["mobileiron, wipe device", "servicenow, create ticket"]);
    assert_eq!(parameters(&played, "block ip"), &json!({ "ip": "203.0.113.80" }));
    let wipe = json!({
        "uuid": UUID, "user": "m.keller", "reason": "Reached files.dropzone.example (203.0.113.80)",
    });
    assert_eq!(parameters(&played, "wipe device"), &wipe);
    let short = "iPhone 15 of m.keller reached files.dropzone.example (203.0.113.80): blocked, wipe sent";
    assert_eq!(parameters(&played, "create ticket")["short_description"], short);
    assert_eq!(parameters(&played, "create ticket")["fields"], json!({ "urgency": "1" }));
    assert_eq!(
        description(&played),
        "\
What happened
  The iPhone 15 of m.keller reached files.dropzone.example (203.0.113.80), which is not on the access list.
  Alert 1, high, from splunk: Unauthorized destination

Device
  iPhone 15 of m.keller
  Id: 3a45b4d5-d2e5-468c-bf4f-149efff463a9
  System: iOS 18.1
  Last seen: 2026-11-21T20:14:07+0000

User
  Martin Keller
  Mail: m.keller@acme.example
  Account: enabled

What was decided
  2 earlier violations in 30 days.
  wiped without asking, as the device of a repeat offender.

Done
  Block of 203.0.113.80 at the firewall: 203.0.113.80 is blocked.
  Wipe of the iPhone 15 of m.keller: The server has taken on the command.

Pending
  Nothing.

Failed
  Nothing.

Source of the alert
  The alert came without a link.
"
    );
    assert_eq!(played.result.as_deref(), Ok(format!("Ticket INC0010001: {short}").as_str()));
    let (list, value) = (REPEAT_OFFENDERS.to_owned(), "m.keller".to_owned());
    let note = "2 earlier violations in 30 days, found by alert 1".to_owned();
    assert!(played.changes.contains(&Change::Listed { list, value, note }), "{:?}", played.changes);
    assert!(played.changes.contains(&Change::Severity(Severity::High)));
    assert!(played.changes.contains(&Change::Owner(Some("tier2".to_owned()))));
    assert_eq!(escalations(&played), [""; 0]);
}

#[test]
fn who_is_on_the_list_is_a_repeat_offender() {
    for name in ["m.keller", "M.Keller", "m.keller@acme.example"] {
        let played = with_wipe(known(alert(complete()).list(REPEAT_OFFENDERS, &[name]).earlier(0))).run();
        assert!(is_wiped(&played), "{name}");
        assert!(!is_remembered(&played), "{name}");
    }
}

#[test]
fn without_the_list_of_repeat_offenders_the_count_decides() {
    let test = PlaybookTest::new(playbook()).artifact(complete()).configured(settings());
    let test = test.list(ACCESS_LIST, &[]).list(EXECUTIVES, &[]).earlier(5);
    let played = with_wipe(known(test)).run();
    assert!(is_wiped(&played));
    let noted =
        |change: &Change| matches!(change, Change::Note { title, .. } if title.starts_with("Not remembered"));
    assert!(played.changes.iter().any(noted));
}

#[test]
fn a_first_offender_is_wiped_only_if_a_person_says_so() {
    let first = || known(alert(complete()).earlier(1));

    let approved = with_wipe(first().answered("yes", "kim")).run();
    assert!(is_wiped(&approved));
    assert!(description(&approved).contains("  kim approved the wipe."));
    let asked = &approved.asked[0];
    assert_eq!(
        (asked.to.as_deref(), asked.time_limit_ms, asked.default.as_str()),
        (Some("tier2"), 1_800_000, "\"no\"")
    );
    assert_eq!(
        asked.question,
        "Wipe the iPhone 15 of m.keller? It reached files.dropzone.example (203.0.113.80), which is not on the access \
         list and is being blocked. 1 earlier violation in 30 days. The user is no repeat offender."
    );
    assert!(approved.changes.contains(&Change::Severity(Severity::Medium)));

    let denied = first().answered("no", "kim").run();
    assert!(!is_wiped(&denied));
    // The block stays, whatever becomes of the wipe.
    assert!(description(&denied).contains("Done\n  Block of 203.0.113.80 at the firewall"));
    assert!(denied.result.unwrap().ends_with("blocked, not wiped: kim denied it"));

    let silent = first().unanswered().run();
    assert!(!is_wiped(&silent));
    assert_eq!(escalations(&silent), ["The device was not wiped: tier2 did not answer in time."]);
    assert!(silent.result.unwrap().ends_with("The device was not wiped: tier2 did not answer in time"));
}

#[test]
fn alerts_of_one_visit_make_nobody_a_repeat_offender() {
    let configured = |test: PlaybookTest| test.configured(json!({ "wipe_seconds": 0, "approver": "tier2" }));
    let looks = |counts: &[u32]| {
        configured(known(counts.iter().fold(alert(complete()), |test, count| test.earlier(*count))))
    };
    // Of nine alerts, eight came within the last minutes, one pause after the ninth.
    assert!(!is_wiped(&looks(&[9, 8, 8]).answered("no", "kim").run()));
    assert!(is_wiped(&with_wipe(looks(&[9, 7, 7])).run()));
    // They came one after the other.
    assert!(!is_wiped(&looks(&[9, 2, 4, 6, 8, 8]).answered("no", "kim").run()));
    assert!(!is_wiped(&looks(&[4, 2, 4]).answered("no", "kim").run()));

    // There is no pause between them.
    let endless: Vec<_> = std::iter::once(99).chain(1..=24).collect();
    let played = looks(&endless).answered("no", "kim").run();
    let question = &played.asked[0].question;
    assert!(question.contains("earlier violations are not known: alerts have come without a pause"));
    assert!(question.contains("The user is no repeat offender."), "{question}");
    assert!(!is_remembered(&played));
}

#[test]
fn the_device_of_an_executive_is_never_wiped_without_a_person() {
    for entry in ["m.keller", "M.KELLER@acme.example"] {
        let test = known(alert(complete()).list(EXECUTIVES, &[entry]).earlier(9));
        let played = test.answered("no", "kim").run();
        assert!(!is_wiped(&played), "{entry}");
        let why = "is among the executives, whose devices need approval.";
        assert!(played.asked[0].question.contains(why), "{}", played.asked[0].question);
    }
    // Without the list, everybody may be one.
    let test = PlaybookTest::new(playbook()).artifact(complete()).configured(settings());
    let test = test.list(ACCESS_LIST, &[]).list(REPEAT_OFFENDERS, &[]).earlier(9);
    let played = known(test).answered("no", "kim").run();
    assert!(played.asked[0].question.contains("Nobody can say whether the user is an executive"));
}

#[test]
fn the_management_says_whose_device_it_is() {
    let anybody = |test: PlaybookTest| {
        test.succeeds("ldap", "get user attributes", "", json!({ "user": { "dn": "", "attributes": {} } }))
    };
    let other = |test: PlaybookTest| {
        test.succeeds("mobileiron", "get system info", "", device(Some("j.osei"), "ACTIVE"))
    };
    // Both are looked up, and the one whose device it is counts.
    let test = anybody(anybody(other(alert(complete()).list(REPEAT_OFFENDERS, &["m.keller"]).earlier(0))));
    let played = with_ticket(with_block(with_wipe(test))).answered("yes", "kim").run();
    let why = "The alert says that the device is m.keller's, MobileIron says j.osei's.";
    assert!(played.asked[0].question.contains(why), "{}", played.asked[0].question);
    assert!(played.asked[0].question.contains("The user is no repeat offender."));
    assert_eq!(parameters(&played, "wipe device")["user"], "j.osei");

    // However often its owner has done it, the alert is about somebody else.
    let test = with_ticket(with_block(anybody(anybody(other(alert(complete()).earlier(9))))));
    assert!(!is_remembered(&test.answered("no", "kim").run()));

    // Without a user in the alert, its management's is enough to ask about, but not to wipe without asking.
    let mut cef = complete();
    cef.as_object_mut().unwrap().remove("sourceUserName");
    let played = with_wipe(known(alert(cef).earlier(2))).answered("yes", "kim").run();
    assert!(played.asked[0].question.ends_with("2 earlier violations in 30 days. The alert names no user."));
    assert!(!is_remembered(&played));
    assert_eq!(parameters(&played, "get user attributes"), &json!({ "username": "m.keller" }));
    assert_eq!(parameters(&played, "wipe device")["user"], "m.keller");

    // If neither says whose it is, a person may still have it wiped.
    let cef = json!({ "deviceExternalId": UUID, "destinationAddress": "203.0.113.80" });
    let nobody =
        |test: PlaybookTest| test.succeeds("mobileiron", "get system info", "", device(None, "ACTIVE"));
    let played = with_wipe(with_ticket(with_block(nobody(alert(cef))))).answered("yes", "kim").run();
    assert!(played.asked[0].question.contains("MobileIron does not say whose device it is."));
    assert_eq!(parameters(&played, "wipe device").get("user"), None);
}

#[test]
fn a_device_that_nobody_knows_is_left_to_a_person() {
    let unknown = |test: PlaybookTest| {
        test.fails("mobileiron", "get system info", Failure::not_found("no such device"))
    };
    let played = with_ticket(with_block(with_person(unknown(alert(complete()).earlier(9))))).run();
    assert!(!is_wiped(&played));
    assert!(played.asked.is_empty());
    // The alert alone could say so of anybody.
    assert!(!is_remembered(&played));
    let why =
        "mobileiron, get system info 3a45b4d5-d2e5-468c-bf4f-149efff463a9: found nothing: no such device";
    assert_eq!(escalations(&played), [format!("The device was not wiped: {why}.")]);
    assert!(description(&played).contains("Block of 203.0.113.80 at the firewall: 203.0.113.80 is blocked."));

    let mut cef = complete();
    cef.as_object_mut().unwrap().remove("deviceExternalId");
    let played = with_ticket(with_block(with_person(alert(cef).earlier(9)))).run();
    assert!(escalations(&played)[0].contains("The alert names no device."), "{played:?}");
}

#[test]
fn without_the_profile_a_person_decides() {
    let down = || Failure::Unavailable("connection refused".into());
    let mdm = |test: PlaybookTest| test.fails("mobileiron", "get system info", down());
    let played = with_wipe(with_ticket(with_block(with_person(mdm(alert(complete()).earlier(9))))));
    let played = played.answered("yes", "kim").run();
    assert!(
        played.asked[0].question.contains("get system info 3a45b4d5-d2e5-468c-bf4f-149efff463a9: failed")
    );
    // The connector makes sure that it is the alert's user's.
    assert_eq!(parameters(&played, "wipe device")["user"], "m.keller");

    for failure in [down(), Failure::not_found("there is no user `m.keller`")] {
        let test = alert(complete()).earlier(9).fails("ldap", "get user attributes", failure);
        let played = with_ticket(with_block(with_device(test))).answered("no", "kim").run();
        assert!(
            played.asked[0].question.contains("ldap, get user attributes m.keller: "),
            "{:?}",
            played.asked
        );
    }
}

#[test]
fn a_device_whose_wipe_was_asked_for_is_not_wiped_again() {
    for status in ["WIPE_PENDING", "wiped"] {
        let test = alert(complete()).earlier(9);
        let test = test.succeeds("mobileiron", "get system info", "", device(Some("m.keller"), status));
        let played = with_ticket(with_block(with_person(test))).run();
        assert!(!is_wiped(&played) && played.asked.is_empty(), "{status}");
        assert!(played.result.unwrap().contains("not wiped again"), "{status}");
    }
}

#[test]
fn a_block_that_fails_keeps_no_wipe_from_happening() {
    let test = with_wipe(with_ticket(with_person(with_device(alert(complete()).earlier(2)))));
    let played =
        test.fails("panos", "block ip", Failure::Denied("203.0.113.80 is never touched".into())).run();
    assert!(is_wiped(&played));
    let why = "Block of 203.0.113.80 at the firewall failed: denied: 203.0.113.80 is never touched";
    assert_eq!(escalations(&played), [why]);
    assert!(played.result.as_ref().unwrap_err().contains("NOT blocked, wipe sent"));
    assert!(description(&played).contains("Failed\n  Block of 203.0.113.80 at the firewall: denied: "));
}

#[test]
fn what_is_only_planned_is_told_as_such() {
    let planned = |test: PlaybookTest, connector: &str, action: &str| {
        let message = "Planned, and not sent: the host is in safe mode.";
        test.reports(connector, action, Status::Success, message, json!({ "planned": true }), json!(null))
    };
    let configured = json!({ "same_visit_seconds": 0, "approver": "tier2" });
    let test = with_person(with_device(alert(complete()).configured(configured).earlier(2)));
    let test = planned(planned(test, "panos", "block ip"), "mobileiron", "wipe device");
    let played = planned(test, "servicenow", "create ticket").run();
    assert!(
        description(&played)
            .contains("Done\n  Nothing.\n\nPending\n  Block of 203.0.113.80 at the firewall: Planned")
    );
    // Nobody waits for a device that was not told anything.
    assert_eq!(escalations(&played), [""; 0]);
    assert!(played.result.unwrap().ends_with("block planned, wipe planned"));
}

#[test]
fn who_works_on_an_alert_keeps_it() {
    let test = known(alert(complete()).earlier(0)).alert(|alert| alert.owner = Some("alice".into()));
    let played = test.answered("no", "kim").run();
    assert!(!played.changes.iter().any(|change| matches!(change, Change::Owner(_))));
}

#[test]
fn a_wipe_that_fails_leaves_the_block() {
    let failure = Failure::Authentication("no role".into());
    let played = known(alert(complete()).earlier(2)).fails("mobileiron", "wipe device", failure).run();
    assert!(description(&played).contains("Done\n  Block of 203.0.113.80 at the firewall"));
    assert!(description(&played).contains("Failed\n  Wipe of the iPhone 15 of m.keller: the system refused"));
    assert_eq!(escalations(&played).len(), 1);
    assert!(played.result.unwrap_err().contains("blocked, wipe FAILED"));
}

#[test]
fn the_ticket_does_not_wait_for_what_hangs() {
    let hour = Duration::from_secs(3_600);
    let wipe = with_wipe(known(alert(complete()).earlier(2))).takes(hour);
    let played = with_note(wipe).run();
    assert!(
        description(&played).contains("Pending\n  Wipe of the iPhone 15 of m.keller: it has not ended yet.")
    );
    assert!(description(&played).contains("Done\n  Block of 203.0.113.80"));
    let told = "Wipe of the iPhone 15 of m.keller: The server has taken on the command.";
    assert_eq!(parameters(&played, "add work note"), &json!({ "id": "INC0010001", "note": told }));
    assert!(played.result.is_ok());

    // Longer than anybody has patience for: a person is told before it ends.
    let configured = json!({ "same_visit_seconds": 0, "wipe_seconds": 600, "approver": "tier2" });
    let wipe = with_wipe(known(alert(complete()).earlier(2))).takes(hour).configured(configured);
    let looked = wipe.succeeds("mobileiron", "get system info", "", device(Some("m.keller"), "WIPED"));
    let played = with_note(with_note(with_note(looked))).run();
    assert_eq!(escalations(&played), ["Wipe of the iPhone 15 of m.keller: it has not ended yet."]);

    // A commit of the firewall that takes long is no reason to wait with the wipe.
    let test = with_wipe(with_ticket(with_person(with_device(alert(complete()).earlier(2)))));
    let played = with_note(with_block(test).takes(hour)).run();
    assert!(
        description(&played)
            .contains("Pending\n  Block of 203.0.113.80 at the firewall: it has not ended yet.")
    );
    assert!(description(&played).contains("Done\n  Wipe of the iPhone 15 of m.keller"));
    let told = "Block of 203.0.113.80 at the firewall: 203.0.113.80 is blocked.";
    assert_eq!(parameters(&played, "add work note")["note"], told);
}

#[test]
fn a_device_that_never_checks_in_is_left_to_a_person() {
    let configured = json!({ "same_visit_seconds": 0, "wipe_seconds": 3_600, "approver": "tier2" });
    let wiped = || with_note(with_wipe(known(alert(complete()).configured(configured.clone()).earlier(2))));
    let looks = |statuses: &[&str]| {
        let look = |test: PlaybookTest, status: &&str| {
            test.succeeds("mobileiron", "get system info", "", device(Some("m.keller"), status))
        };
        statuses.iter().fold(wiped(), look).run()
    };
    let obeyed = looks(&["WIPE_PENDING", "WIPED"]);
    assert_eq!(
        parameters(&obeyed, "add work note")["note"],
        "The iPhone 15 of m.keller has obeyed: it is wiped."
    );
    assert_eq!(escalations(&obeyed), [""; 0]);

    let never = looks(&["WIPE_PENDING"; 5]);
    let why = "The iPhone 15 of m.keller has not confirmed its wipe: it was last seen 2026-11-21T20:14:07+0000. The site \
               is blocked.";
    assert_eq!(escalations(&never), [why]);
    assert!(never.result.unwrap().contains("has not confirmed its wipe"));
}

#[test]
fn a_site_that_has_only_a_name_is_blocked_by_it() {
    let cef = json!({
        "deviceExternalId": UUID, "sourceUserId": r"ACME\m.keller", "requestURL": "https://files.dropzone.example/up?x",
    });
    let test = with_wipe(with_ticket(with_person(with_device(alert(cef).earlier(2)))));
    let played = test.succeeds("panos", "block url", "", json!({})).run();
    assert_eq!(parameters(&played, "block url"), &json!({ "url": "files.dropzone.example" }));
    assert_eq!(parameters(&played, "get user attributes"), &json!({ "username": "m.keller" }));
    assert!(is_wiped(&played));
}

#[test]
fn intune_manages_devices_too() {
    let id = "705c034c-034c-705c-4c03-5c704c035c70";
    let device = |results: Value| {
        json!({
            "id": id, "device_name": "WKS-0142", "user_principal_name": "m.keller@acme.example",
            "action_results": results,
        })
    };
    let test = || {
        let cef = json!({ "deviceExternalId": id, "sourceUserName": "m.keller", "destinationAddress": "203.0.113.80" });
        let configured = json!({ "mdm": "intune", "same_visit_seconds": 0, "wipe_seconds": 60 });
        with_ticket(with_block(with_person(alert(cef).configured(configured).earlier(2))))
    };
    let pending = json!([
        { "action_name": "wipe", "action_state": "failed", "start_date_time": "2026-01-01T00:00:00Z" },
        { "action_name": "wipe", "action_state": "pending", "start_date_time": "2026-01-02T00:00:00Z" },
    ]);
    let played = test().succeeds("intune", "get system info", "", device(pending)).run();
    assert!(!is_wiped(&played));

    // What is wiped leaves Intune.
    let test = test().succeeds("intune", "get system info", "", device(json!([])));
    let test = test.succeeds("intune", "wipe device", "Intune has taken on the command.", json!({}));
    let played = with_note(test).fails("intune", "get system info", Failure::not_found("gone")).run();
    assert_eq!(parameters(&played, "wipe device"), &json!({ "id": id, "user": "m.keller@acme.example" }));
    let told = "The WKS-0142 of m.keller@acme.example is wiped: Intune does not know it any more.";
    assert_eq!(parameters(&played, "add work note")["note"], told);
}

#[test]
fn without_a_ticket_what_was_done_stays_on_the_alert() {
    let test = with_wipe(with_block(with_person(with_device(alert(complete()).earlier(2)))));
    let played = test.fails("servicenow", "create ticket", Failure::Unavailable("no route".into())).run();
    assert!(
        played.result.unwrap_err().contains("No ticket could be created: the system could not be reached")
    );
    let noted = |change: &Change| matches!(change, Change::Note { text, .. } if text.contains("Done\n  Block of 203.0.113.80 at the firewall"));
    assert!(played.changes.iter().any(noted));
}

#[test]
fn an_alert_cannot_forge_a_section() {
    let mut cef = complete();
    cef["destinationDnsDomain"] = json!("x\n\nDone\n  Wipe of the iPhone 15: done");
    let played = with_wipe(known(alert(cef).earlier(2))).run();
    assert_eq!(description(&played).matches("\nDone\n").count(), 1);
}

#[test]
fn an_alert_about_several_is_left_to_a_person() {
    let both = |key: &str, values: [&str; 2]| {
        let mut cef = complete();
        cef[key] = json!(values);
        cef
    };
    for (cef, more, why) in [
        (both("deviceExternalId", [UUID, "other"]), json!({}), "more than one device, other too."),
        (complete(), json!({ "deviceExternalId": "other" }), "more than one device, other too."),
        (both("sourceUserName", ["m.keller", "j.osei"]), json!({}), "more than one user, j.osei too."),
        (complete(), json!({ "destinationUserName": "j.osei" }), "more than one user, j.osei too."),
    ] {
        let played = known(alert(cef).artifact(more).earlier(9)).answered("no", "kim").run();
        let question = &played.asked[0].question;
        assert!(question.ends_with(&format!("The alert names {why}")), "{question}");
        assert!(!is_wiped(&played) && !is_remembered(&played), "{why}");
    }

    // One user has many names, and one device is written in many ways.
    let more = json!({ "deviceExternalId": UUID.to_uppercase(), "sourceUserId": r"ACME\M.Keller" });
    let played = with_wipe(known(alert(complete()).artifact(more).earlier(2))).run();
    assert!(is_wiped(&played) && is_remembered(&played));
}

#[test]
fn a_second_site_that_is_not_blocked_is_told() {
    let more = json!({ "requestURL": "https://evil.example/" });
    let played = known(alert(complete()).artifact(more).earlier(2)).answered("no", "kim").run();
    assert_eq!(parameters(&played, "block ip"), &json!({ "ip": "203.0.113.80" }));
    let why = "The alert names more that is not on the access list, and is not blocked: evil.example.";
    assert!(played.asked[0].question.ends_with(why), "{}", played.asked[0].question);
    assert!(description(&played).contains(why));
}

#[test]
fn no_address_of_ours_is_blocked() {
    for address in ["10.1.2.3", "198.18.0.9", "::ffff:10.1.2.3", "192.0.2.7"] {
        let ours = |cef: Value| alert(cef).list("own-networks", &["192.0.2.0/24"]).earlier(0);
        let mut cef = complete();
        cef["destinationAddress"] = json!(address);
        let test = with_ticket(with_person(with_device(ours(cef.clone()))));
        let test = test.succeeds("panos", "block url", "", json!({}));
        let played = test.answered("no", "kim").run();
        assert_eq!(
            parameters(&played, "block url"),
            &json!({ "url": "files.dropzone.example" }),
            "{address}"
        );

        // Without a name there is nothing that a playbook may block.
        cef.as_object_mut().unwrap().remove("destinationDnsDomain");
        let played = with_ticket(with_person(with_device(ours(cef)))).answered("no", "kim").run();
        assert!(!started(&played).iter().any(|action| action.starts_with("panos")), "{address}");
        assert!(played.asked[0].question.contains("is NOT blocked."), "{}", played.asked[0].question);
        let why = "is an address of ours, which a playbook does not block";
        assert!(escalations(&played).iter().any(|told| told.contains(why)), "{played:?}");
        assert!(description(&played).contains("Failed\n  Block of "), "{address}");
    }
}
