//! Suricata's events as log shippers post them: many lines in one body, most of them no alerts.

use std::collections::BTreeSet;

use palisade_e2e::{Answer, Host, Request};
use serde_json::{Value, json};

/// What Suricata 7 writes while somebody scans a web server: a flow, a request, two alerts on it, a look-up, an alert on
/// a flow of its own, and its counters.
const EVE: &str = concat!(
    r#"{"timestamp":"2026-11-25T09:14:07.100112+0000","flow_id":1586497171462735,"in_iface":"eth1","event_type":"flow","src_ip":"203.0.113.66","src_port":50096,"dest_ip":"10.20.30.41","dest_port":80,"proto":"TCP","app_proto":"http","flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":640,"bytes_toclient":802,"start":"2026-11-25T09:14:06.900001+0000","end":"2026-11-25T09:14:07.100002+0000","age":1,"state":"closed","reason":"timeout","alerted":true},"tcp":{"tcp_flags":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"}}"#,
    "\n",
    r#"{"timestamp":"2026-11-25T09:14:07.051547+0000","flow_id":1586497171462735,"in_iface":"eth1","event_type":"http","src_ip":"203.0.113.66","src_port":50096,"dest_ip":"10.20.30.41","dest_port":80,"proto":"TCP","tx_id":0,"http":{"hostname":"www.acme.example","url":"\/.git\/HEAD","http_user_agent":"Mozilla\/5.0 (compatible; Nmap Scripting Engine; https:\/\/nmap.org\/book\/nse.html)","http_method":"GET","protocol":"HTTP\/1.1","status":404,"length":0}}"#,
    "\n",
    r#"{"timestamp":"2026-11-25T09:14:07.051547+0000","flow_id":1586497171462735,"in_iface":"eth1","event_type":"alert","src_ip":"203.0.113.66","src_port":50096,"dest_ip":"10.20.30.41","dest_port":80,"proto":"TCP","pkt_src":"wire/pcap","tx_id":0,"alert":{"action":"allowed","gid":1,"signature_id":2024364,"rev":4,"signature":"ET SCAN Possible Nmap User-Agent Observed","category":"Web Application Attack","severity":1,"metadata":{"attack_target":["Client_and_Server"],"signature_severity":["Informational"]}},"http":{"hostname":"www.acme.example","url":"\/.git\/HEAD","http_user_agent":"Mozilla\/5.0 (compatible; Nmap Scripting Engine; https:\/\/nmap.org\/book\/nse.html)","http_method":"GET","protocol":"HTTP\/1.1","length":0},"app_proto":"http","direction":"to_server","flow":{"pkts_toserver":4,"pkts_toclient":3,"bytes_toserver":580,"bytes_toclient":214,"start":"2026-11-25T09:14:06.900001+0000","src_ip":"203.0.113.66","dest_ip":"10.20.30.41","src_port":50096,"dest_port":80}}"#,
    "\n",
    r#"{"timestamp":"2026-11-25T09:14:07.051547+0000","flow_id":1586497171462735,"in_iface":"eth1","event_type":"alert","src_ip":"203.0.113.66","src_port":50096,"dest_ip":"10.20.30.41","dest_port":80,"proto":"TCP","pkt_src":"wire/pcap","tx_id":0,"alert":{"action":"allowed","gid":1,"signature_id":2009358,"rev":7,"signature":"ET SCAN Nmap Scripting Engine User-Agent Detected (Nmap Scripting Engine)","category":"Attempted Information Leak","severity":2},"http":{"hostname":"www.acme.example","url":"\/.git\/HEAD","http_method":"GET","protocol":"HTTP\/1.1","length":0},"app_proto":"http","direction":"to_server"}"#,
    "\n\n",
    r#"{"timestamp":"2026-11-25T09:14:07.300001+0000","flow_id":223424454110233,"in_iface":"eth1","event_type":"dns","src_ip":"10.20.30.41","src_port":41022,"dest_ip":"10.20.30.2","dest_port":53,"proto":"UDP","dns":{"type":"query","id":26601,"rrname":"66.113.0.203.in-addr.arpa","rrtype":"PTR","tx_id":0}}"#,
    "\n",
    r#"{"timestamp":"2026-11-25T09:14:08.000777+0000","flow_id":912473005514407,"in_iface":"eth1","event_type":"alert","src_ip":"203.0.113.66","src_port":51812,"dest_ip":"10.20.30.41","dest_port":1433,"proto":"TCP","pkt_src":"wire/pcap","alert":{"action":"blocked","gid":1,"signature_id":2010935,"rev":3,"signature":"ET SCAN Suspicious inbound to MSSQL port 1433","category":"Potentially Bad Traffic","severity":2},"direction":"to_server"}"#,
    "\n",
    r#"{"timestamp":"2026-11-25T09:14:09.000009+0000","event_type":"stats","stats":{"uptime":4021,"capture":{"kernel_packets":812735,"kernel_drops":0}}}"#,
    "\n",
);

fn post(host: &Host, body: impl Into<Vec<u8>>) -> Answer {
    post_to(host, "/ingest/suricata", body)
}

fn post_to(host: &Host, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    // As Fluent Bit says it; no shipper agrees with another.
    let request = Request::new("POST", path).header("content-type", "application/json");
    host.send(&request.token(&host.ingest_token()).body(body))
}

/// The receipt of a body that was taken.
fn taken(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn refused(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    answer.json()
}

/// An alert line of a flow of this number.
fn line(flow: usize) -> String {
    json!({
        "timestamp": "2026-11-25T09:15:00.000001+0000", "flow_id": flow, "event_type": "alert",
        "src_ip": "203.0.113.66", "src_port": 40_000, "dest_ip": "10.20.30.41", "dest_port": 22, "proto": "TCP",
        "alert": { "action": "allowed", "gid": 1, "signature_id": 2_001_219, "rev": 20,
            "signature": "ET SCAN Potential SSH Scan", "category": "Attempted Information Leak", "severity": 2 },
    })
    .to_string()
}

#[test]
fn the_alerts_of_a_body_are_kept_before_the_answer_and_known_when_they_come_again() {
    let host = Host::start();
    assert_eq!(
        taken(&post(&host, EVE)),
        json!({
            "alerts": [
                { "line": 3, "alert": 1, "duplicate": false },
                { "line": 4, "alert": 2, "duplicate": false },
                { "line": 7, "alert": 3, "duplicate": false },
            ],
            "skipped": 4, "refused": [], "refused_count": 0,
        })
    );
    let host = host.kill_and_restart();
    let alert = host.get("/alerts/2")["alert"].clone();
    assert_eq!(alert["source"], "suricata");
    assert_eq!(alert["label"], "attempted-information-leak");
    assert_eq!(alert["severity"], "medium");
    let cef = &alert["artifacts"][0]["cef"];
    assert_eq!((&cef["sourceAddress"], &cef["destinationPort"]), (&json!("203.0.113.66"), &json!(80)));
    assert_eq!(cef["requestURL"], "http://www.acme.example/.git/HEAD");
    assert_eq!(host.get("/alerts/1")["alert"]["severity"], "high");
    assert_eq!(host.get("/alerts/3")["alert"]["artifacts"][0]["cef"]["act"], "blocked");

    // The shipper did not hear the answer, and has more by now.
    let again = taken(&post(&host, format!("{EVE}{}\n{}", line(1), line(1))));
    let alerts: Vec<_> = again["alerts"].as_array().unwrap().iter().map(|taken| &taken["alert"]).collect();
    assert_eq!(alerts, [1, 2, 3, 4, 4]);
    let duplicates =
        again["alerts"].as_array().unwrap().iter().filter(|taken| taken["duplicate"] == true).count();
    assert_eq!(duplicates, 4);
    assert_eq!(host.get("/alerts")["alerts"].as_array().unwrap().len(), 4);
}

#[test]
fn one_event_is_a_body_too_and_the_url_may_name_the_label() {
    let host = Host::start();
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&line(1)).unwrap()).unwrap();
    let answer = taken(&post_to(&host, "/ingest/suricata?label=reconnaissance", pretty));
    assert_eq!(answer["alerts"], json!([{ "line": 1, "alert": 1, "duplicate": false }]));
    assert_eq!(host.get("/alerts/1")["alert"]["label"], "reconnaissance");
    refused(&post_to(&host, "/ingest/suricata?lable=typo", line(2)), 400);
}

#[test]
fn bad_lines_are_named_and_hold_nothing_up() {
    let host = Host::start();
    let deep = (0..50).fold(json!(0), |inner, _| json!({ "a": inner }));
    let mut nested: Value = serde_json::from_str(&line(7)).unwrap();
    nested["metadata"] = deep;
    let mut wide: Value = serde_json::from_str(&line(8)).unwrap();
    wide["metadata"] = (0..2_000).map(|n| (n.to_string(), json!(n))).collect();
    let mut long: Value = serde_json::from_str(&line(9)).unwrap();
    long["payload"] = json!("QUFB".repeat(300_000));
    let mut titled: Value = serde_json::from_str(&line(10)).unwrap();
    titled["alert"]["signature"] = json!("x".repeat(5_000));
    let body = [
        line(1),
        "{\"event_type\":\"alert\",\"timest".to_owned(),
        "[]".to_owned(),
        "\u{0}\u{1b}[2J".to_owned(),
        line(2),
        nested.to_string(),
        wide.to_string(),
        long.to_string(),
        titled.to_string(),
        "{\"event_type\":\"alert\",\"alert\":{\"signature_id\":\"1 OR 1=1\"}}".to_owned(),
        line(3),
    ];
    let mut body = body.join("\n").into_bytes();
    body.extend(b"\n\xff\xfe{}\n");
    let answer = taken(&post(&host, body));
    let kept: Vec<_> = answer["alerts"].as_array().unwrap().iter().map(|taken| &taken["line"]).collect();
    assert_eq!(kept, [1, 5, 11]);
    let refusals = answer["refused"].as_array().unwrap();
    let lines: Vec<_> = refusals.iter().map(|refusal| refusal["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 6, 7, 8, 9, 10, 12]);
    assert_eq!(answer["refused_count"], 9);
    for refusal in refusals {
        let reason = refusal["reason"].as_str().unwrap();
        assert!(!reason.is_empty() && reason.len() <= 300, "{reason}");
    }
    assert_eq!(host.get("/alerts")["alerts"].as_array().unwrap().len(), 3);
}

#[test]
fn a_body_without_use_is_refused_as_a_whole() {
    let host = Host::start();
    let problem = refused(&post(&host, "not JSON\n{}\n"), 422);
    assert!(problem["detail"].as_str().unwrap().contains("line 1: "), "{problem}");
    assert_eq!(problem["refused"][1]["line"], 2);
    refused(&post(&host, " \n\n"), 400);
    refused(&post(&host, format!("[{}]", line(1))), 422);
    assert_eq!(refused(&post(&host, "x".repeat(11 << 20)), 413)["limit_bytes"], 10 << 20);
    assert_eq!(refused(&post(&host, "{}\n".repeat(40_001)), 413)["limit_events"], 40_000);

    let anonymous = Request::new("POST", "/ingest/suricata").body(EVE);
    refused(&host.send(&anonymous), 401);
    refused(&host.send(&anonymous.clone().token("wrong")), 401);
    let in_the_path = format!("/ingest/suricata/{}", host.ingest_token());
    refused(&host.send(&Request::new("POST", &in_the_path).body(EVE)), 404);
    assert_eq!(host.get("/alerts")["alerts"], json!([]), "something was taken in all the same");
}

#[test]
fn shippers_that_send_the_same_at_once_make_each_alert_once() {
    const LINES: usize = 700;
    let host = Host::start();
    let body: String = (1..=LINES).map(|flow| line(flow) + "\n").collect();
    let receipts: Vec<Value> = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..4).map(|_| scope.spawn(|| taken(&post(&host, body.as_str())))).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    let all = || receipts.iter().flat_map(|receipt| receipt["alerts"].as_array().unwrap());
    assert_eq!(all().count(), 4 * LINES);
    assert_eq!(all().filter(|taken| taken["duplicate"] == false).count(), LINES);
    let of_line: BTreeSet<_> =
        all().map(|taken| (taken["line"].as_u64().unwrap(), taken["alert"].as_u64().unwrap())).collect();
    assert_eq!(of_line.len(), LINES, "a line has several alerts");

    // A body shares commits: the store syncs far less often than once for each alert.
    let syncs = host.get("/status")["store"]["syncs"].as_u64().unwrap();
    assert!(syncs < LINES as u64 / 4, "{syncs} syncs for {LINES} alerts");
}

#[test]
fn a_file_is_sent_from_the_command_line() {
    let host = Host::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("eve.json");
    let file = file.to_str().unwrap();
    let send = |content: &str, options: &[&str]| {
        std::fs::write(file, content).unwrap();
        let output = host.palisade(&[&["alert", "send", "--suricata", file], options].concat());
        let text = format!(
            "{}{}",
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap()
        );
        (output.status.code().unwrap(), text)
    };
    let (code, text) = send(EVE, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Alert 3 is new.") && text.contains("4 events are no alerts."), "{text}");

    let (code, text) = send(&format!("{}\n\u{1b}]0;owned\u{7}\n", line(1)), &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("Alert 4 is new.") && text.contains("Line 2 cannot be used"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");

    let (code, text) = send(EVE, &["--watch"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("3 came of the file"), "{text}");
    // One alert is followed; here nobody has a playbook for it.
    let (code, text) = send(&line(2), &["--watch"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("no playbook ran on alert 5"), "{text}");

    let many: String = (10..40).map(|flow| line(flow) + "\n").collect();
    let (_, text) = send(&many, &[]);
    assert!(text.contains("30 alerts are new, 0 were received before."), "{text}");
}
