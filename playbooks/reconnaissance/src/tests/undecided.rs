use super::*;

#[test]
fn what_cannot_be_decided_is_left_open_and_says_why() {
    let usual = Looks::default;
    let cases: [(Looks, &str); 16] = [
        (
            Looks { ip: |test| test.succeeds("virustotal", "ip reputation", "", unknown(IP)), ..usual() },
            "VirusTotal does not know 203.0.113.66",
        ),
        (
            Looks { ip: |test| test.fails("virustotal", "ip reputation", limited()), ..usual() },
            "virustotal, ip reputation 203.0.113.66: failed: too many calls",
        ),
        (
            Looks {
                ip: |test| test.fails("virustotal", "ip reputation", Failure::not_found("gone")),
                ..usual()
            },
            "virustotal, ip reputation 203.0.113.66: found nothing",
        ),
        (
            Looks {
                ip: |test| test.succeeds("virustotal", "ip reputation", "", json!({ "malicious": "many" })),
                ..usual()
            },
            "the answer cannot be read",
        ),
        (
            Looks {
                ip: |test| {
                    let few = json!({ "subject": IP, "known": true, "harmless": 19, "undetected": 75 });
                    test.succeeds("virustotal", "ip reputation", "", few)
                },
                ..usual()
            },
            "only 19 of 94 engines have rated 203.0.113.66",
        ),
        (
            Looks {
                ip: |test| test.succeeds("virustotal", "ip reputation", "", engines(IP, 2, 0)),
                ..usual()
            },
            "engines disagree: 2 of 90 object to 203.0.113.66",
        ),
        (
            Looks {
                domain: |test| test.succeeds("virustotal", "domain reputation", "", engines(NAME, 0, 1)),
                ..usual()
            },
            "engines disagree: 1 of 90 object to scan.evil.example",
        ),
        (
            Looks { domain: |test| test.fails("virustotal", "domain reputation", limited()), ..usual() },
            "virustotal, domain reputation scan.evil.example: failed",
        ),
        (
            Looks {
                back: |test| test.fails("dns", "lookup domain", Failure::not_found("no such name")),
                ..usual()
            },
            "scan.evil.example does not lead back to the address: the name may be made up",
        ),
        (
            Looks {
                back: |test| test.fails("dns", "lookup domain", Failure::Unavailable("timeout".into())),
                ..usual()
            },
            "dns, lookup domain scan.evil.example: failed",
        ),
        (
            Looks {
                owner: |test| {
                    test.succeeds("whois", "whois domain", "", json!({ "created": "2025-12-20T00:00:00Z" }))
                },
                ..usual()
            },
            "scan.evil.example was registered only 12 days before the alert",
        ),
        (
            Looks {
                owner: |test| test.succeeds("whois", "whois domain", "", json!({ "created": "2026-02-01" })),
                ..usual()
            },
            "scan.evil.example was registered only 0 days before the alert",
        ),
        (
            Looks {
                owner: |test| test.succeeds("whois", "whois domain", "", json!({ "registrar": "R" })),
                ..usual()
            },
            "it is not known when scan.evil.example was registered",
        ),
        (
            Looks {
                owner: |test| {
                    test.succeeds("whois", "whois domain", "", json!({ "created": "before Aug-1996" }))
                },
                ..usual()
            },
            "it is not known when scan.evil.example was registered",
        ),
        (
            Looks {
                network: |test| test.fails("whois", "whois ip", Failure::Unavailable("timeout".into())),
                ..usual()
            },
            "whois, whois ip 203.0.113.66: failed",
        ),
        (
            Looks {
                names: |test| test.fails("dns", "lookup ip", Failure::Denied("the policy says no".into())),
                ..Looks::nameless()
            },
            "dns, lookup ip 203.0.113.66: failed",
        ),
    ];
    for (looks, reason) in cases {
        let played = looks.script(test()).run();
        assert_left_open(&played, &["Verdict\n  Undecided\n", reason, "Holder: "]);
        assert_eq!(severity(&played), None);
    }
}

#[test]
fn a_name_that_the_source_has_given_itself_makes_nobody_malicious_or_benign() {
    let pretended = |test: PlaybookTest, engines: Value| {
        let looks = Looks {
            back: |test| {
                test.succeeds("dns", "lookup domain", "", json!({ "records": [{ "value": "198.51.100.1" }] }))
            },
            domain: |test| test,
            ..Looks::default()
        };
        looks.script(test).succeeds("virustotal", "domain reputation", "", engines).run()
    };
    let malicious = pretended(test(), engines(NAME, 40, 0));
    assert_left_open(
        &malicious,
        &["40 of 90 engines call scan.evil.example malicious, which the source may only pretend"],
    );
    assert_eq!(severity(&malicious), None);
    let harmless = pretended(test(), engines(NAME, 0, 0));
    assert_left_open(&harmless, &["scan.evil.example does not lead back"]);
    // Nor does it stand beside the address where a glance takes it for a fact.
    assert!(!escalation(&harmless).unwrap().1.contains("(scan.evil.example)"));
}

#[test]
fn a_verdict_about_one_source_closes_no_alert_about_several() {
    let several = [
        bare().artifact(json!({ "sourceAddress": [IP, "198.51.100.9", "198.51.100.9"] })),
        bare().artifact(json!({ "sourceAddress": IP })).artifact(json!({ "sourceAddress": "198.51.100.9" })),
        bare().artifact(json!({ "sourceAddress": "a name" })).artifact(json!({ "sourceAddress": IP })),
    ];
    for test in several {
        let played = Looks::default().script(test).run();
        assert_left_open(&played, &["the alert names 1 more source that nobody has looked into"]);
    }
    let twice = bare()
        .artifact(json!({ "sourceAddress": IP }))
        .artifact(json!({ "sourceAddress": "::ffff:203.0.113.66" }));
    assert_closed(&Looks::default().script(twice).run());
}

#[test]
fn an_alert_that_names_no_address_is_left_open() {
    for artifact in
        [json!({}), json!({ "sourceAddress": "scanner.example" }), json!({ "sourceAddress": { "a": 1 } })]
    {
        let played = bare().artifact(artifact).run();
        assert_left_open(&played, &["the alert names no source address"]);
    }
}

#[test]
fn the_first_line_stays_short_however_much_is_in_doubt() {
    let looks = Looks {
        ip: |test| test.fails("virustotal", "ip reputation", Failure::Unavailable("no route ".repeat(40))),
        place: |test| test.fails("geoip", "geolocate ip", limited()),
        network: |test| test.fails("whois", "whois ip", limited()),
        names: |test| test.fails("dns", "lookup ip", limited()),
        ..Looks::nameless()
    };
    let played = looks.script(test()).run();
    assert_left_open(
        &played,
        &[
            "virustotal, ip reputation 203.0.113.66: failed: the system could not be reached: no route",
            "dns, lookup ip 203.0.113.66: failed: too many calls: Quota exceeded",
            "Domain\n  Not known, see the look-ups without a result.\n",
        ],
    );
    let (_, summary) = escalation(&played).unwrap();
    assert!(
        summary.ends_with(
            "…, geoip, geolocate ip 203.0.113.66: failed: too many calls: Quota exceeded, \
        whois, whois ip 203.0.113.66: failed: too many calls: Quota exceeded, and 1 more"
        ),
        "{summary}"
    );
}
