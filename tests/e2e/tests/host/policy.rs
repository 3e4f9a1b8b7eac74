//! What the policy lets through, asks about and refuses, and how its file is treated.

use std::{fs, process::Command};

use palisade_e2e::{Host, Kind, Operation, Script, Severity, Workshop, built};
use palisade_lab::FaultKind;
use palisade_model::limits::ACTION_ATTEMPTS;
use serde_json::{Value, json};

use crate::journal::{end, entries, entry};

/// Everything is let through but what a breaker stops.
const BREAKER: &str = "[default]\ncontain = \"allow\"\ncorrect = \"allow\"\n\n[[breaker]]\nname = \"switches\"\n\
    action = [\"turn on switch\"]\nmost = 2\nwithin = \"1h\"\nrole = \"soc-lead\"\n";

/// Rules that go by everything that a rule can go by.
const RULES: &str = r#"
[default]
contain = "allow"
correct = "deny"

[[rule]]
name = "tickets are paper"
action = ["create ticket"]
then = "deny"

[[rule]]
name = "pages wake people"
effect = ["generic"]
connector = ["actuator"]
playbook = ["script"]
label = ["SCRIPT"]
asset = ["actuator"]
action = ["send page"]
then = "approve"
role = "tier2"

[never_touch]
hosts = ["*.core.example"]
networks = ["10.0.0.0/8"]
"#;

fn one(action: Kind, tag: &str) -> Script {
    Script::new().act_and_wait(action, tag)
}

/// What becomes of an action: the rule that decides, and how.
fn became(workshop: &Workshop, action: Kind, tag: &str) -> (String, &'static str) {
    let run = workshop.run(&one(action, tag));
    let stands = palisade_e2e::wait::until("the action is sent, asked about or refused", || {
        let run = workshop.host.get(&format!("/runs/{run}"));
        matches!(run["run"]["status"].as_str(), Some("waiting" | "succeeded" | "failed")).then_some(run)
    });
    let rule = |event| entry(&stands, event)["rule"].as_str().unwrap().to_owned();
    match stands["run"]["status"].as_str().unwrap() {
        "waiting" => (rule("approval-asked"), "approve"),
        "succeeded" => (rule("action-sent"), "allow"),
        _ => (entry(&stands, "action-ended")["failure"]["message"].as_str().unwrap().to_owned(), "deny"),
    }
}

/// What the host says would become of it.
fn foreseen(workshop: &Workshop, action: Kind, tag: &str) -> Value {
    let tag = format!("tag={tag}");
    let question = ["actuator", action.action(), "--set", &tag, "--playbook", "script", "--label", "script"];
    let check = workshop.host.palisade(&[&["--json", "policy", "check"], &question[..]].concat());
    let answer: Value = serde_json::from_slice(&check.stdout).unwrap();
    let code = if answer["verdict"] == "deny" { 1 } else { 0 };
    assert_eq!(check.status.code(), Some(code), "{answer:#}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_file_what_contains_or_corrects_is_asked_about() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(None);
    let status = workshop.host.text(&["policy", "status"]);
    assert!(status.contains("the built-in policy holds"), "{status}");
    for (action, rule, verdict) in [
        (Kind::Switch, "default.contain", "approve"),
        (Kind::Off, "default.correct", "approve"),
        (Kind::Page, "default.generic", "allow"),
    ] {
        assert_eq!(became(&workshop, action, "x"), (rule.to_owned(), verdict));
    }
    assert_eq!(end(&workshop.finished(&one(Kind::Facts, "x"))).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages x"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_what_then_happens() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(RULES));
    for (action, tag, verdict) in [
        (Kind::Switch, "x", "allow"),
        (Kind::Switch, "dc1.core.example", "deny"),
        (Kind::Switch, "https://10.1.2.3/x", "deny"),
        (Kind::Off, "x", "deny"),
        (Kind::Ticket, "x", "deny"),
        (Kind::Page, "x", "approve"),
        // Never touched is what is contained or corrected; this is neither.
        (Kind::Page, "dc1.core.example", "approve"),
        (Kind::Note, "x", "allow"),
    ] {
        let check = foreseen(&workshop, action, tag);
        assert_eq!(check["verdict"], verdict, "{action:?} {tag}: {check:#}");
        let (rule, became) = became(&workshop, action, tag);
        assert_eq!(became, verdict, "{action:?} {tag}: {rule}");
        // Of a refusal the playbook hears rule and reason.
        assert!(rule.contains(check["rule"].as_str().unwrap()), "{rule:?} is not {check:#}");
        let decided = check["considered"].as_array().unwrap().iter().rfind(|one| one["fits"] == true);
        assert_eq!(decided.unwrap()["rule"], check["rule"], "{check:#}");
    }
    assert_eq!(workshop.lab.effects(), ["switches x", "notes x"]);
    let screen = workshop.host.palisade(&["policy", "check", "actuator", "create ticket", "--set", "tag=x"]);
    let screen = String::from_utf8_lossy(&screen.stdout).into_owned();
    assert!(screen.contains("✘ refused") && screen.contains("rule \"tickets are paper\""), "{screen}");
    let unknown = workshop.host.palisade(&["policy", "check", "actuator", "explode"]);
    assert_eq!(unknown.status.code(), Some(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_never_touched_is_not_even_asked_about() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some("[never_touch]\nhosts = [\"dc1\"]\n"));
    let run = workshop.finished(&one(Kind::Switch, "DC1.acme.example"));
    assert_eq!(end(&run).0, "failed");
    let failure = &entry(&run, "action-ended")["failure"];
    assert_eq!(failure["failure"], "denied");
    assert!(failure["message"].as_str().unwrap().contains("never_touch.hosts"), "{failure:#}");
    assert_eq!(entries(&run, "approval-asked").len(), 0);
    assert_eq!(workshop.asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_goes_by_the_alert_as_it_was_when_the_run_began() {
    let workshop = Workshop::start().await;
    // An alert that says nothing is of medium severity.
    let rule = "[[rule]]\nname = \"urgent\"\nseverity = \"high\"\nthen = \"allow\"\n";
    workshop.host.set_policy(Some(rule));
    let script = Script::new().then(Operation::Severity { severity: Severity::High });
    let run = workshop.run(&script.act_and_wait(Kind::Switch, "x"));
    let waiting = workshop.host.until(run, "waiting");
    assert_eq!(entry(&waiting, "approval-asked")["rule"], "default.contain");
    assert_eq!(workshop.lab.effects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breaker_stops_the_next_one_until_a_person_lets_it_through() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(BREAKER));
    for tag in ["1", "2"] {
        assert_eq!(end(&workshop.finished(&one(Kind::Switch, tag))).0, "succeeded");
    }
    assert_eq!(foreseen(&workshop, Kind::Switch, "3")["verdict"], "approve");
    let third = workshop.run(&one(Kind::Switch, "3").act_and_wait(Kind::Ticket, "ticket"));
    let waiting = workshop.host.until(third, "waiting");
    let asked = entry(&waiting, "approval-asked");
    assert_eq!((&asked["rule"], &asked["to"]), (&json!("breaker \"switches\""), &json!("soc-lead")));
    // Of another kind any number goes through.
    assert_eq!(end(&workshop.finished(&one(Kind::Page, "page"))).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches 1", "switches 2", "pages page"]);
    workshop.host.text(&["approve", &third.to_string()]);
    assert_eq!(end(&workshop.host.ended(third)).0, "succeeded");
    // Who lets one through lets through no other.
    assert_eq!(became(&workshop, Kind::Switch, "4").1, "approve");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breaker_counts_what_is_started_at_once() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(BREAKER));
    let tags: Vec<_> = (0..10).map(|tag| tag.to_string()).collect();
    let script = tags.iter().fold(Script::new(), |script, tag| script.act(Kind::Switch, tag));
    let runs = [workshop.run(&script), workshop.run(&script)];
    let asked: usize = runs
        .iter()
        .map(|run| {
            palisade_e2e::wait::until("every switch is sent or asked about", || {
                let run = workshop.host.get(&format!("/runs/{run}"));
                let asked = entries(&run, "approval-asked").len();
                (asked + entries(&run, "action-ended").len() == tags.len()).then_some(asked)
            })
        })
        .sum();
    assert_eq!(asked, 18, "it lets 2 through");
    assert_eq!(workshop.asked().len(), 2, "{:?}", workshop.asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_to_a_rule_is_none_to_a_breaker_that_has_tripped_since() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(&BREAKER.replacen("allow", "approve", 1)));
    let script = ["1", "2", "3"].iter().fold(Script::new(), |script, tag| script.act(Kind::Switch, tag));
    let run = workshop.run(&script);
    let asked_by = |rule: &str, number: usize| {
        palisade_e2e::wait::until("it is asked", || {
            let run = workshop.host.get(&format!("/runs/{run}"));
            let asked = entries(&run, "approval-asked");
            (asked.iter().filter(|asked| asked["rule"] == rule).count() == number).then_some(())
        });
    };
    asked_by("default.contain", 3);
    for step in 1..=3 {
        workshop.host.text(&["approve", &format!("{run}.{step}")]);
    }
    asked_by("breaker \"switches\"", 1);
    palisade_e2e::wait::until("two are sent", || (workshop.lab.effects().len() == 2).then_some(()));
    // Who lets it through answers for the breaker, and is asked for nothing else again.
    workshop.host.text(&["approve", &run.to_string()]);
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breaker_counts_an_action_once_however_often_it_is_tried() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(BREAKER));
    let down = FaultKind::Status { code: 503, body: None, retry_after: Some(0) };
    workshop.fault("/switches", ACTION_ATTEMPTS - 1, down);
    let run = workshop.finished(&one(Kind::Switch, "1").act_and_wait(Kind::Switch, "2"));
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    assert_eq!(entries(&run, "action-sent").len() as u32, ACTION_ATTEMPTS + 1);
    assert_eq!(became(&workshop, Kind::Switch, "3").1, "approve");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breaker_counts_what_was_sent_before_a_restart() {
    let mut workshop = Workshop::start().await;
    workshop.host.set_policy(Some(BREAKER));
    for tag in ["1", "2"] {
        assert_eq!(end(&workshop.finished(&one(Kind::Switch, tag))).0, "succeeded");
    }
    workshop = workshop.kill_and_restart();
    assert_eq!(became(&workshop, Kind::Switch, "3"), ("breaker \"switches\"".to_owned(), "approve"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_saved_decides_about_the_next_action_unless_it_cannot_be_used() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    assert_eq!(became(&workshop, Kind::Switch, "1").1, "allow");
    host.set_policy(Some("[default]\ncontain = \"deny\"\n"));
    assert_eq!(became(&workshop, Kind::Switch, "2").1, "deny");
    let holds = host.text(&["policy", "status"]);
    assert!(holds.ends_with("policy.toml holds.\n"), "{holds}");

    // A mistake does not open the door, and is told wherever somebody may look.
    host.set_policy(Some("[default]\ncontain = \"alow\"\n"));
    assert_eq!(became(&workshop, Kind::Switch, "3").1, "deny");
    let status = host.palisade(&["policy", "status"]);
    assert_eq!(status.status.code(), Some(1));
    let screen = String::from_utf8_lossy(&status.stdout).into_owned();
    for words in
        ["cannot be used", "the policy that was read before it holds on", "contain = \"alow\"", "line 2"]
    {
        assert!(screen.contains(words), "{words:?} is not in\n{screen}");
    }
    let problem = host.get("/status")["policy_problem"].clone();
    assert!(problem.as_str().is_some_and(|problem| problem.contains("alow")), "{problem}");
    let doctor = host.palisade(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("✘ policy") && doctor.contains("alow"), "{doctor}");
    assert!(host.log().contains("The policy that was read before holds on."), "{}", host.log());

    host.set_policy(Some("[default]\ncontain = \"allow\"\n"));
    assert_eq!(became(&workshop, Kind::Switch, "4").1, "allow");
    assert_eq!(host.get("/status")["policy_problem"], Value::Null);
    // Gone is not open either.
    host.set_policy(None);
    assert_eq!(became(&workshop, Kind::Switch, "5").1, "approve");
    assert_eq!(workshop.lab.effects(), ["switches 1", "switches 4"]);
}

#[test]
fn a_host_does_not_start_with_a_policy_that_cannot_be_used() {
    let host = Host::start();
    host.set_policy(Some("[default]\ncontain = \"allow\"\n\n[[rul]]\nname = \"x\"\n"));
    let data = host.data();
    let directory = host.kill();
    let mut serve = Command::new(built::palisade());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
    let refused = serve.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    for words in ["policy.toml", "line 4", "rul", "rule"] {
        assert!(errors.contains(words), "{words:?} is not in\n{errors}");
    }
    // One who cannot read it is no better off.
    fs::remove_file(data.join("policy.toml")).unwrap();
    fs::create_dir(data.join("policy.toml")).unwrap();
    let refused = Command::new(built::palisade()).args(["serve", "--data"]).arg(&data).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(errors.contains("policy.toml") && errors.contains("cannot be read"), "{errors}");
    fs::remove_dir(data.join("policy.toml")).unwrap();
    Host::on(directory);
}
