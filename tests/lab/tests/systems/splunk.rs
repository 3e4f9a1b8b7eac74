//! Splunk.

use palisade_lab::{Lab, story};
use serde_json::json;

use crate::client::{Ask, Reply, get, lab, send};

async fn call(lab: &Lab, method: &str, path: &str, body: &str) -> Reply {
    let authorization = format!("Bearer {}", story::SPLUNK_TOKEN);
    let separator = if path.contains('?') { '&' } else { '?' };
    let url = format!("https://splunk.acme.example:8089{path}{separator}output_mode=json");
    let content_type = if body.is_empty() { "" } else { "application/x-www-form-urlencoded" };
    send(lab, &Ask { method, authorization: &authorization, content_type, body, ..get(&url) }).await.unwrap()
}

const JOBS: &str = "/services/search/v2/jobs";

#[tokio::test]
async fn a_job_runs_before_it_has_results() {
    let lab = lab().await;
    let begun = call(&lab, "POST", JOBS, "search=search%20index%3Dmany&max_count=1100").await;
    assert_eq!(begun.status, 201);
    let job = format!("{JOBS}/{}", begun.json()["sid"].as_str().unwrap());
    let results = format!("{job}/results");

    assert_eq!(call(&lab, "GET", &job, "").await.json()["entry"][0]["content"]["isDone"], false);
    assert_eq!(call(&lab, "GET", &results, "").await.status, 204);
    let content = call(&lab, "GET", &job, "").await.json()["entry"][0]["content"].take();
    assert_eq!((&content["isDone"], &content["resultCount"]), (&json!(true), &json!(1100)));

    let count = |reply: Reply| reply.json()["results"].as_array().unwrap().len();
    assert_eq!(count(call(&lab, "GET", &results, "").await), 100);
    assert_eq!(count(call(&lab, "GET", &format!("{results}?count=500&offset=1000"), "").await), 100);
    lab.forget_jobs();
    assert_eq!(call(&lab, "GET", &job, "").await.status, 404);
}

#[tokio::test]
async fn what_splunk_refuses_is_refused() {
    let lab = lab().await;
    for (path, body) in [
        (JOBS, "search=index%3Dmain"),
        (JOBS, "search=search%20x&nonsense=1"),
        ("/services/notable_update", "comment=x"),
        ("/services/receivers/simple?index=secret", "text"),
    ] {
        assert_eq!(call(&lab, "POST", path, body).await.status, 400, "{path} {body}");
    }
    let url = "https://splunk.acme.example:8089/services/authentication/current-context?output_mode=json";
    let refused = send(&lab, &Ask { authorization: "Bearer wrong", ..get(url) }).await.unwrap();
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["messages"][0]["text"], "call not properly authenticated");
}

#[tokio::test]
async fn a_change_of_a_notable_event_is_kept() {
    let lab = lab().await;
    let update = |id: &str| format!("ruleUIDs={}&status=2&comment=x", id.replace('@', "%40"));
    let changed = call(&lab, "POST", "/services/notable_update", &update(story::NOTABLE_EVENT)).await.json();
    assert_eq!((&changed["success"], &changed["success_count"]), (&json!(true), &json!(1)));
    let missing = call(&lab, "POST", "/services/notable_update", &update("other")).await.json();
    assert_eq!(missing["success"], false);

    let path = "/servicesNS/nobody/SA-ThreatIntelligence/storage/collections/data/incident_review?limit=5&sort=time:-1";
    assert_eq!(call(&lab, "GET", path, "").await.json(), json!(lab.reviews()));
    assert_eq!(lab.reviews().len(), 1);
}
