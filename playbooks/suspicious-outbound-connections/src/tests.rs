use palisade_sdk::{
    Failure, Status,
    playbook::{AlertStatus, Severity},
    testing::{Change, PlaybookTest, Played},
};
use serde_json::{Value, json};

use crate::playbook;

const RECEIVED_MS: u64 = 1_767_225_600_000; // 2026-01-01

fn test() -> PlaybookTest {
    PlaybookTest::new(playbook()).alert(|alert| {
        alert.name = "Beaconing to a rare destination".into();
        alert.source = "splunk".into();
        alert.severity = Severity::High;
        alert.received = RECEIVED_MS;
        alert.link = Some("https://splunk.corp.example/app/search/@go?sid=1".into());
    })
}

fn complete() -> Value {
    json!({
        "sourceAddress": "10.0.0.5", "sourceHostName": "SRV01", "destinationAddress": "203.0.113.9",
        "destinationDnsDomain": "cdn.evil.example", "destinationPort": "443",
    })
}

fn with_device(test: PlaybookTest) -> PlaybookTest {
    let device = json!({
        "name": "SRV01", "domain": "corp.example", "operating_system": "Windows Server 2022", "user": "CORP\\alice",
        "addresses": ["10.0.0.5"], "version": null,
    });
    test.succeeds("windows", "get system info", "SRV01 runs Windows Server 2022.", device)
}

fn with_owner(test: PlaybookTest) -> PlaybookTest {
    let owner = json!({
        "domain": "evil.example", "registrant": { "organization": "Bad Org", "name": null }, "country": "PA",
        "registrar": "Registrar Inc.", "created": "2025-12-20T00:00:00Z",
        "abuse": { "email": "abuse@registrar.example" },
    });
    test.succeeds("whois", "whois domain", "evil.example is held by Bad Org.", owner)
}

fn with_services(test: PlaybookTest) -> PlaybookTest {
    let host = json!({
        "organization": "Example Hosting", "asn": "AS64500", "country": "Germany", "ports": [22, 443],
        "services": [
            { "port": 22, "transport": "tcp", "product": "OpenSSH", "version": "8.9" },
            { "port": 443, "transport": "tcp", "product": null },
        ],
        "vulnerabilities": ["CVE-2021-41773"],
    });
    test.succeeds("shodan", "query ip", "Shodan has seen 2 open ports.", host)
}

fn with_ticket(test: PlaybookTest) -> PlaybookTest {
    let summary = json!({ "number": "INC0010001", "link": "https://dev.service-now.com/nav_to.do?uri=x" });
    test.reports(
        "servicenow",
        "create ticket",
        Status::Success,
        "Created ticket INC0010001.",
        summary,
        json!({}),
    )
}

/// The parameters of the ticket, which comes last.
fn ticket(played: &Played) -> &Value {
    let (connector, action, parameters) = played.started.last().unwrap();
    assert_eq!((connector.as_str(), action.as_str()), ("servicenow", "create ticket"));
    parameters
}

#[test]
fn everything_is_found() {
    let played = with_ticket(with_services(with_owner(with_device(test().artifact(complete()))))).run();

    let order: Vec<_> = played.started.iter().map(|(connector, ..)| connector.as_str()).collect();
    assert_eq!(order, ["windows", "whois", "shodan", "servicenow"]);
    assert_eq!(played.started[0].2, json!({ "ip_hostname": "SRV01" }));
    assert_eq!(played.started[1].2, json!({ "domain": "cdn.evil.example" }));
    assert_eq!(played.started[2].2, json!({ "ip": "203.0.113.9" }));

    let short = "SRV01 (10.0.0.5) talked to cdn.evil.example (203.0.113.9) port 443: \
        registered 12 days ago, held by Bad Org, 2 open ports, 1 suspected CVE";
    assert_eq!(ticket(&played)["short_description"], short);
    assert_eq!(ticket(&played)["fields"], json!({ "urgency": "1" }));
    assert_eq!(
        ticket(&played)["description"],
        "\
What happened
  SRV01 (10.0.0.5) talked to cdn.evil.example (203.0.113.9) port 443.
  Alert 1, high, from splunk: Beaconing to a rare destination

Source device
  SRV01
  Domain: corp.example
  System: Windows Server 2022
  Logged on: CORP\\alice

Destination owner
  evil.example
  Holder: Bad Org
  Country: PA
  Registrar: Registrar Inc.
  Registered: 2025-12-20T00:00:00Z (12 days before the alert)
  Abuse contact: abuse@registrar.example

Services on destination
  Network: Example Hosting, AS64500, Germany
  22/tcp OpenSSH 8.9
  443/tcp
  Vulnerabilities that the versions suggest: CVE-2021-41773

Look-ups without a result
  None: all look-ups answered.

Source of the alert
  https://splunk.corp.example/app/search/@go?sid=1
"
    );
    assert_eq!(played.result, Ok(format!("Ticket INC0010001: {short}")));
    let link = "https://dev.service-now.com/nav_to.do?uri=x";
    assert_eq!(
        played.changes,
        [
            note("What was found", ticket(&played)["description"].as_str().unwrap()),
            Change::Status(AlertStatus::Open),
            Change::Escalated { to: None, summary: short.into() },
            note("Ticket INC0010001", &format!("{short}\n\n{link}")),
        ]
    );
}

fn note(title: &str, text: &str) -> Change {
    Change::Note { title: title.into(), text: text.into() }
}

#[test]
fn a_destination_that_is_suspicious_by_itself_raises_the_severity() {
    let severity = |configuration: Value, test: PlaybookTest| {
        let test = test.alert(|alert| alert.severity = Severity::Low).artifact(complete());
        let played = with_ticket(with_device(test)).configured(configuration).run();
        let raised = played.changes.iter().find_map(|change| match change {
            Change::Severity(severity) => Some(*severity),
            _ => None,
        });
        // The ticket is as urgent as the alert is by then.
        let urgency = if raised == Some(Severity::High) { "1" } else { "3" };
        assert_eq!(ticket(&played)["fields"]["urgency"], urgency);
        raised
    };
    let unknown = || Failure::not_found("nobody knows it");
    let young = || with_owner(test()).fails("shodan", "query ip", unknown());
    let vulnerable = || with_services(test()).fails("whois", "whois domain", unknown());
    assert_eq!(severity(json!({}), young()), Some(Severity::High));
    assert_eq!(severity(json!({ "young_days": 12 }), young()), None);
    assert_eq!(severity(json!({ "young_days": 13 }), young()), Some(Severity::High));
    assert_eq!(severity(json!({}), vulnerable()), Some(Severity::High));
    assert_eq!(severity(json!({ "vulnerabilities_at": 2 }), vulnerable()), None);
    assert_eq!(severity(json!({ "vulnerabilities_at": 0 }), vulnerable()), None);
    assert_eq!(severity(json!({ "severity": "low" }), vulnerable()), None);
    let neither = test().fails("whois", "whois domain", unknown()).fails("shodan", "query ip", unknown());
    assert_eq!(severity(json!({}), neither), None);
}

#[test]
fn the_alert_goes_to_whom_the_operator_says() {
    let test = test().configured(json!({ "escalate_to": "tier2" }));
    let played = with_ticket(test).run();
    assert!(played.changes.contains(&Change::Owner(Some("tier2".into()))), "{:?}", played.changes);
    let to = |change: &Change| matches!(change, Change::Escalated { to: Some(to), .. } if to == "tier2");
    assert!(played.changes.iter().any(to), "{:?}", played.changes);
}

#[test]
fn look_ups_that_fail_or_find_nothing_still_make_a_ticket() {
    let played = with_ticket(
        test()
            .artifact(complete())
            .fails("windows", "get system info", Failure::Unavailable("no route to SRV01".into()))
            .fails("whois", "whois domain", Failure::not_found("no registration"))
            .reports("shodan", "query ip", Status::Failed, "No\nservices", json!({}), json!(null)),
    )
    .run();
    let description = ticket(&played)["description"].as_str().unwrap();
    assert!(description.contains(
        "\
Look-ups without a result
  windows, get system info SRV01: failed: the system could not be reached: no route to SRV01
  whois, whois domain cdn.evil.example: found nothing: no registration
  shodan, query ip 203.0.113.9: found nothing: No services
"
    ));
    assert!(
        ticket(&played)["short_description"].as_str().unwrap().ends_with("3 of 3 look-ups without a result")
    );
    assert!(played.result.is_ok());
}

#[test]
fn a_missing_domain_is_taken_from_the_url() {
    let artifact = json!({ "sourceAddress": "10.0.0.5", "requestURL": "https://evil.example:8443/gate.php" });
    let played = with_ticket(with_owner(with_device(test().artifact(artifact)))).run();
    assert_eq!(played.started[1].2, json!({ "domain": "evil.example" }));
    let description = ticket(&played)["description"].as_str().unwrap();
    assert!(description.contains("Services on the destination: the alert names no address."));
}

#[test]
fn the_device_that_reported_is_not_mistaken_for_the_source() {
    let reported = json!({ "sourceAddress": "10.0.0.5", "deviceHostname": "firewall" });
    let played = with_ticket(with_device(test().artifact(reported))).run();
    assert_eq!(played.started[0].2, json!({ "ip_hostname": "10.0.0.5" }));

    let played = with_ticket(with_device(test().artifact(json!({ "deviceHostname": "SRV01" })))).run();
    assert_eq!(played.started[0].2, json!({ "ip_hostname": "SRV01" }));
}

#[test]
fn without_any_name_the_owner_of_the_address_is_looked_up() {
    let network = json!({
        "name": "EX-NET", "owner": { "organization": "Example Hosting" }, "range": "203.0.113.0 - 203.0.113.255",
    });
    let artifact = json!({ "sourceAddress": "10.0.0.5", "requestURL": "http://203.0.113.9/" });
    let test = with_services(with_device(test().artifact(artifact))).succeeds(
        "whois",
        "whois ip",
        "203.0.113.9 belongs to Example Hosting.",
        network,
    );
    let played = with_ticket(test).run();
    assert_eq!(played.started[1].2, json!({ "ip": "203.0.113.9" }));
    assert_eq!(played.started[2].2, json!({ "ip": "203.0.113.9" }));
    let description = ticket(&played)["description"].as_str().unwrap();
    assert!(description.contains("network 203.0.113.0 - 203.0.113.255\n  Holder: Example Hosting"));
}

#[test]
fn an_empty_alert_still_makes_a_ticket() {
    let played = with_ticket(test()).run();
    assert_eq!(
        ticket(&played)["short_description"],
        "an unknown device talked to an unknown destination: 3 of 3 look-ups without a result"
    );
}

#[test]
fn an_alert_cannot_forge_a_section() {
    let artifact = json!({ "sourceHostName": "x\n\nDestination owner\n  Holder: Microsoft" });
    let played = with_ticket(with_device(test().artifact(artifact))).run();
    let description = ticket(&played)["description"].as_str().unwrap();
    assert_eq!(description.matches("\nDestination owner\n").count(), 1);
}

#[test]
fn without_a_ticket_the_findings_stay_on_the_alert() {
    let played = with_services(with_owner(with_device(test().artifact(complete()))))
        .fails("servicenow", "create ticket", Failure::Authentication("User Not Authenticated".into()))
        .run();
    let why = "the system refused the credentials: User Not Authenticated";
    assert_eq!(
        played.result,
        Err(format!("No ticket could be created: {why}. What was found stands in a note on the alert."))
    );
    // They are there before anybody waits for the ticket.
    let [Change::Note { title, text }, .., last] = &played.changes[..] else {
        panic!("{:?}", played.changes)
    };
    assert!(title == "What was found" && text.contains("Holder: Bad Org"), "{text}");
    assert_eq!(last, &note("No ticket could be created", why));
}
