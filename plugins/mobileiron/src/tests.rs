use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Exchange, HttpError, Verdict},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

const DEVICES: &str = "https://core.example.com/api/v1/dm/devices";
const UUID: &str = "3a45b4d5-d2e5-468c-bf4f-149efff463a9";

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "url": "https://core.example.com/", "username": "soar", "password": "placeholder",
    }))
}

fn exchange(method: &str, path: &str) -> Exchange {
    Exchange::request(method, &format!("{DEVICES}{path}"))
        .basic("soar", "placeholder")
        .header("accept", "application/json")
}

fn device(status: &str) -> Value {
    json!({
        "@id": "7", "uuid": UUID, "status": status, "principal": "m.keller", "model": "iPhone 15",
        "platform": "iOS 18.1", "compliance": 0, "quarantinedStatus": 0, "employeeOwned": false,
        "wipeReason": 0, "details": [{ "entry": [{ "key": "iPhone UDID", "value": "x" }] }],
    })
}

fn read(status: &str) -> Exchange {
    let answer = json!({ "messages": null, "device": device(status), "totalCount": 1 });
    exchange("GET", &format!("/{UUID}")).answer_json(200, answer)
}

#[test]
fn a_list_of_one_is_written_as_that_one() {
    for devices in [json!([device("ACTIVE")]), device("ACTIVE")] {
        let report = test()
            .http(
                exchange("GET", "?offset=5&limit=500")
                    .answer_json(200, json!({ "totalCount": 6, "devices": { "device": devices } })),
            )
            .invoke("list devices", json!({ "start_index": 5 }))
            .report();
        assert_eq!(report.message, "Devices listed: 1 of 6.");
        assert_eq!(report.data["devices"][0]["principal"], "m.keller");
    }
    let nothing = exchange("GET", "?offset=0&limit=1").answer_json(200, json!({ "totalCount": 0 }));
    let report = test().http(nothing).invoke("list devices", json!({ "limit": 1 })).report();
    assert_eq!(report.summary["total"], 0);
}

#[test]
fn a_device_has_a_status() {
    let report = test().http(read("ACTIVE")).invoke("get system info", json!({ "uuid": UUID })).report();
    assert_eq!(report.message, "iPhone 15 of m.keller is ACTIVE.");
    assert_eq!((&report.summary["uuid"], &report.data["platform"]), (&json!(UUID), &json!("iOS 18.1")));
}

#[test]
fn commands_are_put_with_their_reason() {
    for (action, path) in [
        ("lock device", "lock/{}?reason=Lost%20phone%20%28Palisade%29"),
        ("unlock device", "unlock/{}?reason=Lost%20phone%20%28Palisade%29"),
        ("wipe device", "wipe/{}?Reason=Lost%20phone%20%28Palisade%29"),
    ] {
        let path = format!("/{}", path.replace("{}", UUID));
        let taken = json!({ "messages": { "message": "Request taken." } });
        let report = test()
            .http(exchange("PUT", &path).answer_json(200, taken))
            .invoke(action, json!({ "uuid": UUID, "reason": "Lost phone" }))
            .report();
        assert!(report.message.contains(UUID), "{}", report.message);
        assert_eq!(report.data["message"], "Request taken.");
    }
}

#[test]
fn a_wipe_that_names_a_user_is_sent_to_a_device_of_that_user_only() {
    let wipe = |user: &str, exchanges: Vec<Exchange>| {
        let test = exchanges.into_iter().fold(test(), ConnectorTest::http);
        test.invoke("wipe device", json!({ "uuid": UUID, "user": user }))
    };
    let put = || {
        let path = format!("/wipe/{UUID}?Reason=Palisade");
        exchange("PUT", &path).answer_json(200, json!({ "messages": { "message": "Request taken." } }))
    };
    for user in ["m.keller", "M.Keller"] {
        let report = wipe(user, vec![read("ACTIVE"), put()]).report();
        assert!(report.message.ends_with("is wiped when it next checks in."), "{}", report.message);
    }
    for another in ["j.osei", "m.keller@acme.example", "m.kelle"] {
        let refused =
            Failure::invalid(format!("device {UUID} is the iPhone 15 of m.keller, not of {another}"));
        assert_eq!(wipe(another, vec![read("ACTIVE")]).failure(), refused);
    }
    let again = wipe("m.keller", vec![read("WIPE_PENDING")]).report();
    assert!(again.message.ends_with("was asked for before: it is WIPE_PENDING."), "{}", again.message);
    let unread = exchange("GET", &format!("/{UUID}")).answer(503, "<html/>");
    assert!(matches!(wipe("m.keller", vec![unread]).failure(), Failure::Upstream(_)));
}

#[test]
fn a_wipe_is_verified_by_the_status_of_the_device() {
    let verify = |exchange| test().http(exchange).verify("wipe device", json!({ "uuid": UUID }));
    for status in ["WIPE_PENDING", "WIPE_SENT", "Wiped"] {
        assert_eq!(verify(read(status)).report().data["uuid"], UUID);
    }
    assert_eq!(verify(read("ACTIVE")).verdict, Ok(Verdict::DidNotHappen));
    let gone = exchange("GET", &format!("/{UUID}")).answer_json(404, json!({ "totalCount": 0 }));
    for unclear in [read("RETIRED"), read("WIPE_CANCELLED"), gone] {
        assert!(matches!(verify(unclear).verdict, Ok(Verdict::Unknown(_))));
    }
}

#[test]
fn answers_that_are_none_become_typed_failures() {
    let words = json!({ "messages": { "message": "Access denied." } });
    let ask = |exchange| test().http(exchange).invoke("get system info", json!({ "uuid": UUID })).failure();
    let asked = || exchange("GET", &format!("/{UUID}"));
    for status in [401, 403] {
        assert_eq!(
            ask(asked().answer_json(status, words.clone())),
            Failure::Authentication("Access denied.".into())
        );
    }
    assert!(matches!(ask(asked().answer_json(404, json!({ "totalCount": 0 }))), Failure::NotFound(_)));
    let limited = asked().answer(429, "<html/>").answer_header("retry-after", "3");
    assert!(matches!(ask(limited), Failure::RateLimited(limit) if limit.retry_after_ms == Some(3_000)));
    assert!(
        matches!(ask(asked().answer(503, "<html/>")), Failure::Upstream(error) if error.http_status == Some(503))
    );
    assert!(matches!(ask(asked().answer(200, &b"{\xff"[..])), Failure::Upstream(_)));
    let timeout = asked().fails(HttpError::Timeout("30 s".into()));
    assert_eq!(ask(timeout), Failure::Unavailable("30 s".into()));
}

#[test]
fn only_a_uuid_gets_into_the_path() {
    for action in ["get system info", "lock device", "unlock device", "wipe device"] {
        let failure = test().invoke(action, json!({ "uuid": "mac/ffffffffffff" })).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}
