//! What a playbook sees is the same in every run on an alert, whatever its language asks of Wasi.

use palisade_e2e::{Host, wait};
use palisade_model::Timestamp;
use serde_json::Value;

const PLAYBOOK: &str = "hostile-wasi-playbook";

/// Runs the playbook on an alert once more, and returns the run when it has ended.
fn run_again(host: &Host, alert: u64) -> Value {
    let run = host.json(&["playbook", "run", PLAYBOOK, "--alert", &alert.to_string()])["run"].clone();
    wait::until("the run ends", || {
        let run = host.get(&format!("/runs/{run}"))["run"].clone();
        (run["status"] != "running").then_some(run)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_undetermined_comes_through_wasi() {
    let host = Host::start();
    host.install(&[PLAYBOOK]);
    let alert = host.alert("one", "look", "wasi");
    let first = host.concluded(alert)["run"].clone();
    assert_eq!(first["status"], "succeeded", "{first:#}");
    let second = run_again(&host, alert);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["message"], second["message"]);

    let alert = host.get(&format!("/alerts/{alert}"))["alert"].clone();
    let received: Timestamp = alert["received"].as_str().unwrap().parse().unwrap();
    let seen = first["message"].as_str().unwrap();
    let clocks = format!(
        "{} ms; began at 0, ended at 0; 1 turns; first of two timers: [0, 1]; drew ",
        received.as_millisecond()
    );
    let drawn = seen.strip_prefix(&clocks).unwrap_or_else(|| panic!("{seen}\nis not\n{clocks}"));

    let other = host.concluded(host.alert("two", "look", "wasi"))["run"].clone();
    assert!(!other["message"].as_str().unwrap().ends_with(drawn), "two alerts drew the same: {drawn}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_host_keeps_for_wasi_is_bounded() {
    let host = Host::start();
    host.install(&[PLAYBOOK]);
    for (name, words) in [
        ("hoard timers", "resource table has no free keys"),
        ("draw too much", "requested len 1073741824 exceeds limit 1048576"),
    ] {
        let run = host.concluded(host.alert(name, name, "wasi"))["run"].clone();
        assert_eq!(run["status"], "failed", "{name}: {run:#}");
        assert!(run["message"].as_str().unwrap().contains(words), "{name}: {run:#}");
    }
}
