//! A playbook that misbehaves ends its own run, and nobody else's.

use std::time::Duration;

use palisade_e2e::Host;
use palisade_lab::{Lab, LabOptions, System, story};
use serde_json::Value;

/// A host with the hostile plugins. The connector's server is one of the lab's, which takes its time.
async fn start() -> (Host, Lab) {
    let lab = Lab::start(LabOptions::default()).await.unwrap();
    lab.set_latency(System::Shodan, Duration::from_millis(200));
    let host = Host::start();
    host.install(&["hostile-connector", "hostile-playbook"]);
    let ca = host.data().with_file_name("ca.pem");
    std::fs::write(&ca, lab.ca_pem()).unwrap();
    let url = format!("url=https://{}", story::SHODAN_HOST);
    let rule = format!("{}:443:{}", story::SHODAN_HOST, lab.https());
    let output = host.palisade(&[
        "asset",
        "add",
        "hostile",
        "--connector",
        "hostile",
        "--set",
        &url,
        "--connect-to",
        &rule,
        "--allow-network",
        "127.0.0.0/8",
        "--ca",
        ca.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (host, lab)
}

fn events<'a>(run: &'a Value, kind: &str) -> Vec<&'a Value> {
    run["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misdeeds_end_only_the_run_that_commits_them() {
    let (host, _lab) = start().await;
    let endless = "playbook hostile-playbook broke: it computed for more than 10 s without an end";
    let misdeeds = [
        ("loop", "failed", endless),
        ("ask for the time without end", "failed", "the run has more than 10000 entries in its journal"),
        ("eat memory", "failed", "MiB of memory; at most 128 MiB are allowed"),
        ("panic", "failed", "there is no plan left"),
        ("wait for nothing", "failed", "it waits for step 7, which it never started"),
        ("wait for any of nothing", "failed", "it waits for any of no steps"),
        ("wait for too many", "failed", "it waits for any of more than 1000 steps"),
        ("start what it did not declare", "failed", "does not declare that it needs `eat memory` of hostile"),
        ("start what does not parse", "failed", "the parameters are not JSON"),
        ("start what panics", "failed", "hostile: it panicked"),
        ("start ten thousand", "failed", "it started more than 1000 steps"),
        (
            "start with huge parameters",
            "failed",
            "parameters and reports of its actions take more than 33554432",
        ),
        ("ask a thousand", "succeeded", "1000 were answered"),
        ("ask at length", "failed", "the prompt has a text of more than 4096 bytes"),
        ("ask with a default that is no answer", "failed", "the default cannot stand"),
        ("ask with a default that does not parse", "failed", "the default answer is not JSON"),
        ("start a playbook it did not declare", "failed", "does not declare that it starts"),
        ("start itself", "succeeded", "there are 4 runs above this one already"),
        ("leave an action behind", "succeeded", "it did not wait"),
        ("add a huge note", "succeeded", "it wrote"),
        ("add a huge artifact", "failed", "at most 65536 are accepted"),
        ("change without end", "failed", "it changed its alert more than 256 times"),
    ];
    let alerts = misdeeds.map(|(name, ..)| host.alert(name, name, "hostile"));
    // A good run beside them comes to its end while the loops are still at work.
    let good = host.concluded(host.alert("good", "behave", "hostile"));
    assert_eq!(
        (&good["run"]["status"], &good["run"]["message"]),
        (&"succeeded".into(), &"It is done.".into())
    );
    let loops = host.get(&format!("/runs?alert={}", alerts[0]));
    assert_eq!(loops["runs"][0]["status"], "running", "the loop was over before the good run");

    for ((name, status, words), alert) in misdeeds.into_iter().zip(alerts) {
        let run = host.concluded(alert);
        let message = run["run"]["message"].as_str().unwrap();
        assert_eq!(run["run"]["status"], status, "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
        assert_eq!(events(&run, "action-started").len(), events(&run, "action-ended").len(), "{name}");
        let alert = host.get(&format!("/alerts/{alert}"))["alert"].to_string();
        assert!(alert.len() < 100_000, "{name} made the alert {} bytes large", alert.len());
    }
    let again = host.concluded(host.alert("again", "behave", "hostile"));
    assert_eq!(again["run"]["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_actions_than_may_be_at_work_wait_their_turn() {
    let (host, lab) = start().await;
    let alerts = [1, 2].map(|n| host.alert(&n.to_string(), "start a thousand", "hostile"));
    for alert in alerts {
        let run = host.concluded(alert);
        assert_eq!(run["run"]["message"], "1000 ended well", "{:#}", run["run"]);
    }
    assert_eq!(lab.ledger().of(System::Shodan).unwrap().len(), 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_for_the_end_of_time_can_be_ended() {
    let (host, _lab) = start().await;
    let run = host.run_on(host.alert("patience", "wait for the end of time", "hostile"));
    host.until(run, "waiting");
    host.text(&["run", "show", &run.to_string()]);
    host.text(&["run", "cancel", &run.to_string()]);
    host.until(run, "cancelled");
}
