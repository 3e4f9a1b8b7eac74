//! An address probes our systems: malicious, benign, and all that is neither, judged by the systems that were asked.

use palisade_e2e::{Request, Site};
use palisade_lab::{Fault, FaultKind, System, story};
use serde_json::{Value, json};

/// What the playbook needs.
const PACKAGES: [&str; 6] = ["virustotal", "geoip", "dns", "whois", "servicenow", "reconnaissance"];

/// Posts what Suricata writes about this source, and returns the alert when its run has ended well.
fn handled(site: &Site, source: &str) -> Value {
    let body = include_str!("../../../lab/suricata-eve.json").replace(story::SCANNER_IP, source);
    let request = Request::new("POST", "/ingest/suricata").token(&site.host.ingest_token());
    let answer = site.host.send(&request.body(body));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let run = site.host.concluded(1);
    assert_eq!(run["run"]["status"], "succeeded", "{run:#}");
    site.host.get("/alerts/1")["alert"].take()
}

/// The notes on an alert, as one text.
fn notes(alert: &Value) -> String {
    let notes = alert["notes"].as_array().unwrap().iter();
    notes
        .map(|note| format!("{}\n{}\n", note["title"].as_str().unwrap(), note["text"].as_str().unwrap()))
        .collect()
}

/// Left open for a person, who is told why; no ticket.
fn is_left_open(site: &Site, alert: &Value, why: &str) {
    assert_eq!(alert["status"], "open", "{alert:#}");
    let notes = notes(alert);
    assert!(notes.contains("Left open for a person") && notes.contains(why), "{notes}");
    assert!(site.host.text(&["inbox"]).contains("palisade alert"), "{}", site.host.text(&["inbox"]));
    assert_eq!(site.lab.tickets().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_malicious_goes_to_a_person_with_a_ticket() {
    let site = Site::with(&PACKAGES).await;
    let alert = handled(&site, story::SCANNER_IP);
    assert_eq!((&alert["status"], &alert["severity"]), (&json!("open"), &json!("high")));
    let [ticket] = &site.lab.tickets()[..] else { panic!("{:?}", site.lab.tickets()) };
    let (short, text) =
        (ticket["short_description"].as_str().unwrap(), ticket["description"].as_str().unwrap());
    assert!(short.contains(story::SCANNER_IP), "{short}");
    for words in ["11 of", story::SCANNER_DOMAIN, "Polder Hosting B.V.", "Netherlands", "bulk-scan.com"] {
        assert!(text.contains(words), "{words} is missing in:\n{text}");
    }
    let inbox = site.host.text(&["inbox"]);
    assert!(inbox.contains(story::SCANNER_IP), "{inbox}");
    // It has what was found with it, not only in words.
    assert!(alert["artifacts"].as_array().unwrap().len() > 1, "{alert:#}");
    let asked = site.lab.ledger().of(System::VirusTotal).unwrap();
    let paths: Vec<_> = asked.iter().map(|entry| entry.path.as_str()).collect();
    for path in ["/api/v3/ip_addresses/203.0.113.120", "/api/v3/domains/probe7.bulk-scan.com"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    // Nobody but the ticket's instance was told to do anything.
    for entry in site.lab.ledger().entries().unwrap() {
        assert!(
            entry.method == "GET" || [System::ServiceNow, System::Whois].contains(&entry.system),
            "{entry:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_benign_is_closed_with_the_evidence() {
    let site = Site::with(&PACKAGES).await;
    let alert = handled(&site, story::SURVEYOR_IP);
    assert_eq!(alert["status"], "closed", "{alert:#}");
    let notes = notes(&alert);
    for words in
        ["Benign: what was found", story::SURVEYOR_DOMAIN, "Example Networks LLC", "Open Survey Foundation"]
    {
        assert!(notes.contains(words), "{words} is missing in:\n{notes}");
    }
    assert_eq!(site.lab.tickets().len(), 0);
    assert_eq!(site.host.text(&["inbox"]), "Nothing waits for a person.\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn look_ups_that_fail_make_nobody_benign() {
    let site = Site::with(&PACKAGES).await;
    let kind = FaultKind::Status { code: 403, body: None, retry_after: None };
    site.lab
        .faults()
        .arm(Fault { system: System::VirusTotal, path_prefix: None, times: None, kind })
        .unwrap();
    let alert = handled(&site, story::SURVEYOR_IP);
    is_left_open(&site, &alert, "virustotal, ip reputation 198.51.100.30: failed: ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn look_ups_that_disagree_are_left_to_a_person() {
    let site = Site::with(&PACKAGES).await;
    let alert = handled(&site, story::PRETENDER_IP);
    is_left_open(&site, &alert, "engines disagree: 2 of 94 object to ");
    // It calls itself by the name of somebody benign, and that does not help it.
    let notes = notes(&alert);
    assert!(notes.contains("census.open-survey.com does not lead back to the address"), "{notes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_nobody_knows_is_left_to_a_person() {
    let site = Site::with(&PACKAGES).await;
    let alert = handled(&site, story::UNKNOWN_IP);
    is_left_open(&site, &alert, story::UNKNOWN_IP);
}
