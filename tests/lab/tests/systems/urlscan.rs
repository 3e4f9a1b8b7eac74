//! urlscan.io.

use palisade_lab::{Lab, story};
use serde_json::{Value, json};

use crate::client::{Ask, Reply, get, lab, send_with};

const SCAN: &str = "https://urlscan.io/api/v1/scan/";

async fn look(lab: &Lab, path: &str, key: &str) -> Reply {
    send_with(lab, &get(&format!("https://urlscan.io/api/v1{path}")), &[("api-key", key)]).await.unwrap()
}

async fn submit(lab: &Lab, body: &Value) -> Reply {
    let body = body.to_string();
    let ask = Ask { method: "POST", content_type: "application/json", body: &body, ..get(SCAN) };
    send_with(lab, &ask, &[("api-key", story::URLSCAN_KEY)]).await.unwrap()
}

#[tokio::test]
async fn a_scan_is_not_found_until_it_is_finished() {
    let lab = lab().await;
    let scan = submit(&lab, &json!({ "url": story::PHISHING_URL, "tags": ["palisade-1"] })).await.json();
    let result = format!("/result/{}/", scan["uuid"].as_str().unwrap());
    let by_tag = "/search/?q=task.tags%3A%22palisade-1%22";
    assert_eq!(look(&lab, by_tag, story::URLSCAN_KEY).await.json()["total"], 0);
    assert_eq!(look(&lab, &result, story::URLSCAN_KEY).await.status, 404);
    let finished = look(&lab, &result, story::URLSCAN_KEY).await.json();
    assert_eq!(finished["verdicts"]["overall"]["malicious"], true);
    let found = look(&lab, by_tag, story::URLSCAN_KEY).await.json();
    assert_eq!(found["results"][0]["_id"], scan["uuid"]);
    assert_eq!(lab.scanned(), [story::PHISHING_URL]);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let lab = lab().await;
    assert_eq!(look(&lab, "/quotas", "short").await.status, 400);
    assert_eq!(look(&lab, "/quotas", "0196d976-1ab0-7aae-8a57-000000000000").await.status, 401);
    assert_eq!(look(&lab, "/quotas", story::URLSCAN_KEY).await.status, 200);
    let unknown = format!("https://{}/", story::UNKNOWN_DOMAIN);
    for (url, words) in [(unknown.as_str(), "DNS Error"), ("ftp://example.net/", "ValidationError")] {
        let reply = submit(&lab, &json!({ "url": url })).await;
        assert_eq!(reply.status, 400, "{url}");
        assert!(reply.json()["message"].as_str().unwrap().starts_with(words), "{url}");
    }
    assert_eq!(submit(&lab, &json!({})).await.json()["message"], "Missing URL properties");
}
