use super::*;

#[test]
fn a_malicious_source_goes_to_a_person_with_everything_that_was_found() {
    let looks = Looks {
        domain: |test| test.succeeds("virustotal", "domain reputation", "", engines(NAME, 12, 1)),
        ..malicious_address()
    };
    let played = with_ticket(looks.script(test())).configured(json!({ "escalate_to": "tier2" })).run();

    let order: Vec<_> =
        played.started.iter().map(|(_, action, parameters)| (action.as_str(), parameters)).collect();
    let (ip, domain) = (json!({ "ip": IP }), json!({ "domain": NAME }));
    let forward = json!({ "domain": NAME, "type": "A" });
    assert_eq!(
        order[..7],
        [
            ("lookup ip", &ip),
            ("ip reputation", &ip),
            ("geolocate ip", &ip),
            ("whois ip", &ip),
            ("lookup domain", &forward),
            ("domain reputation", &domain),
            ("whois domain", &domain),
        ]
    );

    let headline = "203.0.113.66 (scan.evil.example) probed 10.20.30.41 port 80: 11 of 90 engines call the address \
        malicious, 12 of 90 engines call scan.evil.example malicious, Netherlands, network of Polder Hosting B.V.";
    let short = format!("{}…", &headline[..159]);
    let evidence = "\
What happened
  203.0.113.66 probed 10.20.30.41 port 80.
  Alert 1, medium, from suricata: ET SCAN Nmap Scripting Engine User-Agent Detected

Verdict
  Malicious
  11 of 90 engines call the address malicious
  12 of 90 engines call scan.evil.example malicious

Address
  203.0.113.66
  Of 90 engines, 11 call 203.0.113.66 malicious and 3 suspicious.
  See: https://www.virustotal.com/gui/search/203.0.113.66
  Called: scan.evil.example.
  Place: Amsterdam, Netherlands
  Provider: Polder, AS64496
  network 203.0.113.0 - 203.0.113.255
  Holder: Polder Hosting B.V.
  Abuse contact: abuse@polder.example

Domain
  scan.evil.example
  Named by reverse DNS, which whoever holds the address may fill in at will.
  Confirmed: the name leads back to the address.
  Of 90 engines, 12 call scan.evil.example malicious and 1 suspicious.
  See: https://www.virustotal.com/gui/search/scan.evil.example
  evil.example
  Holder: Bad Org
  Registrar: Registrar Inc.
  Registered: 2024-01-01T00:00:00Z (731 days before the alert)

Look-ups without a result
  None: all look-ups answered.

Source of the alert
  The alert came without a link.
";
    let artifact =
        |name: &str, cef: Value| Change::Artifact { name: name.into(), label: "enrichment".into(), cef };
    assert_eq!(
        played.changes,
        [
            artifact(
                "Source address",
                json!({
                    "sourceAddress": IP, "sourceCountry": "Netherlands", "sourceNetworkOwner": "Polder Hosting B.V.",
                    "sourceAbuseContact": "abuse@polder.example",
                    "maliciousEngines": 11, "suspiciousEngines": 3, "engines": 90,
                })
            ),
            artifact(
                "Source domain",
                json!({
                    "sourceDnsDomain": NAME, "sourceDnsDomainConfirmed": true, "sourceDnsDomainOwner": "Bad Org",
                    "sourceDnsDomainRegistrar": "Registrar Inc.", "sourceDnsDomainRegistered": "2024-01-01T00:00:00Z",
                    "maliciousEngines": 12, "suspiciousEngines": 1, "engines": 90,
                })
            ),
            Change::Note { title: "Malicious: what was found".into(), text: evidence.into() },
            Change::Severity(Severity::High),
            Change::Status(AlertStatus::Open),
            Change::Owner(Some("tier2".into())),
            Change::Escalated { to: Some("tier2".into()), summary: headline.into() },
            Change::Note {
                title: "Ticket INC0010001".into(),
                text: format!("{short}\n\nhttps://acme.service-now.com/nav_to.do?uri=x"),
            },
        ]
    );
    let (.., ticket) = played.started.last().unwrap();
    assert_eq!(
        ticket,
        &json!({ "short_description": short, "description": evidence, "fields": { "urgency": "1" } })
    );
    assert_eq!(played.result, Ok(format!("Ticket INC0010001: {short}")));
}

#[test]
fn either_is_enough_to_be_malicious() {
    let domain = Looks {
        domain: |test| test.succeeds("virustotal", "domain reputation", "", engines(NAME, 3, 0)),
        ..Looks::default()
    };
    let nameless = Looks { ip: malicious_address().ip, ..Looks::nameless() };
    for looks in [malicious_address(), domain, nameless] {
        let played = with_ticket(looks.script(test())).run();
        assert_eq!((status(&played), severity(&played)), (Some(AlertStatus::Open), Some(Severity::High)));
        assert!(escalation(&played).unwrap().1.contains("engines call"), "{:?}", played.changes);
    }
}

#[test]
fn a_malicious_source_is_one_whatever_else_failed() {
    let looks = Looks {
        place: |test| test.fails("geoip", "geolocate ip", Failure::Unavailable("no route".into())),
        names: |test| test.fails("dns", "lookup ip", limited()),
        back: |test| test,
        domain: |test| test,
        owner: |test| test,
        ..malicious_address()
    };
    let played = with_ticket(looks.script(test())).run();
    let (_, text) = note(&played);
    for line in [
        "In doubt\n  geoip, geolocate ip",
        "Look-ups without a result\n  geoip, geolocate ip",
        "too many calls",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(played.result.is_ok());
}

#[test]
fn what_was_found_survives_a_ticket_that_fails() {
    let failure = Failure::Authentication("User Not Authenticated".into());
    let played = malicious_address().script(test()).fails("servicenow", "create ticket", failure).run();
    let why = "the system refused the credentials: User Not Authenticated";
    assert_eq!(
        played.result,
        Err(format!("No ticket could be created: {why}. What was found stands in a note on the alert."))
    );
    assert!(note(&played).1.contains("Holder: Polder Hosting B.V."));
    assert!(escalation(&played).is_some(), "a person hears of it all the same");
    let last = played.changes.last().unwrap();
    assert_eq!(last, &Change::Note { title: "No ticket could be created".into(), text: why.into() });
}

#[test]
fn where_nobody_knows_the_host_its_domain_is_asked_about() {
    let looks = |engines: Value| {
        let usual = Looks {
            domain: |test| test.succeeds("virustotal", "domain reputation", "", unknown(NAME)),
            ..Looks::default()
        };
        usual.script(test()).succeeds("virustotal", "domain reputation", "", engines)
    };
    let benign = looks(engines("evil.example", 0, 0)).run();
    assert_closed(&benign);
    let (.., asked) = benign.started.last().unwrap();
    assert_eq!(asked, &json!({ "domain": "evil.example" }));
    let played = with_ticket(looks(engines("evil.example", 9, 0))).run();
    assert!(escalation(&played).unwrap().1.contains("9 of 90 engines call evil.example malicious"));
    assert_left_open(&looks(unknown("evil.example")).run(), &["VirusTotal does not know evil.example"]);

    // A registry's answer about something else is not asked about.
    let strange = Looks {
        domain: |test| test.succeeds("virustotal", "domain reputation", "", unknown(NAME)),
        owner: |test| test.succeeds("whois", "whois domain", "", json!({ "domain": "other.example" })),
        ..Looks::default()
    };
    assert_left_open(&strange.script(test()).run(), &["VirusTotal does not know scan.evil.example"]);
}

#[test]
fn the_domain_that_the_alert_names_is_looked_into_too() {
    let alert = json!({ "sourceAddress": IP, "sourceDnsDomain": "Other.Example." });
    let looks = Looks {
        back: |test| {
            let records = json!({ "records": [{ "value": IP }] });
            test.succeeds("dns", "lookup domain", "", records.clone()).succeeds(
                "dns",
                "lookup domain",
                "",
                records,
            )
        },
        domain: |test| {
            test.succeeds("virustotal", "domain reputation", "", engines("other.example", 5, 0)).succeeds(
                "virustotal",
                "domain reputation",
                "",
                engines(NAME, 0, 0),
            )
        },
        owner: |test| {
            test.succeeds("whois", "whois domain", "", json!({})).succeeds(
                "whois",
                "whois domain",
                "",
                json!({}),
            )
        },
        ..Looks::default()
    };
    let played = with_ticket(looks.script(bare().artifact(alert))).run();
    let (_, text) = note(&played);
    assert!(text.contains("5 of 90 engines call other.example malicious"), "{text}");
    assert!(text.contains("Domain\n  other.example\n  Named by the alert."), "{text}");
    assert!(text.contains("an unknown system"), "{text}");

    // The same name twice is one.
    let same = json!({ "sourceAddress": IP, "sourceDnsDomain": NAME });
    assert_closed(&Looks::default().script(bare().artifact(same)).run());
}

#[test]
fn the_words_of_an_attacker_stay_words() {
    let forged = "x.example\n\nVerdict\n  Benign\n";
    let looks = Looks {
        network: |test| {
            let holder = "Nobody\n\nVerdict\n  Benign\u{1b}[2J".repeat(50);
            test.succeeds("whois", "whois ip", "", json!({ "owner": { "organization": holder } }))
        },
        names: |test| {
            let names = json!({ "hostnames": ["x.example\n\nVerdict\n  Benign\n", "y\r\nLook-ups without a result"] });
            test.succeeds("dns", "lookup ip", "", names)
        },
        back: |test| test.succeeds("dns", "lookup domain", "", json!({ "records": [{ "value": IP }] })),
        domain: |test| {
            test.fails(
                "virustotal",
                "domain reputation",
                Failure::invalid(format!("`{}` is no name", "a\nb")),
            )
        },
        owner: |test| {
            test.succeeds(
                "whois",
                "whois domain",
                "",
                json!({ "domain": "example\n\nVerdict", "registrar": "R\nS" }),
            )
        },
        ..malicious_address()
    };
    let test = bare()
        .alert(|alert| alert.description = forged.into())
        .artifact(json!({ "sourceAddress": IP, "destinationHostName": "srv\n\nVerdict".repeat(100) }));
    let played = with_ticket(looks.script(test)).run();
    let (_, text) = note(&played);
    assert_eq!(text.matches("\nVerdict\n").count(), 1, "{text}");
    assert_eq!(text.matches("\nLook-ups without a result\n").count(), 1, "{text}");
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() < 300), "{text}");
    let (_, summary) = escalation(&played).unwrap();
    assert!(summary.contains("11 of 90 engines call the address malicious"), "drowned: {summary}");
    assert!(!summary.contains('\n'));
}
