use palisade_sdk::{
    Failure, RateLimit,
    testing::{ConnectorTest, Exchange},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({ "api_key": "placeholder" }))
}

fn get(path: &str) -> Exchange {
    Exchange::get(&format!("https://www.virustotal.com/api/v3{path}")).header("x-apikey", "placeholder")
}

fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

#[test]
fn engines_are_counted() {
    let report = test()
        .http(get("/ip_addresses/192.0.2.7").answer_json(
            200,
            json!({ "data": { "id": "192.0.2.7", "type": "ip_address", "attributes": {
                "last_analysis_stats": { "harmless": 60, "malicious": 5, "suspicious": 1, "undetected": 28, "timeout": 0 },
                "last_analysis_results": {
                    "B": { "category": "suspicious", "engine_name": "B", "method": "blacklist", "result": "phishing" },
                    "A": { "category": "malicious", "engine_name": "A", "method": "blacklist", "result": "malware" },
                    "C": { "category": "harmless", "engine_name": "C", "method": "blacklist", "result": "clean" },
                },
                "as_owner": "Example", "asn": 64500, "country": "NL", "network": "192.0.2.0/24", "reputation": -11,
            } } }),
        ))
        .invoke("ip reputation", json!({ "ip": "192.0.2.7" }))
        .report();
    assert_eq!(report.message, "Of 94 engines, 5 call 192.0.2.7 malicious and 1 suspicious.");
    assert_eq!(
        (&report.summary["malicious"], &report.summary["suspicious"], &report.summary["harmless"]),
        (&json!(5), &json!(1), &json!(60))
    );
    let engines: Vec<_> =
        report.data["detections"].as_array().unwrap().iter().map(|it| &it["engine"]).collect();
    assert_eq!(engines, ["A", "B"]);
    assert_eq!(report.data["link"], "https://www.virustotal.com/gui/ip-address/192.0.2.7");
}

#[test]
fn a_url_goes_by_its_text_in_base64url() {
    let report = test()
        .http(get("/urls/aHR0cHM6Ly9leGFtcGxlLmNvbS8_YT1iPz8-").answer_json(
            200,
            json!({ "data": { "attributes": { "last_final_url": "https://example.com/", "categories": {
                "X": "business", "Y": "business", "Z": "advertisements" } } } }),
        ))
        .invoke("url reputation", json!({ "url": "https://example.com/?a=b??>" }))
        .report();
    assert_eq!(report.data["categories"], json!(["advertisements", "business"]));
    assert_eq!(report.data["known"], true);
}

#[test]
fn what_is_not_known_is_a_report() {
    let hash = "44d88612fea8a8f36de82e1278abb02f";
    let report = test()
        .http(get(&format!("/files/{hash}")).answer_json(404, error("NotFoundError", "File not found")))
        .invoke("file reputation", json!({ "hash": hash.to_uppercase() }))
        .report();
    assert_eq!(report.message, format!("VirusTotal does not know {hash}."));
    assert_eq!((&report.summary["known"], &report.summary["malicious"]), (&json!(false), &json!(0)));
}

#[test]
fn another_404_is_not_taken_for_an_answer() {
    let failure = test()
        .http(get("/domains/example.com").answer(404, "<html>no such page</html>"))
        .invoke("domain reputation", json!({ "domain": "Example.com." }))
        .failure();
    assert_eq!(failure, Failure::NotFound("no reason given".into()));
}

#[test]
fn a_used_up_quota_is_waited_for() {
    let limited = |exchange: Exchange| test().http(exchange).invoke("test connectivity", json!({})).failure();
    let answer = || get("/files/upload_url").answer_json(429, error("QuotaExceededError", "Quota exceeded"));
    let message = "Quota exceeded (QuotaExceededError)".to_owned();
    assert_eq!(
        limited(answer()),
        Failure::RateLimited(RateLimit { retry_after_ms: Some(60_000), message: message.clone() })
    );
    assert_eq!(
        limited(answer().answer_header("Retry-After", "15")),
        Failure::RateLimited(RateLimit { retry_after_ms: Some(15_000), message })
    );
}

#[test]
fn errors_keep_their_words() {
    let ask = |exchange: Exchange| {
        test().http(exchange).invoke("domain reputation", json!({ "domain": "example.com" })).failure()
    };
    let domain = || get("/domains/example.com");
    let refused = ask(domain().answer_json(401, error("WrongCredentialsError", "Wrong API key")));
    assert_eq!(refused, Failure::Authentication("Wrong API key (WrongCredentialsError)".into()));
    let forbidden = ask(domain().answer_json(403, error("ForbiddenError", "You are not authorized")));
    assert_eq!(forbidden, Failure::Authentication("You are not authorized (ForbiddenError)".into()));
    let down = ask(domain().answer_json(503, error("TransientError", "Try again")));
    assert!(matches!(down, Failure::Upstream(error) if error.http_status == Some(503)));
    let garbage = ask(domain().answer(200, &b"{\xff\xfe"[..]));
    assert!(matches!(garbage, Failure::Upstream(error) if error.http_status == Some(200)));
}

#[test]
fn what_is_nothing_to_look_up_is_not_asked_for() {
    for (action, parameters) in [
        ("domain reputation", json!({ "domain": "a/../b" })),
        ("url reputation", json!({ "url": "http://a b" })),
        ("file reputation", json!({ "hash": "44d8" })),
    ] {
        let failure = test().invoke(action, parameters).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)), "{action}");
    }
}

/// Asks after requests so many milliseconds ago.
fn after(requests_per_minute: u32, ago: &[u64]) -> ConnectorTest<Configuration> {
    let now = ConnectorTest::<Configuration>::NOW_MS;
    let sent: Vec<_> = ago.iter().map(|ago| now - ago).collect();
    ConnectorTest::new(connector)
        .configuration(json!({ "api_key": "placeholder", "requests_per_minute": requests_per_minute }))
        .state("sent", &json!(sent).to_string())
}

#[test]
fn the_minutes_quota_is_not_overdrawn() {
    let asked = |test: ConnectorTest<Configuration>| {
        let url = get("/files/upload_url").answer_json(200, json!({ "data": "" }));
        test.http(url).invoke("test connectivity", json!({}))
    };
    let now = ConnectorTest::<Configuration>::NOW_MS;
    let ended = asked(after(4, &[61_000, 60_999, 30_000, 10]));
    let kept = &ended.state["sent"];
    assert_eq!(kept.value, json!([now - 60_999, now - 30_000, now - 10, now]).to_string());
    assert_eq!((kept.time_to_live_ms, kept.confidential), (61_000, false));
    ended.report();
    asked(after(0, &[1; 1_000])).report();
    asked(after(1_000, &[1; 999])).report();
    // What is no list of times counts for nothing.
    asked(test().state("sent", "{")).report();
    let (future, past) = (now + 3_600_000, now - 1);
    asked(test().state("sent", &json!([future, future, future, future, past]).to_string())).report();

    let waits =
        |test: ConnectorTest<Configuration>| match test.invoke("test connectivity", json!({})).failure() {
            Failure::RateLimited(limit) => limit.retry_after_ms.unwrap(),
            other => panic!("it is not limited: {other:?}"),
        };
    assert_eq!(waits(after(4, &[50_000, 30_000, 20_000, 10])), 11_000);
    assert_eq!(waits(after(1, &[50_000, 30_000, 20_000, 10])), 60_990);
    assert_eq!(waits(test().state("sent", &json!([now, now, now, now]).to_string())), 61_000);
}
