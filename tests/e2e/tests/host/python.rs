//! A connector and a playbook in Python: the examples of the SDK, in the real host, against the lab.

use std::{path::Path, process::Command};

use palisade_e2e::{
    Host, Request, Site,
    built::{self, checkout, run},
    wait,
};
use palisade_lab::{Fault, FaultKind, System, story};
use palisade_model::Timestamp;
use serde_json::{Value, json};

use crate::journal::{end, entries, entry, replays};

/// A host with the examples.
async fn site() -> Site {
    Site::with(&["abuseipdb", "reputation-note"]).await
}

/// Posts an alert about this source, and returns the number of its run.
fn scanned_by(site: &Site, source: &str) -> u64 {
    let artifact = json!({ "cef": { "sourceAddress": source } });
    let alert = json!({ "id": source, "name": "Port scan", "label": "port-scan", "artifacts": [artifact] });
    let request = Request::new("POST", "/ingest/test").token(&site.host.ingest_token());
    let answer = site.host.send(&request.body(alert.to_string()));
    assert_eq!(answer.status, 201, "{}", answer.text);
    site.host.run_on(answer.json()["alert"].as_u64().unwrap())
}

fn say(site: &Site, run: u64, answer: &str) {
    site.host.until(run, "waiting");
    site.host.text(&["answer", &run.to_string(), answer]);
}

fn fault(site: &Site, path: &str, kind: FaultKind) {
    let fault = Fault { system: System::AbuseIpdb, path_prefix: Some(path.to_owned()), times: Some(1), kind };
    site.lab.faults().arm(fault).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_handled_across_a_crash() {
    let site = site().await;
    site.host.text(&["asset", "test", "abuseipdb"]);
    let run = scanned_by(&site, story::SCANNER_IP);
    let waiting = site.host.until(run, "waiting");
    assert_eq!(waiting["tasks"][0]["to"], "tier2", "{waiting:#}");
    assert_eq!(site.lab.reported(), [""; 0]);

    let site = site.kill_and_restart();
    say(&site, run, "yes");
    let ended = site.host.ended(run);
    assert_eq!(end(&ended), ("succeeded", "203.0.113.120 is bad, and was reported."), "{ended:#}");
    let [comment] = &site.lab.reported()[..] else { panic!("{:?}", site.lab.reported()) };
    assert!(comment.starts_with("Port scan. ["), "{comment}");
    let alert = site.host.get("/alerts/1")["alert"].take();
    assert_eq!(alert["severity"], "high");
    let notes = alert["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 2, "{notes:#?}");
    assert_eq!(notes[0]["text"], "203.0.113.120 has a score of 100 of 100, from 412 reports.");
    let asked_before = site.lab.ledger().entries().unwrap().len();
    replays(&site.host, run);
    assert_eq!(site.lab.ledger().entries().unwrap().len(), asked_before);

    // Whom nobody knows anything against is noted, and no more.
    let run = scanned_by(&site, story::UNKNOWN_IP);
    let ended = site.host.ended(run);
    assert_eq!(end(&ended).1, "Noted the reputation of 192.0.2.200, which is good enough.");
    replays(&site.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_whose_end_nobody_heard_is_looked_up_and_one_too_soon_waits() {
    let site = site().await;
    let run = scanned_by(&site, story::SCANNER_IP);
    site.host.until(run, "waiting");
    fault(&site, "/api/v2/report", FaultKind::ResetAfterEffect);
    say(&site, run, "yes");
    let ended = site.host.ended(run);
    assert_eq!(end(&ended).1, "203.0.113.120 is bad, and was reported.", "{ended:#}");
    // Once: what AbuseIPDB was asked about it afterwards has found the report.
    let asked = site.lab.ledger().of(System::AbuseIpdb).unwrap();
    assert_eq!(asked.iter().filter(|entry| entry.path == "/api/v2/report").count(), 1, "{asked:#?}");
    assert_eq!(site.lab.reported().len(), 1);

    // An address that was reported a moment ago: the run comes back when the vendor says so, and holds nothing meanwhile.
    site.host.text(&["playbook", "configure", "reputation-note", "--set", "bad_score=70"]);
    let run = scanned_by(&site, story::DESTINATION_IP);
    site.host.until(run, "waiting");
    let words = "You can only report the same IP address (`203.0.113.66`) once in 15 minutes.";
    let body = json!({ "errors": [{ "detail": words, "status": 429, "source": { "parameter": "ip" } }] });
    let soon = FaultKind::Status { code: 429, body: Some(body.to_string()), retry_after: Some(2) };
    fault(&site, "/api/v2/report", soon);
    say(&site, run, "yes");
    let ended = site.host.ended(run);
    assert_eq!(end(&ended).1, "203.0.113.66 is bad, and was reported.", "{ended:#}");
    assert_eq!(entries(&ended, "action-pending").len(), 1, "{ended:#}");
    assert_eq!(site.lab.reported().len(), 2);
    replays(&site.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_of_the_system_is_one_of_the_run() {
    let site = site().await;
    let refused = FaultKind::Status {
        code: 401,
        body: Some(r#"{"errors":[{"detail":"Your API key was revoked.","status":401}]}"#.to_owned()),
        retry_after: None,
    };
    fault(&site, "/api/v2/check", refused);
    let run = site.host.ended(scanned_by(&site, story::SCANNER_IP));
    assert_eq!(end(&run), ("failed", "the system refused the credentials: Your API key was revoked."));

    // What the playbook catches, it hands to a person.
    site.host.text(&["playbook", "configure", "reputation-note", "--set", "bad_score=70"]);
    let run = scanned_by(&site, story::DESTINATION_IP);
    site.host.until(run, "waiting");
    fault(&site, "/api/v2/report", FaultKind::Status { code: 403, body: None, retry_after: None });
    say(&site, run, "yes");
    let ended = site.host.ended(run);
    assert_eq!(end(&ended), ("succeeded", "203.0.113.66 is bad, and could not be reported."), "{ended:#}");
    assert!(site.host.text(&["inbox"]).contains("203.0.113.66 could not be reported"));
}

/// Runs the playbook on an alert once more, and returns what it saw.
fn seen_again(host: &Host, alert: u64) -> Value {
    let run = host.json(&["playbook", "run", "curious-python", "--alert", &alert.to_string()])["run"].clone();
    seen(host, run.as_u64().unwrap())
}

/// What a run saw, from the one note that it made.
fn seen(host: &Host, run: u64) -> Value {
    let whole = wait::until("the run ends", || {
        let whole = host.get(&format!("/runs/{run}"));
        (whole["run"]["status"] != "running").then_some(whole)
    });
    assert_eq!(end(&whole), ("succeeded", "Looked around."), "{whole:#}");
    let note = entry(&whole, "alert-changed");
    serde_json::from_str(note["value"]["text"].as_str().unwrap_or_else(|| panic!("{note:#}"))).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_sees_nothing_undetermined_and_nothing_of_the_machine() {
    let host = Host::start();
    host.install(&["curious-python"]);
    let alert = host.alert("one", "look", "curious");
    let run = host.run_on(alert);
    let first = seen(&host, run);
    let second = seen_again(&host, alert);
    assert_eq!(first["undetermined"], second["undetermined"]);
    assert_ne!(first["recorded"], second["recorded"], "the contract's own time and randomness are real");
    replays(&host, run);

    let alert_of_run = host.get(&format!("/alerts/{alert}"))["alert"].clone();
    let received: Timestamp = alert_of_run["received"].as_str().unwrap().parse().unwrap();
    assert_eq!(first["undetermined"]["time"], received.as_millisecond());

    let other = seen(&host, host.run_on(host.alert("two", "look", "curious")));
    for drawn in ["random", "urandom", "uuid"] {
        assert_ne!(first["undetermined"][drawn], other["undetermined"][drawn], "{drawn}");
    }
    assert_ne!(
        first["undetermined"]["random"][0], other["undetermined"]["random"][0],
        "the module's own generator"
    );
    assert_eq!(
        first["undetermined"]["set"], other["undetermined"]["set"],
        "hashes are those of the component"
    );

    assert_eq!(first["environment"], json!({}));
    let machine = first["machine"].as_object().unwrap();
    for (what, answer) in machine {
        let answer = answer.as_str().unwrap_or_else(|| panic!("{what}: {answer}"));
        assert!(answer.ends_with("Error") || what == "host", "{what}: {answer}");
    }
}

/// `palisade plugin new` with the SDK of this checkout.
fn new_plugin(kind: &str, directory: &Path) {
    let mut command = Command::new(built::palisade());
    command.args(["plugin", "new", "example-intel", "--lang", "python", "--kind", kind]);
    let (well, said) = run(command.arg("--dir").arg(directory).arg("--sdk").arg(checkout("sdk/python")));
    assert!(well, "{said}");
}

#[test]
fn who_builds_without_the_compiler_of_python_is_told_what_to_install() {
    let scratch = tempfile::tempdir().unwrap();
    let project = scratch.path().join("project");
    new_plugin("playbook", &project);
    let mut build = Command::new(built::palisade());
    build.args(["plugin", "build"]).arg(&project).env("PATH", "/nowhere").env_remove("VIRTUAL_ENV");
    let (well, said) = run(&mut build);
    assert!(!well && said.contains("pip install componentize-py==0.25.1"), "{said}");
}
