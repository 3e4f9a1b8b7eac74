//! Users with tokens of their own: what they may do, and what they may not.

use palisade_e2e::{Answer, Host, Kind, Request, Script, Workshop};
use serde_json::{Value, json};

use crate::journal::{end, entry};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// Adds a user, and returns their token.
fn add(host: &Host, name: &str, roles: &[&str]) -> String {
    let roles = roles.iter().flat_map(|role| ["--role", role]);
    let user = host.json(&["user", "add", name].into_iter().chain(roles).collect::<Vec<_>>());
    user["token"].as_str().unwrap().to_owned()
}

fn ask(host: &Host, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = Request::new(method, &format!("/api/v1{path}")).token(token);
    host.send(&if method == "GET" { request } else { request.body(body.to_string()) })
}

/// Runs a command as somebody, and tells what it exits with and what it says of errors.
fn command(host: &Host, token: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = host.command(arguments).env("PALISADE_TOKEN", token).env("USER", "root").output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_reads_everything_but_users_and_changes_nothing_but_runs() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let anna = add(host, "anna", &["tier2"]);
    let run = workshop.run(&Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1));
    host.until(run, "waiting");
    let caller = ask(host, &anna, "GET", "/caller", &Value::Null).json();
    assert_eq!(caller, json!({ "name": "anna", "roles": ["tier2"], "admin": false }));

    let mine = format!("/runs/{run}");
    for path in [
        "/status",
        "/alerts",
        "/alerts/1",
        "/runs",
        &mine,
        &format!("{mine}/journal"),
        &format!("{mine}/export"),
        "/tasks",
        "/playbooks",
        "/playbooks/script",
        "/lists",
        "/safe-mode",
        "/policy",
        "/plugins",
        "/plugins/script",
        "/plugins/script/needs",
        "/trust",
        "/assets",
        "/audit",
        "/audit/export",
    ] {
        assert_eq!(ask(host, &anna, "GET", path, &Value::Null).status, 200, "{path}");
    }
    assert_eq!(ask(host, &anna, "POST", "/audit/verify", &json!({})).status, 200);

    let before = host.get("/audit")["head"].clone();
    for (method, path, body) in [
        ("GET", "/users", json!({})),
        ("POST", "/users", json!({ "name": "eve", "roles": ["tier2"] })),
        ("DELETE", "/users/anna", json!({})),
        ("POST", "/runs/import", json!({})),
        ("POST", "/playbooks/script/runs", json!({ "alert": 1 })),
        ("PUT", "/playbooks/script/settings", json!({})),
        ("PUT", "/lists/executives", json!({})),
        ("DELETE", "/lists/executives", json!({})),
        ("POST", "/lists/executives/entries", json!({ "value": "anna" })),
        ("DELETE", "/lists/executives/entries", json!({ "value": "anna" })),
        ("PUT", "/safe-mode", json!({ "on": false })),
        ("POST", "/plugins", json!({})),
        ("POST", "/plugins/inspect", json!({})),
        ("DELETE", "/plugins/script", json!({})),
        ("GET", "/plugins/script/component", json!({})),
        ("POST", "/plugins/script/rollback", json!({})),
        ("POST", "/plugins/script/enable", json!({})),
        ("POST", "/plugins/script/disable", json!({})),
        ("POST", "/trust", json!({})),
        ("DELETE", "/trust/acme", json!({})),
        ("PUT", "/assets/actuator", json!({ "connector": "actuator" })),
        ("DELETE", "/assets/actuator", json!({})),
        ("POST", "/assets/actuator/test", json!({})),
    ] {
        let answer = ask(host, &anna, method, path, &body);
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
        assert_eq!(answer.json()["type"], "urn:palisade:problem:forbidden");
    }
    assert_eq!(host.get("/audit")["head"], before, "something was done all the same");
    // With the ingest token nobody is a user, and a user is no source.
    assert_eq!(ask(host, &host.ingest_token(), "GET", "/status", &Value::Null).status, 401);
    let alert = json!({ "id": "x", "name": "x", "label": "x", "artifacts": [] });
    let sent = Request::new("POST", "/ingest/test").token(&anna).body(alert.to_string());
    assert_eq!(host.send(&sent).status, 401);

    for what in ["pause", "resume", "cancel"] {
        let answer = ask(host, &anna, "POST", &format!("{mine}/{what}"), &json!({ "note": "as agreed" }));
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
        host.until(
            run,
            match what {
                "pause" => "paused",
                "resume" => "waiting",
                _ => "cancelled",
            },
        );
    }
    let cancelled = host.get(&mine);
    let asked = entry(&cancelled, "cancel-asked");
    assert_eq!(
        (&asked["by"], &asked["note"], &asked["by_admin"]),
        (&json!("anna"), &json!("as agreed"), &Value::Null)
    );
    let (code, words) = command(host, &anna, &["asset", "remove", "actuator"]);
    assert!(code == Some(5) && words.contains("for the admin alone"), "{code:?}: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_by_whom_it_asks() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let (anna, kim) = (add(host, "anna", &["tier2"]), add(host, "kim", &["tier1"]));
    let script = ["tier2", "kim", "SOC lead"]
        .iter()
        .fold(Script::new(), |script, to| script.ask(to, "Go on?", AN_HOUR));
    let run = workshop.run(&script.wait(1).wait(2).wait(3));
    host.until(run, "waiting");
    let answer = |token: &str, step: u32, by: Option<&str>| {
        let body = by.map_or_else(|| json!({ "answer": "yes" }), |by| json!({ "answer": "yes", "by": by }));
        let answer = ask(host, token, "POST", &format!("/runs/{run}/steps/{step}/answer"), &body);
        (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
    };

    let (status, words) = answer(&kim, 1, None);
    assert!(status == 403 && words.contains("asks tier2"), "{status}: {words}");
    let (code, words) = command(host, &kim, &["answer", &format!("{run}.1"), "yes"]);
    assert!(code == Some(5) && words.contains("asks tier2"), "{code:?}: {words}");
    // Nobody speaks for somebody else.
    let (status, words) = answer(&anna, 1, Some("kim"));
    assert!(status == 403 && words.contains("anna's"), "{status}: {words}");
    assert_eq!(answer(&kim, 1, Some("anna")).0, 403);
    assert_eq!(
        host.get("/tasks")["tasks"].as_array().unwrap().len(),
        3,
        "something was answered all the same"
    );

    assert_eq!(command(host, &anna, &["answer", &format!("{run}.1"), "yes"]), (Some(0), String::new()));
    assert_eq!(answer(&anna, 2, None).0, 403);
    assert_eq!(answer(&kim, 2, Some("kim")).0, 200);
    assert_eq!(answer(&anna, 3, None).0, 403);
    assert_eq!(answer(&host.admin_token(), 3, Some("the lead")).0, 200);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "succeeded");
    let answered =
        ended["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == "prompt-answered");
    let who: Vec<_> = answered.map(|entry| entry["by"].clone()).collect();
    let lead = json!({ "by": "the lead", "by_admin": true });
    assert_eq!(who, [json!({ "by": "anna" }), json!({ "by": "kim" }), lead]);
}

#[test]
fn a_user_is_known_until_they_are_removed() {
    let host = Host::start();
    let created = host.text(&["user", "add", "anna", "--role", "tier2", "--role", "soc-lead"]);
    let token = created.lines().nth(1).unwrap().trim().to_owned();
    assert!(created.contains("soc-lead, tier2") && token.len() == 48, "{created}");
    let known = |host: &Host, token: &str| ask(host, token, "GET", "/caller", &Value::Null).status;
    assert_eq!(known(&host, &token), 200);
    let listed = host.text(&["user", "list"]);
    assert!(listed.contains("anna  soc-lead, tier2") && !listed.contains(&token), "{listed}");
    assert!(!host.json(&["user", "list"]).to_string().contains("token"));

    for (name, roles, status) in [
        ("anna", json!([]), 409),
        ("tier2", json!([]), 409),
        ("kim", json!(["anna"]), 409),
        ("kim", json!(["kim"]), 409),
        ("admin", json!([]), 422),
        ("palisade", json!([]), 422),
        ("Not a name", json!([]), 400),
        ("kim", json!(["Tier 2"]), 400),
        ("kim", json!((0..21).map(|n| format!("role-{n}")).collect::<Vec<_>>()), 422),
    ] {
        let answer = host.post("/users", &json!({ "name": name, "roles": roles }));
        assert_eq!(answer.status, status, "{name} with {roles}: {}", answer.text);
    }

    let host = host.kill_and_restart();
    assert_eq!(known(&host, &token), 200, "a user is forgotten by a crash");
    host.text(&["user", "remove", "anna"]);
    assert_eq!(known(&host, &token), 401);
    assert_eq!(command(&host, &token, &["run", "list"]).0, Some(5));
    let again = add(&host, "anna", &[]);
    assert_eq!((known(&host, &token), known(&host, &again)), (401, 200));
    let host = host.stop_and_restart();
    assert_eq!((known(&host, &token), known(&host, &again)), (401, 200));
    assert_eq!(host.palisade(&["user", "remove", "kim"]).status.code(), Some(4));
}

/// Pages are the lead's to approve.
const PAGES: &str = r#"
[[rule]]
name = "Pages are the lead's"
action = ["send page"]
then = "approve"
role = "soc-lead"
within = "1h"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_is_approved_by_the_role_that_the_policy_names() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    host.set_policy(Some(PAGES));
    let (anna, kim) = (add(host, "anna", &["tier2"]), add(host, "kim", &["soc-lead"]));
    let run = workshop.run(&Script::new().act_and_wait(Kind::Page, "page"));
    host.until(run, "waiting");
    let place = format!("{run}.1");
    for word in ["approve", "deny"] {
        let (code, words) = command(host, &anna, &[word, &place]);
        assert!(code == Some(5) && words.contains("asks soc-lead"), "{word}: {code:?}: {words}");
    }
    assert_eq!(workshop.lab.effects(), [""; 0]);
    assert_eq!(command(host, &kim, &["approve", &place, "--note", "on call"]).0, Some(0));
    assert_eq!(end(&host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
    let log = host.get("/audit?limit=500");
    let log = log["entries"].as_array().unwrap();
    let of = |what| log.iter().find(|entry| entry["what"] == what).unwrap();
    let decided = of("approval-decided");
    assert_eq!((&decided["who"], &decided["approved"]), (&json!("kim"), &json!(true)), "{decided:#}");
    assert_eq!((&decided["note"], decided["by_admin"].as_bool()), (&json!("on call"), None), "{decided:#}");
    let rule = &of("action-sent")["rule"];
    assert!(rule.as_str().is_some_and(|rule| rule.contains("Pages are the lead's")), "{rule}");
    assert_eq!(&decided["rule"], rule);
}
