use super::*;

#[test]
fn a_benign_source_is_closed_with_the_evidence() {
    let played = Looks::default().script(test()).run();
    assert_closed(&played);
    for line in
        ["Of 90 engines, 0 call 203.0.113.66 malicious", "Confirmed: the name leads back", "Holder: Bad Org"]
    {
        assert!(note(&played).1.contains(line), "{line}: {}", note(&played).1);
    }
    assert_eq!(played.changes.len(), 2, "{:?}", played.changes);
}

#[test]
fn a_source_without_a_domain_is_judged_by_its_address_if_the_operator_wants_that() {
    assert_closed(&Looks::nameless().script(test()).run());
    let strict = json!({ "benign_without_domain": false });
    let played = Looks::nameless().script(test()).configured(strict.clone()).run();
    assert_left_open(&played, &["203.0.113.66 has no name"]);
    assert_closed(&Looks::default().script(test()).configured(strict).run());
}

#[test]
fn who_knows_nothing_of_place_and_holder_hides_nothing() {
    let looks = Looks {
        place: |test| test.fails("geoip", "geolocate ip", Failure::not_found("not in the database")),
        network: |test| test.fails("whois", "whois ip", Failure::not_found("no network")),
        owner: |test| test.fails("whois", "whois domain", Failure::not_found("no registration")),
        ..Looks::default()
    };
    assert_closed(&looks.script(test()).run());
}

#[test]
fn thresholds_are_the_operators() {
    let two = || Looks {
        ip: |test| test.succeeds("virustotal", "ip reputation", "", engines(IP, 2, 1)),
        ..Looks::default()
    };
    let played = with_ticket(two().script(test()))
        .configured(json!({ "malicious_at": 2, "severity": "critical" }))
        .run();
    assert_eq!(severity(&played), Some(Severity::Critical));
    assert_closed(&two().script(test()).configured(json!({ "suspicious_at": 4 })).run());
    let played = two().script(test()).configured(json!({ "suspicious_at": 3 })).run();
    assert_left_open(&played, &["engines disagree: 3 of 90"]);
    let played = Looks::default().script(test()).configured(json!({ "engines_at": 61 })).run();
    assert_left_open(&played, &["only 60 of 90 engines have rated"]);
    let young = || Looks {
        owner: |test| test.succeeds("whois", "whois domain", "", json!({ "created": "2025-12-20" })),
        ..Looks::default()
    };
    assert_closed(&young().script(test()).configured(json!({ "young_days": 12 })).run());
    assert_closed(&young().script(test()).configured(json!({ "young_days": 0 })).run());
    let undated =
        Looks { owner: |test| test.succeeds("whois", "whois domain", "", json!({})), ..Looks::default() };
    assert_closed(&undated.script(test()).configured(json!({ "young_days": 0 })).run());
}

#[test]
fn an_address_of_ipv6_leads_back_in_ipv6() {
    let looks = Looks {
        back: |test| {
            test.succeeds("dns", "lookup domain", "", json!({ "records": [{ "value": "2001:DB8:0::66" }] }))
        },
        ..Looks::default()
    };
    let played = looks.script(bare().artifact(json!({ "sourceAddress": "2001:db8::66" }))).run();
    assert_closed(&played);
    let forward = played.started.iter().find(|(_, action, _)| action == "lookup domain").unwrap();
    assert_eq!(forward.2["type"], "AAAA");
}
