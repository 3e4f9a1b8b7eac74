//! The inventory.

use palisade_lab::{Lab, story};
use serde_json::json;

use crate::client::{Ask, Reply, get, lab, send_with};

async fn call(lab: &Lab, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Reply {
    let url = format!("https://inventory.acme.example/api/v1{path}");
    let content_type = if body.is_empty() { "" } else { "application/json" };
    let key = ("x-api-key", story::INVENTORY_KEY);
    let headers = [&[key], headers].concat();
    send_with(lab, &Ask { method, content_type, body, ..get(&url) }, &headers).await.unwrap()
}

#[tokio::test]
async fn an_asset_is_made_once_for_a_key() {
    let lab = lab().await;
    let key = [("idempotency-key", "k1")];
    let made = call(&lab, "POST", "/assets", r#"{"name":"srv01"}"#, &key).await;
    assert_eq!((made.status.as_u16(), made.json()), (201, json!({ "id": 1, "name": "srv01" })));
    assert_eq!(call(&lab, "POST", "/assets", r#"{"name":"srv01"}"#, &key).await.status, 200);

    let changed = call(&lab, "PATCH", "/assets/1", r#"{"owner":"a"}"#, &[]).await.json();
    assert_eq!(changed, json!({ "id": 1, "name": "srv01", "owner": "a" }));
    let replaced = call(&lab, "PUT", "/assets/1", r#"{"owner":"b"}"#, &[]).await.json();
    assert_eq!(replaced, json!({ "id": 1, "owner": "b" }));
    assert_eq!(call(&lab, "DELETE", "/assets/1", "", &[]).await.status, 204);
    assert_eq!(call(&lab, "GET", "/assets/1", "", &[]).await.status, 404);
    assert_eq!(call(&lab, "POST", "/assets", r#"{"nonsense":1}"#, &[]).await.status, 422);
    let refused = send_with(&lab, &get("https://inventory.acme.example/api/v1/health"), &[]).await.unwrap();
    assert_eq!(refused.status, 401);
}
