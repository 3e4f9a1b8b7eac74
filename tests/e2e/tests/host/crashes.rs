//! A host that ends, killed without a warning or told to stop, and what the next one makes of its data.

use std::{fs, time::Duration};

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

    for alert in 1..=ALERTS {
        let run = site.host.concluded(alert);
        assert_eq!(run["run"]["status"], "succeeded", "{:#}", run["run"]);
        assert_eq!(site.host.get(&format!("/runs?alert={alert}"))["runs"].as_array().unwrap().len(), 1);
    }
    assert_eq!(site.lab.tickets().len() as u64, ALERTS, "a ticket is missing, or was written twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_was_under_way_is_looked_for_before_it_is_written() {
    let mut site = Site::start().await;
    let kind = FaultKind::HangAfterEffect;
    let hang = Fault { system: System::ServiceNow, path_prefix: None, times: Some(1), kind };
    site.lab.faults().arm(hang).unwrap();
    site.host.splunk(&Site::webhook("interrupted"));
    let posts = || site.lab.ledger().of(System::ServiceNow).unwrap().len();
    wait::until("the ticket is asked for", || (posts() == 1).then_some(()));

    site.host = site.host.kill_and_restart();
    let run = site.host.concluded(1);
    let [ticket] = &site.lab.tickets()[..] else { panic!("not one ticket: {:#?}", site.lab.tickets()) };
    assert_eq!(run["run"]["status"], "succeeded", "{run:#}");
    assert!(run["run"]["message"].as_str().unwrap().contains(ticket["number"].as_str().unwrap()));
    let asked = site.lab.ledger().of(System::ServiceNow).unwrap();
    let methods: Vec<_> = asked.iter().map(|entry| entry.method.as_str()).collect();
    assert_eq!(methods, ["POST", "GET"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_told_to_stop_lets_its_runs_end() {
    let mut site = Site::start().await;
    site.lab.set_latency(System::ServiceNow, Duration::from_millis(500));
    for n in 1..=ALERTS {
        site.host.splunk(&Site::webhook(&n.to_string()));
    }
    site.host = site.host.stop_and_restart();
    for alert in 1..=ALERTS {
        assert_eq!(site.host.concluded(alert)["run"]["status"], "succeeded");
    }
    assert_eq!(site.lab.tickets().len() as u64, ALERTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_artefact_is_made_again() {
    let mut site = Site::start().await;
    let plugins = site.host.get("/plugins");
    let plugins = plugins["plugins"].as_array().unwrap();
    let shodan = plugins.iter().find(|plugin| plugin["manifest"]["identity"]["name"] == "shodan").unwrap();
    let digest = shodan["digest"].as_str().unwrap();
    let artefacts = fs::read_dir(site.host.data().join("artefacts")).unwrap();
    let mut artefacts = artefacts.map(|entry| entry.unwrap().path());
    let artefact = artefacts.find(|path| path.to_string_lossy().contains(digest)).unwrap();
    let mut bytes = fs::read(&artefact).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // In place of the file: others may have it, too.
    fs::remove_file(&artefact).unwrap();
    fs::write(&artefact, bytes).unwrap();

    site.host = site.host.kill_and_restart();
    let test = site.host.palisade(&["asset", "test", "shodan"]);
    assert!(test.status.success(), "{test:?}\n{}", site.host.log());
}
