//! A connector and a playbook in JavaScript: the examples of the SDK, in the real host, against the lab.

use std::{fs, path::Path, process::Command};

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
    Site::with(&["urlscan", "servicenow", "suspicious-url"]).await
}

/// Posts an alert about this URL, and returns the number of its run.
fn reported(site: &Site, url: &str) -> u64 {
    let artifact = json!({ "cef": { "requestURL": url } });
    let alert = json!({ "id": url, "name": "Mail", "label": "suspicious-url", "artifacts": [artifact] });
    let request = Request::new("POST", "/ingest/test").token(&site.host.ingest_token());
    let answer = site.host.send(&request.body(alert.to_string()));
    assert_eq!(answer.status, 201, "{}", answer.text);
    site.host.run_on(answer.json()["alert"].as_u64().unwrap())
}

fn fault(site: &Site, path: &str, kind: FaultKind) {
    let fault = Fault { system: System::UrlScan, path_prefix: Some(path.to_owned()), times: Some(1), kind };
    site.lab.faults().arm(fault).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_becomes_a_ticket_across_a_crash() {
    let site = site().await;
    site.host.text(&["asset", "test", "urlscan"]);
    let run = reported(&site, story::PHISHING_URL);
    wait::until("the page is being opened", || {
        let whole = site.host.get(&format!("/runs/{run}"));
        (!entries(&whole, "action-pending").is_empty()).then_some(())
    });

    let site = site.kill_and_restart();
    let ended = site.host.ended(run);
    let words =
        "https://updates.cdn-metrics.com/acme/login is malicious: it imitates Acme. Ticket INC0010001.";
    assert_eq!(end(&ended), ("succeeded", words), "{ended:#}");
    assert_eq!(site.lab.scanned(), [story::PHISHING_URL], "it was opened once");
    let [ticket] = &site.lab.tickets()[..] else { panic!("{:#?}", site.lab.tickets()) };
    assert!(ticket.to_string().contains("https://urlscan.io/result/"), "{ticket:#}");
    let alert = site.host.get("/alerts/1")["alert"].take();
    assert_eq!(alert["severity"], "high");
    assert_eq!(alert["notes"].as_array().unwrap().len(), 2, "{alert:#}");

    let asked = site.lab.ledger().entries().unwrap().len();
    replays(&site.host, run);
    assert_eq!(site.lab.ledger().entries().unwrap().len(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_whose_end_nobody_heard_is_looked_up() {
    let site = site().await;
    site.lab.finish_scans();
    fault(&site, "/api/v1/scan", FaultKind::ResetAfterEffect);
    let run = reported(&site, "https://www.example.net/");
    let ended = site.host.ended(run);
    let words = "https://www.example.net/ is not known to be malicious.";
    assert_eq!(end(&ended), ("succeeded", words), "{ended:#}");
    assert_eq!(site.lab.scanned().len(), 1);
    replays(&site.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_says_no_is_understood() {
    let site = site().await;
    site.lab.finish_scans();
    // What may be tried again is: the API says when.
    fault(&site, "/api/v1/search", FaultKind::Status { code: 429, body: None, retry_after: None });
    let run = site.host.ended(reported(&site, "https://www.example.net/"));
    assert_eq!(end(&run).1, "https://www.example.net/ is not known to be malicious.", "{run:#}");

    let run = site.host.ended(reported(&site, &format!("https://{}/", story::UNKNOWN_DOMAIN)));
    assert_eq!(end(&run).0, "succeeded");
    assert!(end(&run).1.contains("does not open"), "{}", end(&run).1);

    let words = json!({ "message": "Invalid API key format", "status": 400 }).to_string();
    fault(&site, "/api/v1/scan", FaultKind::Status { code: 400, body: Some(words), retry_after: None });
    let run = site.host.ended(reported(&site, "https://www.example.net/again"));
    assert_eq!(end(&run), ("failed", "the system refused the credentials: Invalid API key format"));

    fault(&site, "/api/v1/scan", FaultKind::Garbage);
    let run = site.host.ended(reported(&site, "https://www.example.net/garbage"));
    assert!(end(&run).1.contains("the answer is not the JSON it should be"), "{}", end(&run).1);
}

/// What a run saw, from the one note that it made.
fn seen(host: &Host, run: u64) -> Value {
    let whole = host.ended(run);
    assert_eq!(end(&whole), ("succeeded", "Looked around."), "{whole:#}");
    let note = entry(&whole, "alert-changed");
    serde_json::from_str(note["value"]["text"].as_str().unwrap_or_else(|| panic!("{note:#}"))).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn javascript_sees_nothing_undetermined_and_nothing_of_the_machine() {
    let host = Host::start();
    host.install(&["curious-js"]);
    let alert = host.alert("one", "look", "curious");
    let run = host.run_on(alert);
    let first = seen(&host, run);
    let again = host.json(&["playbook", "run", "curious-js", "--alert", &alert.to_string()])["run"].clone();
    let second = seen(&host, again.as_u64().unwrap());
    assert_eq!(first["undetermined"], second["undetermined"]);
    assert_ne!(first["recorded"], second["recorded"], "the contract's own time and randomness are real");
    assert_eq!(first["machine"], json!([]));
    replays(&host, run);

    let received = host.get(&format!("/alerts/{alert}"))["alert"]["received"].clone();
    let received: Timestamp = received.as_str().unwrap().parse().unwrap();
    assert_eq!(first["undetermined"]["time"], received.as_millisecond());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_the_program_says_where_it_is() {
    let host = Host::start();
    host.install(&["curious-js"]);
    let run = host.concluded(host.alert("one", "break", "curious"));
    assert_eq!(end(&run), ("failed", "TypeError: cannot read property 'x' of null"));
    let lines = entries(&run, "log");
    assert!(lines.iter().all(|line| line["level"] == "error"), "{lines:#?}");
    assert!(lines[0]["message"].as_str().unwrap().contains("curious-js/src/plugin.js:"), "{lines:#?}");
    assert_eq!(lines.last().unwrap()["message"], "TypeError: cannot read property 'x' of null");
}

/// `palisade plugin new` with the SDK of this checkout.
fn new_plugin(kind: &str, directory: &Path) {
    let mut command = Command::new(built::palisade());
    command.args(["plugin", "new", "example-intel", "--lang", "js", "--kind", kind]);
    let (well, said) = run(command.arg("--dir").arg(directory).arg("--sdk").arg(checkout("sdk/js")));
    assert!(well, "{said}");
}

#[test]
fn who_builds_without_what_javascript_needs_is_told_what_to_install() {
    let scratch = tempfile::tempdir().unwrap();
    let project = scratch.path().join("project");
    new_plugin("playbook", &project);
    let build = |path: &str| {
        let mut build = Command::new(built::palisade());
        run(build.args(["plugin", "build"]).arg(&project).env("PATH", path))
    };
    let (well, said) = build("/nowhere");
    assert!(!well && said.contains("https://nodejs.org"), "{said}");

    // Node.js alone.
    let bin = scratch.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let (_, node) = run(Command::new("node").args(["-p", "process.execPath"]));
    std::os::unix::fs::symlink(node.trim(), bin.join("node")).unwrap();
    let (well, said) = build(bin.to_str().unwrap());
    assert!(!well && said.contains("run `npm install` in "), "{said}");
}
