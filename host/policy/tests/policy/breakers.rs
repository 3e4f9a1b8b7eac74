//! Rate breakers.

use std::time::Duration;

use palisade_model::{action::Effect, alert::Severity};
use palisade_policy::{Approval, AtDeadline, Policy, Proposed, Sent, Verdict};
use serde_json::json;

use crate::{NOW, at, block, decide, policy, wipe, word};

const WIPES: &str = r#"
[default]
contain = "allow"

[[breaker]]
name = "wipes"
action = ["wipe device"]
most = 2
within = "1h"
role = "soc-lead"
"#;

fn sent(seconds_ago: i64) -> Sent {
    Sent {
        at: at(NOW - seconds_ago),
        effect: Effect::Contain,
        connector: "intune".to_owned(),
        action: "wipe device".to_owned(),
        asset: "intune".to_owned(),
        playbook: "unauthorized-mobile-access".to_owned(),
        label: "mobile".to_owned(),
        severity: Severity::High,
    }
}

fn verdict(policy: &Policy, action: &Proposed<'_>, recent: &[Sent]) -> Verdict {
    policy.decide(action, recent, at(NOW)).verdict
}

#[test]
fn after_so_many_in_the_time_a_person_is_asked() {
    let policy = policy(WIPES);
    let parameters = json!({ "id": "4711" });
    let asked = wipe(&parameters);
    assert_eq!(verdict(&policy, &asked, &[]), Verdict::Allow);
    assert_eq!(verdict(&policy, &asked, &[sent(10)]), Verdict::Allow);
    assert_eq!(verdict(&policy, &asked, &[sent(3_600), sent(10)]), Verdict::Allow, "an hour ago is over");
    let tripped = policy.decide(&asked, &[sent(3_599), sent(10)], at(NOW));
    let approval = Approval {
        role: Some("soc-lead".to_owned()),
        within: Duration::from_secs(4 * 60 * 60),
        at_deadline: AtDeadline::Deny,
    };
    assert_eq!(tripped.verdict, Verdict::Approve(approval));
    assert_eq!(tripped.rule, "breaker \"wipes\"");
    assert_eq!(tripped.why, "2 such actions were sent in the last 1h, and 2 go through.");
    assert_eq!(policy.longest_breaker(), Duration::from_secs(3_600));
}

#[test]
fn only_what_the_breaker_is_about_counts_and_waits() {
    let policy = policy(WIPES);
    let parameters = json!({ "ip": "203.0.113.1" });
    let blocks = [(); 5].map(|()| Sent { action: "block ip".to_owned(), ..sent(10) });
    assert_eq!(verdict(&policy, &wipe(&parameters), &blocks), Verdict::Allow);
    assert_eq!(verdict(&policy, &block(&parameters), &[sent(1), sent(1), sent(1)]), Verdict::Allow);
}

#[test]
fn what_was_sent_later_than_now_counts() {
    let parameters = json!({});
    let ahead = [sent(-100), sent(-50)];
    assert!(matches!(verdict(&policy(WIPES), &wipe(&parameters), &ahead), Verdict::Approve(_)));
}

#[test]
fn a_breaker_does_not_soften_a_no() {
    let parameters = json!({ "id": "4711" });
    let many = [sent(3), sent(2), sent(1)];
    for section in [
        "[never_touch]\ndevices = [\"4711\"]",
        "[[rule]]\nname = \"no\"\naction = [\"wipe device\"]\nthen = \"deny\"",
    ] {
        let policy = policy(&format!("{WIPES}{section}"));
        assert_eq!(verdict(&policy, &wipe(&parameters), &many), Verdict::Deny, "{section}");
    }
    let denied = policy(&WIPES.replace("contain = \"allow\"", "contain = \"deny\""));
    assert_eq!(verdict(&denied, &wipe(&parameters), &many), Verdict::Deny);
}

#[test]
fn a_tripped_breaker_is_not_let_through_by_silence_that_lets_the_rule_through() {
    let text = r#"
[[rule]]
name = "wipes"
action = ["wipe device"]
then = "approve"
role = "analyst"
within = "5m"
at_deadline = "allow"

[[breaker]]
name = "anything"
most = 1
within = "1d"
"#;
    let parameters = json!({});
    let Verdict::Approve(tripped) = verdict(&policy(text), &wipe(&parameters), &[sent(1)]) else { panic!() };
    assert_eq!(tripped.role.as_deref(), Some("analyst"));
    assert_eq!(tripped.within, Duration::from_secs(300));
    assert_eq!(tripped.at_deadline, AtDeadline::Deny);
    let explicit = format!("{text}role = \"soc-lead\"\nask_within = \"10m\"\nat_deadline = \"allow\"");
    let Verdict::Approve(tripped) = verdict(&policy(&explicit), &wipe(&parameters), &[sent(1)]) else {
        panic!()
    };
    assert_eq!(tripped.role.as_deref(), Some("soc-lead"));
    assert_eq!((tripped.within, tripped.at_deadline), (Duration::from_secs(600), AtDeadline::Allow));
}

#[test]
fn a_breaker_without_selectors_counts_all_that_changes_something() {
    let policy =
        policy("[default]\ncontain = \"allow\"\n[[breaker]]\nname = \"all\"\nmost = 1\nwithin = \"1d\"");
    let parameters = json!({});
    let recent = [sent(60)];
    let asked = Proposed { effect: Effect::Generic, ..block(&parameters) };
    assert!(matches!(verdict(&policy, &asked, &recent), Verdict::Approve(_)));
    let reads = Proposed { effect: Effect::Investigate, ..asked };
    assert_eq!(verdict(&policy, &reads, &recent), Verdict::Allow);
    assert_eq!(word(&decide(&policy, &asked)), "allow");
}
