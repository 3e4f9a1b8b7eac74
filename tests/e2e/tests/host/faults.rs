//! Systems on a bad day: the ticket is written all the same, once, or the run says why not.

use std::time::Duration;

use palisade_e2e::Site;
use palisade_lab::{Fault, FaultKind, System, story};
use serde_json::Value;

fn arm(site: &Site, system: System, times: Option<u32>, kind: FaultKind) {
    site.lab.faults().clear();
    site.lab.faults().arm(Fault { system, path_prefix: None, times, kind }).unwrap();
}

fn status(code: u16) -> FaultKind {
    FaultKind::Status { code, body: None, retry_after: None }
}

/// Handles one alert and returns its run.
fn handled(site: &Site, sid: &str) -> Value {
    let receipt = site.host.splunk(&Site::webhook(sid));
    site.host.concluded(receipt["alert"].as_u64().unwrap())
}

/// How the one action of this connector ended.
fn ended<'a>(run: &'a Value, connector: &str) -> &'a Value {
    let entries = run["entries"].as_array().unwrap();
    let start = entries.iter().find(|entry| entry["connector"] == connector).unwrap();
    let ended = |entry: &&Value| entry["event"] == "action-ended" && entry["position"] == start["position"];
    entries.iter().find(ended).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_that_fails_never_keeps_the_ticket_from_being_written() {
    let site = Site::start().await;
    let retry_after = FaultKind::Status { code: 429, body: None, retry_after: Some(1) };
    // What happens to Shodan, how often it is tried, and what the ticket says of it.
    for (name, times, kind, attempts, gap) in [
        ("down", None, FaultKind::ResetBeforeResponse, 3, Some("the system could not be reached")),
        ("broken", None, status(500), 3, Some("the system answered with status 500")),
        ("broken once", Some(1), status(503), 2, None),
        ("too many calls", Some(1), retry_after, 2, None),
        ("garbage", None, FaultKind::Garbage, 1, Some("the answer is not the JSON it should be")),
        ("endless", None, FaultKind::Huge { bytes: 1 << 40 }, 1, Some("8388608 bytes")),
        ("slow", None, FaultKind::Slow { ms: 500 }, 1, None),
        (
            "elsewhere",
            None,
            FaultKind::Redirect { location: "https://evil.example/".into() },
            1,
            Some("evil.example"),
        ),
    ] {
        arm(&site, System::Shodan, times, kind);
        let run = handled(&site, name);
        assert_eq!(run["run"]["status"], "succeeded", "{name}: {run:#}");
        assert_eq!(ended(&run, "shodan")["attempts"], attempts, "{name}: {run:#}");
        let ticket = site.lab.tickets().pop().unwrap();
        let description = ticket["description"].as_str().unwrap();
        match gap {
            Some(words) => {
                let line =
                    description.lines().find(|line| line.contains("shodan, query ip 203.0.113.66: failed: "));
                assert!(line.is_some_and(|line| line.contains(words)), "{name}: {description}");
            }
            None => assert!(description.contains("None: all look-ups answered."), "{name}: {description}"),
        }
    }
    site.lab.faults().clear();

    // A wrong password is not tried again: it could lock the account.
    site.add_windows("Not-The-Password-1");
    let run = handled(&site, "wrong password");
    let ended = ended(&run, "windows");
    assert_eq!((&ended["failure"]["failure"], &ended["attempts"]), (&"authentication".into(), &1.into()));
    let refused = site.lab.ledger().of(System::WinRm).unwrap().pop().unwrap();
    assert_eq!((refused.authenticated, refused.status), (Some(false), Some(401)));
    let test = site.host.palisade(&["asset", "test", "windows"]);
    assert_eq!(test.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&test.stdout).contains("authentication refused"), "{test:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_written_once_or_its_text_is_kept() {
    let site = Site::start().await;
    // The ticket was made, and the connection broke before the answer.
    arm(&site, System::ServiceNow, Some(1), FaultKind::ResetAfterEffect);
    let run = handled(&site, "reset");
    assert_eq!(run["run"]["status"], "succeeded", "{run:#}");
    assert_eq!(ended(&run, "servicenow")["attempts"], 2);
    let [ticket] = &site.lab.tickets()[..] else { panic!("not one ticket: {:#?}", site.lab.tickets()) };
    assert!(run["run"]["message"].as_str().unwrap().contains(ticket["number"].as_str().unwrap()));
    let asked = site.lab.ledger().of(System::ServiceNow).unwrap();
    let methods: Vec<_> = asked.iter().map(|entry| entry.method.as_str()).collect();
    assert_eq!(methods, ["POST", "GET"], "what was made is looked for, and not made again");
    assert!(asked[1].query.contains("correlation_id"), "{}", asked[1].query);

    // It never answers.
    arm(&site, System::ServiceNow, None, status(503));
    let run = handled(&site, "down");
    assert_eq!(run["run"]["status"], "failed");
    let message = run["run"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("No ticket could be created: the system answered with status 503"),
        "{message}"
    );
    let alert = site.host.get("/alerts/2");
    let [findings, note] = alert["alert"]["notes"].as_array().unwrap().as_slice() else {
        panic!("{alert:#}")
    };
    assert!(findings["text"].as_str().unwrap().contains(story::DESTINATION_DOMAIN), "{findings:#}");
    assert_eq!(note["title"], "No ticket could be created");
    let watch = site.host.palisade(&["run", "watch", "2"]);
    assert_eq!(watch.status.code(), Some(1), "{watch:?}");

    // Nor is anything lost when everything is slow.
    site.lab.faults().clear();
    for system in System::ALL {
        site.lab.set_latency(system, Duration::from_millis(200));
    }
    assert_eq!(handled(&site, "slow")["run"]["status"], "succeeded");
    assert_eq!(site.lab.tickets().len(), 2);
}
