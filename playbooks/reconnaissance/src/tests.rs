mod benign;
mod malicious;
mod ours;
mod undecided;

use palisade_sdk::{
    Failure, RateLimit, Status,
    playbook::{AlertStatus, Severity},
    testing::{Change, PlaybookTest, Played},
};
use serde_json::{Value, json};

use crate::playbook;

const RECEIVED_MS: u64 = 1_767_225_600_000; // 2026-01-01
const IP: &str = "203.0.113.66";
const NAME: &str = "scan.evil.example";

/// An alert that Suricata has raised, and no look-up scripted.
fn test() -> PlaybookTest {
    bare()
        .artifact(json!({ "sourceAddress": IP, "destinationAddress": "10.20.30.41", "destinationPort": 80 }))
}

fn bare() -> PlaybookTest {
    PlaybookTest::new(playbook()).alert(|alert| {
        alert.name = "ET SCAN Nmap Scripting Engine User-Agent Detected".into();
        alert.source = "suricata".into();
        alert.received = RECEIVED_MS;
    })
}

/// What VirusTotal says: malicious, suspicious, and the rest of 90 engines.
fn engines(subject: &str, malicious: u32, suspicious: u32) -> Value {
    json!({
        "subject": subject, "known": true, "malicious": malicious, "suspicious": suspicious,
        "harmless": 60 - malicious - suspicious, "undetected": 30,
        "link": format!("https://www.virustotal.com/gui/search/{subject}"),
    })
}

fn unknown(subject: &str) -> Value {
    json!({ "subject": subject, "known": false, "malicious": 0, "suspicious": 0, "harmless": 0, "undetected": 0 })
}

fn limited() -> Failure {
    Failure::RateLimited(RateLimit { retry_after_ms: Some(60_000), message: "Quota exceeded".into() })
}

/// A step of a test; `Look` scripts one look-up in the place of the usual one.
type Look = fn(PlaybookTest) -> PlaybookTest;

/// All look-ups about an address and its one name, each of which may be another than usual: nothing bad is known.
struct Looks {
    ip: Look,
    place: Look,
    network: Look,
    names: Look,
    back: Look,
    domain: Look,
    owner: Look,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            ip: |test| test.succeeds("virustotal", "ip reputation", "", engines(IP, 0, 0)),
            place: |test| {
                let place = json!({ "city": "Amsterdam", "country": "Netherlands", "asn": 64496, "as_organization": "Polder" });
                test.succeeds("geoip", "geolocate ip", "", place)
            },
            network: |test| {
                let network = json!({
                    "name": "POLDER-NET", "owner": { "organization": "Polder Hosting B.V." },
                    "range": "203.0.113.0 - 203.0.113.255", "abuse": { "email": "abuse@polder.example" },
                });
                test.succeeds("whois", "whois ip", "", network)
            },
            names: |test| {
                test.succeeds("dns", "lookup ip", "", json!({ "ip": IP, "hostnames": [format!("{NAME}.")] }))
            },
            back: |test| {
                test.succeeds(
                    "dns",
                    "lookup domain",
                    "",
                    json!({ "records": [{ "value": "198.51.100.1" }, { "value": IP }] }),
                )
            },
            domain: |test| test.succeeds("virustotal", "domain reputation", "", engines(NAME, 0, 0)),
            owner: |test| {
                let owner = json!({
                    "domain": "evil.example", "registrant": { "organization": "Bad Org" }, "registrar": "Registrar Inc.",
                    "created": "2024-01-01T00:00:00Z",
                });
                test.succeeds("whois", "whois domain", "", owner)
            },
        }
    }
}

impl Looks {
    fn script(&self, test: PlaybookTest) -> PlaybookTest {
        [self.ip, self.place, self.network, self.names, self.back, self.domain, self.owner]
            .iter()
            .fold(test, |test, look| look(test))
    }

    /// An address without a name has no domain to look into.
    fn nameless() -> Self {
        Self {
            names: |test| test.fails("dns", "lookup ip", Failure::not_found("203.0.113.66 has no name")),
            back: |test| test,
            domain: |test| test,
            owner: |test| test,
            ..Self::default()
        }
    }
}

fn with_ticket(test: PlaybookTest) -> PlaybookTest {
    let summary = json!({ "number": "INC0010001", "link": "https://acme.service-now.com/nav_to.do?uri=x" });
    test.reports("servicenow", "create ticket", Status::Success, "Created.", summary, json!({}))
}

fn malicious_address() -> Looks {
    Looks {
        ip: |test| test.succeeds("virustotal", "ip reputation", "", engines(IP, 11, 3)),
        ..Looks::default()
    }
}

/// The one note of a run.
fn note(played: &Played) -> (&str, &str) {
    let mut notes = played.changes.iter().filter_map(|change| match change {
        Change::Note { title, text } => Some((title.as_str(), text.as_str())),
        _ => None,
    });
    notes.next().unwrap()
}

fn status(played: &Played) -> Option<AlertStatus> {
    played.changes.iter().rev().find_map(|change| match change {
        Change::Status(status) => Some(*status),
        _ => None,
    })
}

fn escalation(played: &Played) -> Option<(Option<&str>, &str)> {
    played.changes.iter().find_map(|change| match change {
        Change::Escalated { to, summary } => Some((to.as_deref(), summary.as_str())),
        _ => None,
    })
}

fn severity(played: &Played) -> Option<Severity> {
    played.changes.iter().find_map(|change| match change {
        Change::Severity(severity) => Some(*severity),
        _ => None,
    })
}

/// The run must leave the alert open for a person, without a ticket, and say all of this.
fn assert_left_open(played: &Played, reasons: &[&str]) {
    let (title, text) = note(played);
    assert_eq!((title, status(played)), ("Left open for a person", Some(AlertStatus::Open)), "{text}");
    let (_, summary) = escalation(played).expect("a person hears of it");
    assert!(played.started.iter().all(|(connector, ..)| connector != "servicenow"));
    assert!(played.result.as_ref().unwrap().starts_with("Left open for a person: "));
    for reason in reasons {
        assert!(text.contains(reason), "{reason}: {text}");
    }
    assert!(summary.chars().count() <= 400 && !summary.contains('\n'), "{summary}");
}

fn assert_closed(played: &Played) {
    let (title, text) = note(played);
    assert_eq!(title, "Benign: what was found");
    assert!(text.contains("Verdict\n  Benign\n"), "{text}");
    assert_eq!(status(played), Some(AlertStatus::Closed));
    assert!(escalation(played).is_none() && severity(played).is_none(), "{:?}", played.changes);
    assert!(played.result.as_ref().unwrap().starts_with("Closed as benign: "));
}
