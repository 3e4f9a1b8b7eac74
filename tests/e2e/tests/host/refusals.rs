//! Every refusal is a problem document (RFC 9457) with the right status.

use palisade_e2e::{Host, Request, Script, Workshop};
use serde_json::{Value, json};

/// Sends a request that must be refused with this status; returns the document.
fn refused(host: &Host, status: u16, request: &Request) -> Value {
    let answer = host.send(request);
    assert_eq!(answer.status, status, "{request:?}: {answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    for member in ["type", "title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    problem
}

fn alert() -> Value {
    json!({ "id": "1", "name": "An alert", "label": "test" })
}

#[test]
fn what_cannot_be_taken_in_is_refused_with_a_reason() {
    let host = Host::start();
    let token = host.ingest_token();
    let post = |body: String| Request::new("POST", "/ingest/test").token(&token).body(body);
    let with = |field: &str, value: Value| {
        let mut alert = alert();
        alert[field] = value;
        post(alert.to_string())
    };

    // Who asks.
    let webhook = json!({ "result": {} }).to_string();
    refused(&host, 401, &Request::new("POST", "/ingest/splunk/wrong").body(webhook.as_str()));
    refused(&host, 401, &Request::new("POST", "/ingest/test").body(alert().to_string()));
    refused(&host, 401, &Request::new("POST", "/ingest/test").token("wrong").body(alert().to_string()));
    refused(&host, 401, &Request::new("GET", "/api/v1/alerts"));
    refused(&host, 401, &Request::new("GET", "/api/v1/alerts").token(&token));

    // What cannot be read.
    refused(&host, 400, &post("{\"id\": ".to_owned()));
    refused(&host, 400, &post(String::new()));
    let bad_source = Request::new("POST", "/ingest/Not%20A%20Name").token(&token).body(alert().to_string());
    refused(&host, 400, &bad_source);
    let splunk = Request::new("POST", &format!("/ingest/splunk/{token}"));
    refused(&host, 422, &splunk.clone().body(json!({ "search": "x" }).to_string()));

    // What is too much.
    let problem = refused(&host, 413, &with("description", "x".repeat(2 << 20).into()));
    assert_eq!(problem["limit_bytes"], 1 << 20);
    let mut deep = json!("bottom");
    for _ in 0..20 {
        deep = json!({ "a": deep });
    }
    let problem = refused(&host, 422, &splunk.clone().body(json!({ "result": deep.clone() }).to_string()));
    assert!(problem["pointer"].as_str().unwrap().starts_with("/result/a/a/a"), "{problem}");
    let slashes = json!({ "result": { "a/b~c": deep } });
    let problem = refused(&host, 422, &splunk.clone().body(slashes.to_string()));
    assert!(problem["pointer"].as_str().unwrap().starts_with("/result/a~1b~0c/a/a"), "{problem}");
    let wide: serde_json::Map<_, _> = (0..2_000).map(|n| (n.to_string(), Value::from(n))).collect();
    let problem = refused(&host, 422, &splunk.body(json!({ "result": wide }).to_string()));
    assert_eq!(problem["pointer"], "/result");

    // What is wrong in one place.
    for (field, value) in [
        ("name", json!("two\nlines")),
        ("name", json!(" ")),
        ("label", json!("x".repeat(2_000))),
        ("link", json!("javascript:alert(1)")),
    ] {
        let problem = refused(&host, 422, &with(field, value));
        assert_eq!(problem["pointer"], format!("/{field}"), "{problem}");
    }
    refused(&host, 422, &with("typo", json!(1)));

    assert_eq!(host.get("/alerts")["alerts"], json!([]), "something was taken in all the same");
    assert_eq!(host.send(&post(alert().to_string())).status, 201);
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    let host = Host::start();
    let api = |method: &str, path: &str| Request::new(method, path).token(&host.admin_token());
    for path in [
        "/nothing",
        "/api/v1/nothing",
        "/api/v1/alerts/1",
        "/api/v1/alerts/first",
        "/api/v1/runs/18446744073709551616",
        "/api/v1/plugins/none",
    ] {
        refused(&host, 404, &api("GET", path));
    }
    refused(&host, 404, &api("POST", "/api/v1/assets/none/test"));
    refused(&host, 404, &api("DELETE", "/api/v1/plugins/none"));
    refused(&host, 404, &api("POST", "/api/v1/playbooks/none/runs").body(json!({ "alert": 1 }).to_string()));
    refused(&host, 405, &api("GET", "/ingest/test"));
    refused(&host, 405, &api("DELETE", "/api/v1/alerts"));
    refused(&host, 400, &api("GET", "/api/v1/alerts?limit=many"));
    refused(&host, 400, &api("GET", "/api/v1/plugins/Not%20A%20Name"));
    refused(&host, 422, &api("POST", "/api/v1/plugins/inspect").body("#!/bin/sh"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_cannot_say_about_a_run_is_refused_with_a_reason() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let run = workshop.run(&Script::new().ask("tier2", "Go on?", 3_600_000).wait(1));
    host.until(run, "waiting");
    let post = |path: &str, body: &str| {
        let path = format!("/api/v1/runs/{path}").replace("RUN", &run.to_string());
        Request::new("POST", &path).token(&host.admin_token()).body(body)
    };
    for (status, path, body) in [
        (404, "99/cancel", "{}"),
        (404, "99/steps/1/answer", r#"{"answer": "yes"}"#),
        (404, "RUN/steps/7/decision", r#"{"decision": "done"}"#),
        (404, "RUN/steps/first/answer", r#"{"answer": "yes"}"#),
        (409, "RUN/resume", "{}"),
        (409, "RUN/retry", "{}"),
        (409, "RUN/steps/1/decision", r#"{"decision": "done"}"#),
        (400, "RUN/steps/1/answer", "{"),
        (400, "RUN/steps/1/answer", "{}"),
        (422, "RUN/steps/1/answer", r#"{"answer": {"a": [1]}}"#),
        (422, "RUN/steps/1/answer", r#"{"answer": "yes", "by": " "}"#),
        (400, "RUN/steps/1/decision", r#"{"decision": "maybe"}"#),
        (400, "RUN/cancel", r#"{"typo": 1}"#),
        (400, "import", "not a journal"),
    ] {
        refused(host, status, &post(path, body));
    }
    let without = Request::new("POST", &format!("/api/v1/runs/{run}/cancel"));
    refused(host, 401, &without);
    refused(host, 401, &without.clone().token(&host.ingest_token()));
    host.until(run, "waiting");

    // A run that has not ended is no use elsewhere.
    let journal = host.text(&["run", "export", &run.to_string()]);
    refused(host, 422, &post("import", &journal));
}
