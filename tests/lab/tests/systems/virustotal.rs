//! VirusTotal.

use palisade_lab::{Lab, story};

use crate::client::{Reply, get, lab, send_with};

async fn look_up(lab: &Lab, path: &str, key: &str) -> Reply {
    let url = format!("https://www.virustotal.com/api/v3{path}");
    send_with(lab, &get(&url), &[("x-apikey", key)]).await.unwrap()
}

#[tokio::test]
async fn what_is_known_has_its_engines_counted() {
    let lab = lab().await;
    for path in [
        format!("/ip_addresses/{}", story::DESTINATION_IP),
        format!("/domains/{}", story::DESTINATION_DOMAIN),
        "/urls/aHR0cHM6Ly91cGRhdGVzLmNkbi1tZXRyaWNzLmNvbS92Mi9jaGVjaw".to_owned(),
        format!("/files/{}", story::BEACON_SHA256),
    ] {
        let reply = look_up(&lab, &path, story::VIRUSTOTAL_KEY).await.json();
        assert!(reply["data"]["attributes"]["last_analysis_stats"]["malicious"].as_u64() > Some(5), "{path}");
    }
}

#[tokio::test]
async fn who_scans_is_malicious_or_not() {
    let lab = lab().await;
    for (path, malicious) in [
        (format!("/ip_addresses/{}", story::SCANNER_IP), 11),
        (format!("/domains/{}", story::SCANNER_DOMAIN), 12),
        (format!("/ip_addresses/{}", story::SURVEYOR_IP), 0),
        (format!("/domains/{}", story::SURVEYOR_DOMAIN), 0),
        (format!("/ip_addresses/{}", story::PRETENDER_IP), 1),
    ] {
        let reply = look_up(&lab, &path, story::VIRUSTOTAL_KEY).await.json();
        assert_eq!(reply["data"]["attributes"]["last_analysis_stats"]["malicious"], malicious, "{path}");
    }
}

#[tokio::test]
async fn errors_are_those_of_the_documentation() {
    let lab = lab().await;
    let (key, unknown) = (story::VIRUSTOTAL_KEY, format!("/ip_addresses/{}", story::UNKNOWN_IP));
    for (path, key, status, code) in [
        (unknown.as_str(), key, 404, "NotFoundError"),
        ("/urls/aHR0cHM6Ly9hLmV4YW1wbGU", key, 404, "NotFoundError"),
        ("/ip_addresses/nonsense", key, 400, "InvalidArgumentError"),
        (unknown.as_str(), "wrong", 401, "WrongCredentialsError"),
    ] {
        let reply = look_up(&lab, path, key).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["code"]), (status, &code.into()), "{path}");
    }
}

#[tokio::test]
async fn the_public_api_takes_four_requests_a_minute() {
    let lab = lab().await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let reply = look_up(&lab, "/files/upload_url", story::VIRUSTOTAL_PUBLIC_KEY).await;
        statuses.push(reply.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429]);
}
