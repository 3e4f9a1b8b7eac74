//! From an alert to a ticket, when everything works.

use palisade_e2e::{Host, Request, Site};
use palisade_lab::{System, story};
use serde_json::{Value, json};

/// The one ticket of the lab.
fn ticket(site: &Site) -> Value {
    let tickets = site.lab.tickets();
    let [ticket] = tickets.as_slice() else { panic!("{} tickets", tickets.len()) };
    ticket.clone()
}

/// Posts a webhook with other fields in its row, waits for the run, and returns the description of its ticket.
fn handled(site: &Site, sid: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut webhook = Site::webhook(sid);
    change(&mut webhook["result"]);
    let receipt = site.host.splunk(&webhook);
    let run = site.host.concluded(receipt["alert"].as_u64().unwrap());
    assert_eq!(run["run"]["status"], "succeeded", "{run:#}");
    let ticket = site.lab.tickets().pop().unwrap();
    ticket["description"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_becomes_a_ticket_with_what_was_found() {
    let site = Site::start().await;
    let webhook = Site::webhook("scheduler__admin__search__1");
    let receipt = site.host.splunk(&webhook);
    assert_eq!(receipt, json!({ "alert": 1, "duplicate": false }));
    let run = site.host.concluded(1);
    assert_eq!(run["run"]["status"], "succeeded", "{run:#}");

    let ticket = ticket(&site);
    let text = |field: &str| ticket[field].as_str().unwrap().to_owned();
    assert_eq!(text("urgency"), "1");
    for found in [story::SOURCE_HOST, story::DESTINATION_DOMAIN, story::DESTINATION_IP] {
        assert!(text("short_description").contains(found), "{}", text("short_description"));
    }
    for found in [
        "Microsoft Windows Server 2022 Standard",
        "Registrar: Northwind Registrar, Inc.",
        "22/tcp OpenSSH",
        "None: all look-ups answered.",
        webhook["results_link"].as_str().unwrap(),
    ] {
        assert!(text("description").contains(found), "{}", text("description"));
    }

    // The ticket's number stands in the run's last word and in a note on the alert, which has the findings too.
    let number = text("number");
    assert!(run["run"]["message"].as_str().unwrap().starts_with(&format!("Ticket {number}: ")));
    let alert = site.host.get("/alerts/1")["alert"].clone();
    let [findings, note] = alert["notes"].as_array().unwrap().as_slice() else { panic!("{alert:#}") };
    assert_eq!(findings["text"], text("description"));
    assert_eq!((&note["title"], &note["author"]), (&json!(format!("Ticket {number}")), &json!("run 1")));
    assert_eq!((&alert["status"], &alert["severity"]), (&json!("open"), &json!("high")));

    // The same webhook again, as Splunk sends it after an error.
    assert_eq!(site.host.splunk(&webhook), json!({ "alert": 1, "duplicate": true }));
    assert_eq!(site.host.get("/runs")["runs"].as_array().unwrap().len(), 1);
    assert_eq!(site.lab.tickets().len(), 1);

    // What only reads has sent only what reads.
    for entry in site.lab.ledger().entries().unwrap() {
        match entry.system {
            System::WinRm => assert_eq!((entry.method.as_str(), entry.path.as_str()), ("POST", "/wsman")),
            System::ServiceNow => assert_eq!(entry.path, "/api/now/table/incident"),
            System::Whois => assert_eq!(entry.method, "WHOIS"),
            System::Shodan | System::Rdap => assert_eq!(entry.method, "GET"),
            _ => panic!("nobody asked for {entry:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_names_little_becomes_a_ticket_that_says_so() {
    let site = Site::start().await;
    let description = handled(&site, "no name of the destination", |row| {
        row.as_object_mut().unwrap().remove("dest_dns");
    });
    assert!(description.contains("network 203.0.113.0 - 203.0.113.255"), "{description}");
    assert!(description.contains("Holder: Polder Hosting B.V."), "{description}");

    let description = handled(&site, "nobody knows the destination", |row| {
        row["dest"] = json!(story::UNKNOWN_IP);
        row["dest_ip"] = json!(story::UNKNOWN_IP);
        row["dest_dns"] = json!(story::UNKNOWN_DOMAIN);
    });
    for gap in [
        "whois, whois domain quiet-harbor-7731.com: found nothing: ",
        "shodan, query ip 192.0.2.200: found nothing: ",
    ] {
        assert!(description.contains(gap), "{description}");
    }

    let description = handled(&site, "nothing but a severity", |row| *row = json!({ "severity": "low" }));
    for gap in ["the alert names none", "neither a domain nor an address", "the alert names no address"] {
        assert!(description.contains(gap), "{description}");
    }
    assert_eq!(site.lab.tickets().pop().unwrap()["urgency"], "3");
}

#[tokio::test]
async fn an_alert_without_a_playbook_stays_visible() {
    let host = Host::start();
    let alert = host.alert("a-1", "Nobody knows what to do", "unheard-of");
    let first = host.get(&format!("/alerts/{alert}"));
    assert_eq!(first["alert"]["source"], "test");
    assert_eq!(first["alert"]["source_id"], "a-1");
    assert_eq!(first["alert"]["status"], "new");
    assert_eq!(first["runs"], json!([]));

    // A source that sends it again learns that it is known; another source may use the same id.
    let again = json!({ "id": "a-1", "name": "Again", "label": "unheard-of" }).to_string();
    let request = |source: &str| {
        let request = Request::new("POST", &format!("/ingest/{source}")).token(&host.ingest_token());
        host.send(&request.body(again.clone()))
    };
    assert_eq!(
        (request("test").status, request("test").json()),
        (200, json!({ "alert": 1, "duplicate": true }))
    );
    assert_eq!((request("other").status, request("other").json()["alert"].clone()), (201, json!(2)));
    assert_eq!(host.get("/alerts")["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(host.get("/runs")["runs"], json!([]));
}

#[test]
fn an_alert_that_comes_many_times_at_once_is_one_alert() {
    let host = Host::start();
    let webhook = Site::webhook("at once");
    let new = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..16).map(|_| scope.spawn(|| host.splunk(&webhook))).collect();
        let receipts = posts.into_iter().map(|post| post.join().unwrap());
        receipts.filter(|receipt| receipt["duplicate"] == false).count()
    });
    assert_eq!(new, 1);
    assert_eq!(host.get("/alerts")["alerts"].as_array().unwrap().len(), 1);
}

#[test]
fn what_an_attacker_writes_into_an_alert_does_not_reach_a_terminal() {
    let host = Host::start();
    let mut webhook = Site::webhook("escape");
    webhook["result"]["user"] = json!("\u{1b}]0;owned\u{7}\u{202e}evil");
    webhook["owner"] = json!("\u{1b}[2J");
    host.splunk(&webhook);
    for command in [&["alert", "show", "1"][..], &["alert", "list"], &["--json", "alert", "show", "1"]] {
        let output = host.palisade(command);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{command:?}: {text:?}");
    }
    assert!(!host.log().contains('\u{1b}'), "{}", host.log());
}
