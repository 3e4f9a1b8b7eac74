//! Alerts that a playbook hands to a person.

use palisade_e2e::{Operation, Script, Workshop};
use serde_json::json;

use crate::journal::{end, replays};

fn escalate(to: Option<&str>, summary: &str) -> Script {
    Script::new().then(Operation::Escalate { to: to.map(str::to_owned), summary: summary.to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_escalated_alert_waits_in_the_inbox_until_somebody_takes_it_or_closes_it() {
    let mut workshop = Workshop::start().await;
    let run = workshop.finished(&escalate(Some("tier3"), "the phone is still online"));
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    workshop.finished(&escalate(None, "nobody knows this address"));
    // It outlives the run, and the host.
    workshop = workshop.kill_and_restart();
    let host = &workshop.host;
    let inbox = host.text(&["inbox"]);
    for words in [
        "asks tier3 to take the alert over: the phone is still online",
        "palisade alert take 1",
        "asks whoever looks first to take the alert over: nobody knows this address",
        "palisade alert take 2",
    ] {
        assert!(inbox.contains(words), "{words:?} is not in\n{inbox}");
    }
    assert_eq!(host.json(&["inbox"])["tasks"][0]["to_do"], "take-over");
    let show = host.text(&["alert", "show", "1"]);
    assert!(show.contains("Waits     for tier3: the phone is still online"), "{show}");
    let show = host.text(&["run", "show", "1"]);
    assert!(show.contains("escalated to tier3: the phone is still online"), "{show}");

    let taken = host.json(&["alert", "take", "1", "--note", "I call the owner"]);
    assert_eq!((&taken["status"], &taken["escalation"]), (&json!("open"), &json!(null)));
    assert!(taken["owner"].is_string(), "{taken:#}");
    assert_eq!(taken["notes"][0]["text"], "I call the owner");
    let show = host.text(&["alert", "show", "1"]);
    assert!(show.contains("I call the owner") && !show.contains("Waits"), "{show}");
    let closed = host.json(&["alert", "close", "2", "--note", "our own scanner"]);
    assert_eq!(closed["status"], "closed");
    assert_eq!(host.text(&["inbox"]), "Nothing waits for a person.\n");
    assert_eq!(host.palisade(&["alert", "take", "99"]).status.code(), Some(4));
    for run in [1, 2] {
        replays(host, run);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_escalated_by_several_runs_is_taken_once() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    workshop
        .finished(&escalate(None, "first").then(Operation::Escalate { to: None, summary: "second".into() }));
    let again = host.json(&["playbook", "run", "script", "--alert", "1"])["run"].as_u64().unwrap();
    host.ended(again);
    let tasks = host.json(&["inbox"]);
    let summaries: Vec<_> = tasks["tasks"].as_array().unwrap().iter().map(|task| &task["summary"]).collect();
    assert_eq!(summaries, ["second", "second"], "the last word of each run");
    host.text(&["alert", "take", "1"]);
    assert_eq!(host.text(&["inbox"]), "Nothing waits for a person.\n");
}
