//! Faults, and the control port that arms them.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use palisade_lab::{Fault, FaultKind, Lab, System, story};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{get, lab, send};

const INFO: &str = "https://api.shodan.io/api-info?key=LABxK3yForPalisade0000000000LAB1";

fn arm(lab: &Lab, kind: FaultKind) {
    lab.faults().arm(Fault { system: System::Shodan, path_prefix: None, times: Some(1), kind }).unwrap();
}

async fn control(lab: &Lab, method: &str, path: &str, body: &str) -> (u16, Value) {
    let stream = TcpStream::connect(lab.control()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", lab.control().to_string())
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn the_rate_limit_answers_in_shodans_words() {
    let lab = lab().await;
    arm(&lab, FaultKind::Status { code: 429, body: None, retry_after: Some(1) });
    let reply = send(&lab, &get(INFO)).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "1"));
    assert!(
        reply.json()["error"]
            .as_str()
            .unwrap()
            .starts_with("Request rate limit reached (1 request/ second).")
    );
    assert_eq!(send(&lab, &get(INFO)).await.unwrap().status, 200);
}

#[tokio::test]
async fn broken_answers_break_as_asked() {
    let lab = lab().await;
    arm(&lab, FaultKind::ResetBeforeResponse);
    send(&lab, &get(INFO)).await.unwrap_err();
    arm(&lab, FaultKind::Garbage);
    let reply = send(&lab, &get(INFO)).await.unwrap();
    assert!(str::from_utf8(&reply.body).is_err());
    arm(&lab, FaultKind::Huge { bytes: 100_000 });
    let reply = send(&lab, &get(INFO)).await.unwrap();
    assert_eq!(reply.body.len(), 100_000);
    assert!(!reply.headers.contains_key("content-length"));
    arm(&lab, FaultKind::Redirect { location: "https://evil.example/".to_owned() });
    let reply = send(&lab, &get(INFO)).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.header("location")), (302, "https://evil.example/"));

    let entries = lab.ledger().entries().unwrap();
    let outcomes: Vec<_> = entries.iter().map(|entry| (entry.status, entry.fault)).collect();
    assert_eq!(outcomes, [(None, true), (Some(200), true), (Some(200), true), (Some(302), true)]);
}

#[tokio::test]
async fn a_hanging_request_is_recorded_and_never_answered() {
    let lab = lab().await;
    arm(&lab, FaultKind::Hang);
    let asked = get(INFO);
    let hanging = send(&lab, &asked);
    let recorded = async {
        while lab.ledger().entries().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        reply = hanging => panic!("answered: {reply:?}"),
        () = recorded => {}
    }
}

#[tokio::test]
async fn the_control_port_does_what_the_library_does() {
    let lab = lab().await;
    let fault =
        r#"{"system": "shodan", "path_prefix": "/api-info", "times": 1, "kind": {"status": {"code": 503}}}"#;
    assert_eq!(control(&lab, "POST", "/faults", fault).await.0, 204);
    assert_eq!(control(&lab, "POST", "/faults", r#"{"system": "mars"}"#).await.0, 400);
    assert_eq!(send(&lab, &get(INFO)).await.unwrap().status, 503);

    let (_, ledger) = control(&lab, "GET", "/ledger?system=shodan", "").await;
    assert_eq!(ledger["entries"][0]["status"], 503);
    assert_eq!(ledger["entries"][0]["query"], format!("key={}", story::SHODAN_KEY));
    assert_eq!(control(&lab, "DELETE", "/ledger", "").await.0, 204);
    assert_eq!(control(&lab, "GET", "/ledger", "").await.1, json!({ "entries": [] }));
    assert_eq!(control(&lab, "GET", "/tickets", "").await.1, json!({ "tickets": [] }));
    assert_eq!(control(&lab, "PUT", "/latency", r#"{"system": "shodan", "ms": 1}"#).await.0, 204);
}

#[tokio::test]
async fn a_name_that_is_not_played_is_refused() {
    let lab = lab().await;
    let reply = send(&lab, &get("https://other.service-now.com/")).await.unwrap();
    assert_eq!(reply.status, 421);
}
