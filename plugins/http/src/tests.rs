#![allow(clippy::needless_pass_by_value, reason = "a script reads best with `json!` in place")]

use palisade_sdk::{
    Failure, RateLimit,
    bindings::connector::palisade::plugin::connector_descriptor::{Effect, Retry},
    testing::{ConnectorTest, Exchange},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

fn test(configuration: Value) -> ConnectorTest<Configuration> {
    let mut whole = json!({ "base_url": "https://api.example.com/v1/" });
    whole.as_object_mut().unwrap().extend(configuration.as_object().unwrap().clone());
    ConnectorTest::new(connector).configuration(whole)
}

fn users() -> Exchange {
    Exchange::get("https://api.example.com/v1/users").header("accept", "application/json")
}

#[test]
fn a_get_returns_json() {
    let report = test(json!({}))
        .http(
            Exchange::get("https://api.example.com/v1/users/a%20b%2541/?q=x%26y&z=1")
                .header("x-trace", "7")
                .answer_json(200, json!({ "id": 7 })),
        )
        .invoke(
            "get data",
            json!({ "location": "/users/a b%41/", "query": { "q": "x&y", "z": "1" }, "headers": { "x-trace": "7" } }),
        )
        .report();
    assert_eq!(report.message, "The API answered with status 200.");
    assert_eq!((&report.data["json"]["id"], &report.data["text"]), (&json!(7), &json!(null)));
}

#[test]
fn the_secret_goes_where_the_asset_says() {
    let ask = |configuration: Value, exchange: Exchange| {
        let answered = exchange.answer_json(200, json!([]));
        test(configuration).http(answered).invoke("get data", json!({ "location": "users" })).report();
    };
    ask(json!({ "auth": "bearer", "secret": "placeholder" }), users().bearer("placeholder"));
    ask(
        json!({ "auth": "basic", "username": "soar", "secret": "placeholder" }),
        users().basic("soar", "placeholder"),
    );
    ask(json!({ "auth": "header", "secret": "placeholder" }), users().header("x-api-key", "placeholder"));
    for name in crate::configuration::SECRET_HEADERS {
        ask(
            json!({ "auth": "header", "secret": "placeholder", "auth_header": name, "auth_scheme": "Token" }),
            users().header(name, "Token placeholder"),
        );
    }
    for incomplete in [json!({ "auth": "bearer" }), json!({ "auth": "basic", "secret": "placeholder" })] {
        let failure = test(incomplete).invoke("get data", json!({})).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}

#[test]
fn a_change_carries_its_key_and_stays_unsafe() {
    for (action, method) in
        [("post data", "POST"), ("put data", "PUT"), ("patch data", "PATCH"), ("delete data", "DELETE")]
    {
        let report = test(json!({ "idempotency_header": "Idempotency-Key" }))
            .http(
                Exchange::request(method, "https://api.example.com/v1/users")
                    .header("Idempotency-Key", "test-key")
                    .json(json!({ "name": "ü" }))
                    .answer(204, ""),
            )
            .invoke(action, json!({ "location": "/users", "body": { "name": "ü" } }))
            .report();
        assert_eq!(report.data["json"], json!(null));

        let described = connector().describe().actions.into_iter().find(|it| it.name == action).unwrap();
        assert_eq!((described.effect, described.retry), (Effect::Generic, Retry::Unsafe));
    }
}

#[test]
fn no_location_leads_out_of_the_base_url() {
    for location in ["/../admin", "a/./b", "a//b", "//evil.example/a"] {
        let failure = test(json!({})).invoke("get data", json!({ "location": location })).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)), "{location}");
    }
    let encoded = Exchange::get("https://api.example.com/v1/a%3Fb%23c%5Cd/%252e%252e");
    test(json!({})).http(encoded).invoke("get data", json!({ "location": "a?b#c\\d/%2e%2e" })).report();
}

#[test]
fn an_action_cannot_set_the_headers_of_the_asset() {
    for name in ["Authorization", "X-Api-Key", "Cookie", "idempotency-key", "Content-Type"] {
        let failure = test(json!({ "idempotency_header": "Idempotency-Key" }))
            .invoke("post data", json!({ "headers": { name: "x" } }))
            .failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)), "{name}");
    }
}

#[test]
fn what_is_not_json_is_text_unless_it_claims_to_be() {
    let ask = |exchange: Exchange| {
        test(json!({})).http(exchange).invoke("get data", json!({ "location": "users" }))
    };
    let report = ask(users().answer(200, "a,b\n1,2\n").answer_header("content-type", "text/csv")).report();
    assert_eq!(report.data["text"], "a,b\n1,2\n");
    let garbage = ask(users()
        .answer(200, &b"{\xff"[..])
        .answer_header("content-type", "application/problem+json; x=y"));
    assert!(matches!(garbage.failure(), Failure::Upstream(error) if error.http_status == Some(200)));
    let large = ask(users().answer(200, "x".repeat(1024 * 1024 + 1))).failure();
    assert!(matches!(large, Failure::Upstream(error) if error.message.contains("more than 1048576 bytes")));
}

#[test]
fn refusals_are_told_apart() {
    let ask = |status: u16| {
        let exchange = users().answer(status, "words").answer_header("Retry-After", "3");
        test(json!({})).http(exchange).invoke("get data", json!({ "location": "users" })).failure()
    };
    assert_eq!(ask(401), Failure::Authentication("words".into()));
    assert_eq!(ask(403), Failure::Authentication("words".into()));
    assert_eq!(ask(404), Failure::NotFound("words".into()));
    assert_eq!(
        ask(429),
        Failure::RateLimited(RateLimit { retry_after_ms: Some(3_000), message: "words".into() })
    );
    assert!(matches!(ask(500), Failure::Upstream(error) if error.http_status == Some(500)));
}

#[test]
fn the_test_asks_for_its_location() {
    let exchange = Exchange::get("https://api.example.com/v1/health").answer(200, "ok");
    test(json!({ "test_location": "health" })).http(exchange).invoke("test connectivity", json!({})).report();
}
