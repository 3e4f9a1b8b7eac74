//! What decides, in which order, and what is said of it.

use std::time::Duration;

use palisade_model::{action::Effect, alert::Severity};
use palisade_policy::{Approval, AtDeadline, Policy, Proposed, Sent, Verdict};
use serde_json::json;

use crate::{NOW, at, block, decide, policy, wipe, word};

#[test]
fn without_a_file_contain_and_correct_need_an_approval() {
    let parameters = json!({ "ip": "203.0.113.1" });
    for policy in [Policy::built_in(), policy("")] {
        let verdict = |effect| decide(&policy, &Proposed { effect, ..block(&parameters) });
        for effect in [Effect::Contain, Effect::Correct] {
            let decision = verdict(effect);
            let approval = Approval {
                role: None,
                within: Duration::from_secs(4 * 60 * 60),
                at_deadline: AtDeadline::Deny,
            };
            assert_eq!(decision.verdict, Verdict::Approve(approval), "{effect:?}");
        }
        assert_eq!(verdict(Effect::Contain).rule, "default.contain");
        for effect in [Effect::Generic, Effect::Investigate, Effect::Test] {
            assert_eq!(verdict(effect).verdict, Verdict::Allow, "{effect:?}");
        }
        assert_eq!(policy.longest_breaker(), Duration::ZERO);
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let policy = policy(
        r#"
[[rule]]
name = "lab"
asset = ["lab-firewall"]
then = "deny"

[[rule]]
name = "blocks"
action = ["Block IP"]
then = "allow"

[[rule]]
name = "all of panos"
connector = ["panos"]
then = "deny"
"#,
    );
    let parameters = json!({ "ip": "203.0.113.1" });
    let asked = block(&parameters);
    assert_eq!(decide(&policy, &asked).rule, "rule \"blocks\"");
    assert_eq!(decide(&policy, &Proposed { action: "block url", ..asked }).rule, "rule \"all of panos\"");
    assert_eq!(decide(&policy, &Proposed { asset: "lab-firewall", ..asked }).rule, "rule \"lab\"");
    assert_eq!(decide(&policy, &wipe(&parameters)).rule, "default.contain");
}

#[test]
fn every_selector_must_fit() {
    let policy = policy(
        r#"
[[rule]]
name = "narrow"
effect = ["contain", "correct"]
connector = ["intune", "panos"]
action = ["block ip"]
asset = ["edge-firewall"]
playbook = ["unauthorized-mobile-access"]
label = ["Mobile"]
severity = "medium"
target.networks = ["203.0.113.0/24"]
then = "allow"
"#,
    );
    let parameters = json!({ "ip": "203.0.113.1" });
    let elsewhere = json!({ "ip": "203.0.114.1" });
    let asked = block(&parameters);
    assert_eq!(word(&decide(&policy, &asked)), "allow");
    assert_eq!(word(&decide(&policy, &Proposed { severity: Severity::Critical, ..asked })), "allow");
    for other in [
        Proposed { effect: Effect::Generic, ..asked },
        Proposed { connector: "panos-2", ..asked },
        Proposed { action: "unblock ip", ..asked },
        Proposed { asset: "edge", ..asked },
        Proposed { playbook: "other", ..asked },
        Proposed { label: "mobile-2", ..asked },
        Proposed { severity: Severity::Low, ..asked },
        Proposed { parameters: &elsewhere, ..asked },
    ] {
        let default = if other.effect == Effect::Generic { "default.generic" } else { "default.contain" };
        assert_eq!(decide(&policy, &other).rule, default, "{other:?}");
    }
}

#[test]
fn never_touch_stands_above_every_rule_and_only_for_its_effects() {
    let text = "[[rule]]\nname = \"all\"\nconnector = [\"panos\"]\nthen = \"allow\"\n[never_touch]\nusers = [\"ceo\"]\n";
    let parameters = json!({ "user": "ceo" });
    let asked = block(&parameters);
    let decision = decide(&policy(text), &asked);
    assert_eq!((decision.rule.as_str(), &decision.verdict), ("never_touch.users", &Verdict::Deny));
    assert_eq!(decision.why, "Its parameter \"user\" is \"ceo\", and users names \"ceo\".");
    assert_eq!(word(&decide(&policy(text), &Proposed { effect: Effect::Correct, ..asked })), "deny");
    assert_eq!(word(&decide(&policy(text), &Proposed { effect: Effect::Generic, ..asked })), "allow");
    let generic = policy(&format!("{text}effects = [\"generic\"]"));
    assert_eq!(word(&decide(&generic, &Proposed { effect: Effect::Generic, ..asked })), "deny");
    assert_eq!(word(&decide(&generic, &asked)), "allow");
    assert_eq!(word(&decide(&generic, &Proposed { effect: Effect::Investigate, ..asked })), "allow");
}

#[test]
fn what_is_taken_back_is_free_of_never_touch_lists_and_breakers_and_of_nothing_else() {
    let text = "[default]\ncorrect = \"allow\"\n[never_touch]\nnetworks = [\"10.0.0.0/8\"]\n\
                [[breaker]]\nname = \"all\"\nmost = 1\nwithin = \"1h\"\n";
    let parameters = json!({ "ip": "10.0.0.1" });
    let undo = Proposed { effect: Effect::Correct, action: "unblock ip", undoes: true, ..block(&parameters) };
    let recent = [Sent::of(&undo, at(NOW - 1))];
    let verdict = |text: &str, action: &Proposed<'_>| policy(text).decide(action, &recent, at(NOW)).rule;
    assert_eq!(verdict(text, &undo), "default.correct");
    assert_eq!(verdict(text, &Proposed { undoes: false, ..undo }), "never_touch.networks");
    let rule = format!("{text}[[rule]]\nname = \"frozen\"\nasset = [\"edge-firewall\"]\nthen = \"deny\"");
    assert_eq!(verdict(&rule, &undo), "rule \"frozen\"");
}

#[test]
fn an_approval_takes_from_its_section_what_the_rule_does_not_say() {
    let policy = policy(
        r#"
[approval]
role = "analyst"
within = "30m"
at_deadline = "allow"

[[rule]]
name = "wipes"
action = ["wipe device"]
then = "approve"
role = "soc-lead"
at_deadline = "deny"

[[rule]]
name = "blocks"
action = ["block ip"]
then = "approve"
within = "1d"
"#,
    );
    let parameters = json!({});
    let approval = |action: &Proposed<'_>| match decide(&policy, action).verdict {
        Verdict::Approve(approval) => (approval.role, approval.within.as_secs(), approval.at_deadline),
        other => panic!("{other:?}"),
    };
    let asked = block(&parameters);
    assert_eq!(approval(&wipe(&parameters)), (Some("soc-lead".into()), 1_800, AtDeadline::Deny));
    assert_eq!(approval(&asked), (Some("analyst".into()), 86_400, AtDeadline::Allow));
    assert_eq!(
        approval(&Proposed { action: "block url", ..asked }),
        (Some("analyst".into()), 1_800, AtDeadline::Allow)
    );
}

#[test]
fn an_explanation_goes_as_far_as_the_decision() {
    let policy = policy(
        r#"
[never_touch]
networks = ["10.0.0.0/8"]

[[rule]]
name = "other connector"
connector = ["intune"]
then = "deny"

[[rule]]
name = "outside"
target.networks = ["203.0.113.0/24"]
then = "allow"

[[rule]]
name = "asked"
action = ["block ip"]
then = "approve"

[[rule]]
name = "not reached"
action = ["block ip"]
then = "deny"

[[breaker]]
name = "blocks"
action = ["block ip"]
most = 5
within = "1h"
"#,
    );
    let parameters = json!({ "ip": "203.0.114.1" });
    let seen: Vec<_> = policy
        .explain(&block(&parameters), &[], at(NOW))
        .into_iter()
        .map(|considered| (considered.rule, considered.fits, considered.why))
        .collect();
    let expected = [
        ("never_touch", false, "No value in its parameters is listed."),
        ("rule \"other connector\"", false, "Its connector is \"panos\"."),
        (
            "rule \"outside\"",
            false,
            "Its parameter \"ip\" is \"203.0.114.1\", which is not surely one of the targets.",
        ),
        ("rule \"asked\"", true, "The action is what it names."),
        ("breaker \"blocks\"", false, "0 such actions were sent in the last 1h, and 5 go through."),
    ];
    assert_eq!(seen, expected.map(|(rule, fits, why)| (rule.to_owned(), fits, why.to_owned())));

    let inside = json!({ "ip": "10.0.0.1" });
    let seen = policy.explain(&block(&inside), &[], at(NOW));
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((seen[0].rule.as_str(), seen[0].fits), ("never_touch.networks", true));
}
