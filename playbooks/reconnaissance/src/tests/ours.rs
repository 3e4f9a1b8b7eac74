use super::*;

#[test]
fn a_scanner_inside_is_worse_and_nobody_outside_is_asked() {
    let inside = |address: &str, test: PlaybookTest| {
        let played =
            test.artifact(json!({ "sourceAddress": address, "destinationHostName": "srv-db-01" })).run();
        assert_left_open(&played, &["is inside and probed srv-db-01", "Nothing was looked up"]);
        assert!(played.started.is_empty(), "{:?}", played.started);
        assert_eq!(severity(&played), Some(Severity::High));
        assert_eq!(escalation(&played).unwrap().0, Some("tier2"));
    };
    let test = || bare().configured(json!({ "escalate_to": "tier2" }));
    inside("10.20.30.99", test());
    inside("fe80::1", test());
    inside("::ffff:192.168.0.7", test());
    inside(IP, test().list("own-networks", &[IP]));
}

#[test]
fn a_scanner_of_ours_is_benign() {
    let scanner = || bare().list("known-scanners", &["10.20.30.99", IP]);
    for address in ["10.20.30.99", IP] {
        let played = scanner().artifact(json!({ "sourceAddress": address })).run();
        assert!(played.started.is_empty(), "{:?}", played.started);
        assert_eq!(status(&played), Some(AlertStatus::Closed));
        assert!(note(&played).1.contains("on the list known-scanners"), "{:?}", note(&played));
        assert_eq!(played.result, Ok(format!("Closed as benign: {address} is a known scanner.")));
    }
    let played = scanner().artifact(json!({ "sourceAddress": ["10.20.30.99", "10.20.30.7"] })).run();
    assert_left_open(&played, &["the alert names 1 more source"]);
    assert_closed(&Looks::default().script(test().list("known-scanners", &["198.51.100.7"])).run());
}
