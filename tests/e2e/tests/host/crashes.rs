//! A host that is killed without a warning.

use std::collections::BTreeSet;

use palisade_e2e::{Site, wait};
use palisade_lab::{Fault, FaultKind, System};
use serde_json::Value;

/// Alerts sent before the kill: enough that some wait, some are at work and some are done.
const ALERTS: u64 = 20;

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_handled_once() {
    let mut site = Site::start().await;
    for n in 1..=ALERTS {
        assert_eq!(number(&site.host.splunk(&Site::webhook(&n.to_string()))["alert"]), n);
    }
    site.host = site.host.kill_and_restart();

    let mut done = 0;
    let mut in_doubt = 0;
    for alert in 1..=ALERTS {
        let run = site.host.concluded(alert);
        let message = run["run"]["message"].as_str().unwrap();
        match run["run"]["status"].as_str().unwrap() {
            "succeeded" => done += 1,
            "interrupted" if message.contains("`create ticket` of servicenow") => in_doubt += 1,
            "interrupted" => {
                assert!(message.contains("no action was under way that changes anything"), "{message}");
            }
            other => panic!("alert {alert} ended as {other}: {message}"),
        }
        assert_eq!(site.host.get(&format!("/runs?alert={alert}"))["runs"].as_array().unwrap().len(), 1);
    }
    let tickets = site.lab.tickets();
    let keys: BTreeSet<_> = tickets.iter().map(|ticket| ticket["correlation_id"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), tickets.len(), "a ticket was written twice");
    assert!(
        (done..=done + in_doubt).contains(&tickets.len()),
        "{} tickets, {done} done, {in_doubt} in doubt",
        tickets.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_names_what_is_in_doubt_and_repeats_nothing() {
    let mut site = Site::start().await;
    let hang = Fault { system: System::ServiceNow, path_prefix: None, times: Some(1), kind: FaultKind::Hang };
    site.lab.faults().arm(hang).unwrap();
    site.host.splunk(&Site::webhook("interrupted"));
    let posts = || site.lab.ledger().of(System::ServiceNow).unwrap().len();
    wait::until("the ticket is asked for", || (posts() == 1).then_some(()));

    site.host = site.host.kill_and_restart();
    let run = site.host.concluded(1);
    assert_eq!(run["run"]["status"], "interrupted");
    assert_eq!(
        run["run"]["message"],
        "the host stopped while it ran; check by hand whether this happened: `create ticket` of servicenow"
    );
    // The next alert is handled, and its ticket is the only request since.
    site.host.splunk(&Site::webhook("after the restart"));
    assert_eq!(site.host.concluded(2)["run"]["status"], "succeeded");
    let asked = site.lab.ledger().of(System::ServiceNow).unwrap();
    assert_eq!(asked.len(), 2, "{asked:#?}");
    assert_eq!(site.lab.tickets().len(), 1);
}
