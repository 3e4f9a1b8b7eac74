//! Shodan.

use palisade_lab::{System, story};

use crate::client::{get, lab, send};

fn url(path: &str, key: &str) -> String {
    format!("https://api.shodan.io{path}{}key={key}", if path.contains('?') { '&' } else { '?' })
}

#[tokio::test]
async fn a_known_host_has_banners() {
    let lab = lab().await;
    let asked = url(&format!("/shodan/host/{}", story::DESTINATION_IP), story::SHODAN_KEY);
    let host = send(&lab, &get(&asked)).await.unwrap().json();
    assert_eq!(host["ip_str"], story::DESTINATION_IP);
    assert_eq!(host["ports"], serde_json::json!([22, 443, 8443]));
    assert_eq!(host["data"].as_array().unwrap().len(), 3);
    assert_eq!(host["data"][1]["ssl"]["cert"]["subject"]["CN"], story::DESTINATION_DOMAIN);

    let entries = lab.ledger().of(System::Shodan).unwrap();
    assert_eq!((entries.len(), entries[0].status, entries[0].authenticated), (1, Some(200), Some(true)));
}

#[tokio::test]
async fn errors_are_worded_as_shodan_words_them() {
    let lab = lab().await;
    let unknown = url(&format!("/shodan/host/{}", story::UNKNOWN_IP), story::SHODAN_KEY);
    let reply = send(&lab, &get(&unknown)).await.unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(reply.json(), serde_json::json!({ "error": "No information available for that IP." }));

    let reply = send(&lab, &get(&url("/shodan/host/nonsense", story::SHODAN_KEY))).await.unwrap();
    assert_eq!(reply.json(), serde_json::json!({ "error": "Invalid IP" }));

    let reply = send(&lab, &get(&url("/api-info", "wrong"))).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.text().starts_with('<')), (401, true));
    assert_eq!(lab.ledger().entries().unwrap()[2].authenticated, Some(false));
}

#[tokio::test]
async fn a_domain_is_searched_by_its_host_names() {
    let lab = lab().await;
    let search = |domain| url(&format!("/shodan/host/search?query=hostname:{domain}"), story::SHODAN_KEY);
    let found = send(&lab, &get(&search(story::REGISTERED_DOMAIN))).await.unwrap().json();
    assert_eq!(found["total"], 3);
    assert_eq!(found["matches"][0]["ip_str"], story::DESTINATION_IP);
    let found = send(&lab, &get(&search(story::UNKNOWN_DOMAIN))).await.unwrap().json();
    assert_eq!(found, serde_json::json!({ "matches": [], "total": 0 }));
}
