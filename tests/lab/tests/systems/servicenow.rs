//! ServiceNow.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use palisade_lab::{Fault, FaultKind, Lab, System, story};
use serde_json::{Value, json};

use crate::client::{Ask, Broken, Reply, lab, send};

const INSTANCE: &str = "https://acme.service-now.com";

fn basic() -> String {
    let credentials = format!("{}:{}", story::SERVICENOW_USER, story::SERVICENOW_PASSWORD);
    format!("Basic {}", STANDARD.encode(credentials))
}

async fn call(lab: &Lab, method: &str, path: &str, body: &str) -> Result<Reply, Broken> {
    let (url, authorization) = (format!("{INSTANCE}{path}"), basic());
    let content_type = if body.is_empty() { "" } else { "application/json" };
    send(lab, &Ask { method, url: &url, authorization: &authorization, content_type, body }).await
}

async fn create(lab: &Lab, fields: Value) -> Value {
    let reply = call(lab, "POST", "/api/now/table/incident", &fields.to_string()).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["result"].clone()
}

#[tokio::test]
async fn a_ticket_is_created_and_can_be_read() {
    let lab = lab().await;
    let fields = json!({
        "short_description": "Suspicious connection",
        "impact": 1,
        "urgency": "2",
        "correlation_id": "run-1",
        "work_notes": "Started by a playbook.",
        "u_not_there": "x",
    });
    let reply = call(&lab, "POST", "/api/now/table/incident", &fields.to_string()).await.unwrap();
    let ticket = reply.json()["result"].clone();
    let sys_id = ticket["sys_id"].as_str().unwrap();
    assert_eq!(reply.header("location"), format!("{INSTANCE}/api/now/table/incident/{sys_id}"));
    assert_eq!((&ticket["number"], &ticket["priority"]), (&json!("INC0010001"), &json!("2")));
    assert_eq!(ticket["work_notes"], "", "a journal field reads back empty");
    assert!(ticket.get("u_not_there").is_none());
    assert!(ticket["opened_by"]["link"].as_str().unwrap().starts_with(INSTANCE));

    let path =
        format!("/api/now/table/sys_journal_field?sysparm_query=element_id={sys_id}^element=work_notes");
    let notes = call(&lab, "GET", &path, "").await.unwrap().json();
    assert_eq!(notes["result"][0]["value"], "Started by a playbook.");

    let path = format!(
        "/api/now/table/incident/{sys_id}?sysparm_display_value=true&sysparm_fields=impact,opened_by"
    );
    let shown = call(&lab, "GET", &path, "").await.unwrap().json();
    assert_eq!(shown["result"]["impact"], "1 - High");
    assert_eq!(shown["result"]["opened_by"]["display_value"], "Palisade Integration");
    assert_eq!(lab.tickets()[0]["journal"][0]["element"], "work_notes");
}

#[tokio::test]
async fn a_list_has_order_pages_and_links() {
    let lab = lab().await;
    for name in ["c", "a", "b", "other"] {
        create(
            &lab,
            json!({ "short_description": name, "category": if name == "other" { "x" } else { "y" } }),
        )
        .await;
    }
    let path = "/api/now/table/incident?sysparm_query=category=y^ORDERBYDESCshort_description&sysparm_limit=2&sysparm_offset=0&sysparm_fields=short_description";
    let reply = call(&lab, "GET", path, "").await.unwrap();
    assert_eq!(reply.header("x-total-count"), "3");
    let expected = json!({ "result": [{ "short_description": "c" }, { "short_description": "b" }] });
    assert_eq!(reply.json(), expected);
    let next = reply.header("link").split(',').find(|link| link.ends_with("rel=\"next\"")).unwrap();
    let next = next.split(['<', '>']).nth(1).unwrap().strip_prefix(INSTANCE).unwrap();
    let reply = call(&lab, "GET", next, "").await.unwrap();
    assert_eq!(reply.json(), json!({ "result": [{ "short_description": "a" }] }));
    assert!(!reply.header("link").contains("rel=\"next\""));
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let lab = lab().await;
    let ticket = create(&lab, json!({ "short_description": "x", "correlation_id": "old" })).await;
    let path = format!("/api/now/table/incident/{}", ticket["sys_id"].as_str().unwrap());
    let update = r#"{"state": "7", "correlation_id": "new"}"#;
    let changed = call(&lab, "PATCH", &path, update).await.unwrap().json()["result"].clone();
    assert_eq!((&changed["active"], &changed["sys_mod_count"]), (&json!("false"), &json!("1")));
    for (correlation, count) in [("old", "0"), ("new", "1")] {
        let path = format!("/api/now/table/incident?sysparm_query=correlation_id={correlation}");
        assert_eq!(call(&lab, "GET", &path, "").await.unwrap().header("x-total-count"), count);
    }
}

#[tokio::test]
async fn errors_are_worded_as_servicenow_words_them() {
    let lab = lab().await;
    let missing = "/api/now/table/incident/00000000000000000000000000000000";
    let reply = call(&lab, "GET", missing, "").await.unwrap();
    assert_eq!(reply.status, 404);
    let error = json!({
        "error": {
            "message": "No Record found",
            "detail": "Record doesn't exist or ACL restricts the record retrieval",
        },
        "status": "failure",
    });
    assert_eq!(reply.json(), error);

    let reply = call(&lab, "GET", "/api/now/table/nonsense", "").await.unwrap();
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["error"]["message"]),
        (400, &json!("Invalid table nonsense"))
    );
    let reply = call(&lab, "POST", "/api/now/table/incident", "{").await.unwrap();
    assert_eq!(reply.status, 400);

    let url = format!("{INSTANCE}/api/now/table/incident");
    let wrong = Ask { method: "GET", url: &url, authorization: "Basic bm86bm8=", content_type: "", body: "" };
    let reply = send(&lab, &wrong).await.unwrap();
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["error"]["message"], "User Not Authenticated");
    assert!(lab.tickets().is_empty());
}

async fn token(lab: &Lab, form: &str) -> Reply {
    let body = format!(
        "client_id={}&client_secret={}&{form}",
        story::SERVICENOW_CLIENT_ID,
        story::SERVICENOW_CLIENT_SECRET
    );
    let url = format!("{INSTANCE}/oauth_token.do");
    let content_type = "application/x-www-form-urlencoded";
    send(lab, &Ask { method: "POST", url: &url, authorization: "", content_type, body: &body }).await.unwrap()
}

async fn status_with(lab: &Lab, granted: &Value) -> u16 {
    let authorization = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let url = format!("{INSTANCE}/api/now/table/incident");
    let ask = Ask { method: "GET", url: &url, authorization: &authorization, content_type: "", body: "" };
    send(lab, &ask).await.unwrap().status.as_u16()
}

#[tokio::test]
async fn a_token_opens_until_it_expires_and_can_be_refreshed() {
    let lab = lab().await;
    let form = format!(
        "grant_type=password&username={}&password={}",
        story::SERVICENOW_USER,
        story::SERVICENOW_PASSWORD
    );
    let granted = token(&lab, &form).await.json();
    assert_eq!(status_with(&lab, &granted).await, 200);
    lab.expire_tokens();
    assert_eq!(status_with(&lab, &granted).await, 401);
    let form =
        format!("grant_type=refresh_token&refresh_token={}", granted["refresh_token"].as_str().unwrap());
    let granted = token(&lab, &form).await.json();
    assert_eq!(status_with(&lab, &granted).await, 200);

    let granted = token(&lab, "grant_type=client_credentials").await.json();
    assert!(granted.get("refresh_token").is_none());
    let denied = token(&lab, "grant_type=password&username=a&password=b").await;
    assert_eq!(denied.status, 401);
    assert_eq!(denied.json(), json!({ "error_description": "access_denied", "error": "server_error" }));
}

#[tokio::test]
async fn a_reset_after_the_effect_leaves_a_ticket() {
    let lab = lab().await;
    let kind = FaultKind::ResetAfterEffect;
    lab.faults().arm(Fault { system: System::ServiceNow, path_prefix: None, times: Some(1), kind }).unwrap();
    call(&lab, "POST", "/api/now/table/incident", r#"{"short_description": "x"}"#).await.unwrap_err();
    assert_eq!(lab.tickets().len(), 1);
}
