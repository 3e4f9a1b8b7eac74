use serde_json::json;

use super::*;

/// An alert as Suricata 7 writes it, of a scan over HTTP.
fn event() -> Value {
    json!({
        "timestamp": "2026-11-25T09:14:07.251547+0000",
        "flow_id": 1_586_497_171_462_735_u64, "in_iface": "eth1", "event_type": "alert",
        "src_ip": "203.0.113.66", "src_port": 50_096, "dest_ip": "10.20.30.41", "dest_port": 80,
        "proto": "TCP", "pkt_src": "wire/pcap", "metadata": { "flowbits": ["http.dottedquadhost"] }, "tx_id": 4,
        "alert": {
            "action": "allowed", "gid": 1, "signature_id": 2_009_358, "rev": 7,
            "signature": "ET SCAN Nmap Scripting Engine User-Agent Detected",
            "category": "Attempted Information Leak", "severity": 2,
            "metadata": { "confidence": ["High"] },
        },
        "http": {
            "hostname": "www.acme.example", "http_port": 8080, "url": "/.git/HEAD", "http_method": "GET",
            "http_user_agent": "Mozilla/5.0 (compatible; Nmap Scripting Engine)", "protocol": "HTTP/1.1", "length": 0,
        },
        "app_proto": "http", "direction": "to_server",
        "flow": { "pkts_toserver": 4, "bytes_toserver": 512, "start": "2026-11-25T09:14:07.101547+0000" },
    })
}

fn mapped(event: &Value) -> NewAlert {
    read(event).unwrap().expect("it is an alert")
}

fn read(event: &Value) -> Result<Option<NewAlert>, Problem> {
    alert(event.to_string().as_bytes(), &Options { label: None })
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut event = event();
    change(&mut event);
    event
}

#[test]
fn an_alert_has_the_words_of_its_rule() {
    let alert = mapped(&event());
    assert_eq!(alert.name, "ET SCAN Nmap Scripting Engine User-Agent Detected");
    assert_eq!(alert.label, "attempted-information-leak");
    assert_eq!(alert.severity, Severity::Medium);
    assert_eq!(alert.description, "Suricata rule 1:2009358:7, allowed");

    let labelled = Options { label: Some("reconnaissance".to_owned()) };
    let alert = super::alert(event().to_string().as_bytes(), &labelled).unwrap().unwrap();
    assert_eq!(alert.label, "reconnaissance");

    // A rule need have neither message nor classification.
    let alert = mapped(&changed(|event| {
        event["alert"] =
            json!({ "action": "blocked", "signature_id": 1_000_001, "signature": "", "category": "" });
    }));
    assert_eq!((alert.name.as_str(), alert.label.as_str()), ("Suricata rule 1:1000001:0", "suricata-alert"));
}

#[test]
fn fields_have_the_keys_that_playbooks_read_and_the_rest_is_kept() {
    let artifact = mapped(&event()).artifacts.remove(0);
    assert_eq!(
        Value::Object(artifact.cef),
        json!({
            "sourceAddress": "203.0.113.66", "sourcePort": 50_096,
            "destinationAddress": "10.20.30.41", "destinationPort": 80, "destinationDnsDomain": "www.acme.example",
            "transportProtocol": "TCP", "app": "http", "startTime": "2026-11-25T09:14:07.251547+0000",
            "externalId": 1_586_497_171_462_735_u64, "deviceInboundInterface": "eth1",
            "deviceEventClassId": "1:2009358:7", "cat": "Attempted Information Leak", "act": "allowed",
            "message": "ET SCAN Nmap Scripting Engine User-Agent Detected",
            "requestURL": "http://www.acme.example:8080/.git/HEAD", "requestMethod": "GET",
            "requestClientApplication": "Mozilla/5.0 (compatible; Nmap Scripting Engine)",
        })
    );
    let data = Value::Object(artifact.data);
    assert_eq!(data["flow"]["pkts_toserver"], 4);
    assert_eq!(data["alert"]["metadata"]["confidence"][0], "High");
    assert_eq!(data["metadata"]["flowbits"][0], "http.dottedquadhost");
    assert!(data.get("src_ip").is_none(), "{data}");
}

#[test]
fn names_are_found_in_every_protocol() {
    let domain = |field: &str, content: Value| {
        let alert = mapped(&changed(|event| {
            event["http"] = json!({});
            event[field] = content;
        }));
        alert.artifacts[0].cef["destinationDnsDomain"].clone()
    };
    let names = [
        ("tls", json!({ "sni": "mail.acme.example" })),
        ("quic", json!({ "sni": "mail.acme.example" })),
        ("dns", json!({ "version": 3, "queries": [{ "rrname": "mail.acme.example", "rrtype": "A" }] })),
        ("dns", json!({ "query": [{ "type": "query", "rrname": "mail.acme.example" }] })),
        ("dns", json!({ "type": "query", "rrname": "mail.acme.example" })),
    ];
    for (field, content) in names {
        assert_eq!(domain(field, content.clone()), "mail.acme.example", "{field}: {content}");
    }
    let by_address = mapped(&changed(|event| event["http"]["hostname"] = json!("10.20.30.41")));
    assert!(!by_address.artifacts[0].cef.contains_key("destinationDnsDomain"));
}

#[test]
fn the_side_that_attacks_is_the_source_where_the_rule_says_so() {
    // The packet is the server's answer to the attacker.
    let answer = changed(|event| {
        event["src_ip"] = json!("10.20.30.41");
        event["src_port"] = json!(80);
        event["dest_ip"] = json!("203.0.113.66");
        event["dest_port"] = json!(50_096);
        event["direction"] = json!("to_client");
    });
    let cef = mapped(&answer).artifacts.remove(0).cef;
    assert_eq!((&cef["sourceAddress"], &cef["sourcePort"]), (&json!("10.20.30.41"), &json!(80)));
    assert_eq!(cef["sourceDnsDomain"], "www.acme.example");
    assert!(!cef.contains_key("destinationDnsDomain"));

    let mut with_target = answer.clone();
    with_target["alert"]["source"] = json!({ "ip": "203.0.113.66", "port": 50_096 });
    with_target["alert"]["target"] = json!({ "ip": "10.20.30.41", "port": 80 });
    let cef = mapped(&with_target).artifacts.remove(0).cef;
    assert_eq!((&cef["sourceAddress"], &cef["sourcePort"]), (&json!("203.0.113.66"), &json!(50_096)));
    assert_eq!((&cef["destinationAddress"], &cef["destinationPort"]), (&json!("10.20.30.41"), &json!(80)));
    assert_eq!(cef["destinationDnsDomain"], "www.acme.example");

    // Sides that are none of the packet's are no sides.
    with_target["alert"]["source"]["ip"] = json!("198.51.100.1");
    assert_eq!(mapped(&with_target).artifacts[0].cef["sourceAddress"], "10.20.30.41");
}

#[test]
fn an_event_that_comes_again_is_the_same_and_no_other_is() {
    let id = |event: &Value| mapped(event).source_id;
    // A shipper may add fields of its own, and another order.
    let shipped = changed(|event| event["@timestamp"] = json!("2026-11-25T09:14:09Z"));
    assert_eq!(id(&event()), id(&shipped));
    assert!(id(&event()).starts_with("1:2009358:7:"));
    let others = [
        ("/alert/signature_id", json!(2_024_364)),
        ("/timestamp", json!("2026-11-25T09:14:07.251548+0000")),
        ("/tx_id", json!(5)),
        ("/flow_id", json!(7)),
        ("/src_ip", json!("203.0.113.67")),
    ];
    for (pointer, value) in others {
        let other = changed(|event| *event.pointer_mut(pointer).unwrap() = value);
        assert_ne!(id(&event()), id(&other), "{pointer}");
    }
}

#[test]
fn severity_is_the_priority_of_the_rule() {
    let of = |priority: Value| mapped(&changed(|event| event["alert"]["severity"] = priority)).severity;
    for (priority, severity) in [
        (json!(1), Severity::High),
        (json!(2), Severity::Medium),
        (json!(3), Severity::Low),
        (json!(4), Severity::Informational),
        (json!(255), Severity::Informational),
        (json!(0), Severity::Medium),
        (json!("1"), Severity::Medium),
    ] {
        assert_eq!(of(priority.clone()), severity, "{priority}");
    }
}

#[test]
fn only_alerts_become_alerts() {
    for kind in ["flow", "http", "dns", "tls", "stats", "anomaly", "fileinfo"] {
        let event = changed(|event| event["event_type"] = json!(kind));
        assert!(read(&event).unwrap().is_none(), "{kind}");
    }
}

#[test]
fn what_is_no_event_is_refused_with_a_reason() {
    let refused = |line: &str| alert(line.as_bytes(), &Options { label: None }).unwrap_err().reason();
    assert!(refused("[]").contains("without an array"));
    assert!(refused("[\"alert\"]").contains("without an array"));
    assert!(refused("{\"event_type\": \"al").contains("no event"));
    assert!(refused("{}").contains("event_type"));
    assert!(refused("{\"event_type\": {\"alert\": 1}}").contains("no event"));
    assert!(refused("{\"event_type\": \"alert\"}").starts_with("/alert/signature_id: "));
    assert!(
        refused(&changed(|event| event["alert"] = json!("all")).to_string())
            .starts_with("/alert/signature_id")
    );
    assert!(refused(&changed(|event| event["timestamp"] = json!(7)).to_string()).starts_with("/timestamp: "));
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
    assert!(refused(&changed(|event| event["metadata"] = deep).to_string()).starts_with("/metadata/a/a"));
    let huge = changed(|event| event["payload"] = json!("A".repeat(2 << 20))).to_string();
    assert!(refused(&huge).contains("larger than"));
}

#[test]
fn a_url_in_the_query_of_a_path_is_not_the_one_asked_for() {
    let url = |asked: &str| {
        let alert = mapped(&changed(|event| event["http"]["url"] = json!(asked)));
        alert.artifacts[0].cef["requestURL"].as_str().unwrap().to_owned()
    };
    let path = "/payload.exe?x=http://good.example";
    assert_eq!(url(path), format!("http://www.acme.example:8080{path}"));
    assert_eq!(url("http://proxied.example/x"), "http://proxied.example/x");
}

#[test]
fn hostile_values_stay_values() {
    let alert = mapped(&changed(|event| {
        event["alert"]["signature"] = json!("one\r\ntwo\u{1b}[2J");
        event["src_ip"] = json!({ "$oid": "1" });
        event["src_port"] = Value::Null;
        event["http"]["hostname"] = json!(["a", "b"]);
        event["http"]["url"] = json!("javascript:alert(1)");
        event["dns"] = json!({ "queries": { "0": { "rrname": 7 } } });
    }));
    assert_eq!(alert.name, "one  two [2J");
    let cef = &alert.artifacts[0].cef;
    for key in ["sourceAddress", "sourcePort", "destinationDnsDomain", "requestURL"] {
        assert!(!cef.contains_key(key), "{key}: {}", cef[key]);
    }
    assert_eq!(alert.artifacts[0].data["src_ip"]["$oid"], "1");
}
