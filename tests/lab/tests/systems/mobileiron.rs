//! MobileIron Core.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use palisade_lab::{Fault, FaultKind, Lab, System, story};
use serde_json::json;

use crate::client::{Ask, Broken, Reply, lab, send};

async fn call(lab: &Lab, method: &str, path: &str) -> Result<Reply, Broken> {
    let credentials = format!("{}:{}", story::MOBILEIRON_USER, story::MOBILEIRON_PASSWORD);
    let authorization = format!("Basic {}", STANDARD.encode(credentials));
    let url = format!("https://core.acme.example/api/v1/dm/devices{path}");
    send(lab, &Ask { method, url: &url, authorization: &authorization, content_type: "", body: "" }).await
}

async fn status(lab: &Lab, uuid: &str) -> String {
    let reply = call(lab, "GET", &format!("/{uuid}")).await.unwrap().json();
    reply["device"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_wipe_waits_until_the_device_checks_in() {
    let lab = lab().await;
    for uuid in [story::MOBILEIRON_DEVICE, story::MOBILEIRON_OFFLINE_DEVICE] {
        assert_eq!(status(&lab, uuid).await, "ACTIVE");
        let reply = call(&lab, "PUT", &format!("/wipe/{uuid}?Reason=Lost")).await.unwrap();
        assert_eq!((reply.status.as_u16(), reply.json()["messages"]["message"].is_string()), (200, true));
        assert_eq!(status(&lab, uuid).await, "WIPE_PENDING");
    }
    lab.check_in_devices();
    assert_eq!(status(&lab, story::MOBILEIRON_DEVICE).await, "WIPED");
    assert_eq!(status(&lab, story::MOBILEIRON_OFFLINE_DEVICE).await, "WIPE_PENDING");
}

#[tokio::test]
async fn more_devices_can_be_registered() {
    let lab = lab().await;
    let uuid = "00000000-0000-4000-8000-000000000001";
    assert_eq!(lab.device_status(uuid), None);
    lab.enroll_device(uuid, "user-1");
    let reply = call(&lab, "GET", &format!("/{uuid}")).await.unwrap().json();
    assert_eq!(reply["device"]["principal"], "user-1");
    call(&lab, "PUT", &format!("/wipe/{uuid}?Reason=Lost")).await.unwrap();
    assert_eq!(lab.device_status(uuid), Some("WIPE_PENDING"));
}

#[tokio::test]
async fn a_wipe_whose_answer_is_lost_has_happened() {
    let lab = lab().await;
    let kind = FaultKind::ResetAfterEffect;
    let path_prefix = Some("/api/v1/dm/devices/wipe".to_owned());
    lab.faults().arm(Fault { system: System::MobileIron, path_prefix, times: Some(1), kind }).unwrap();
    call(&lab, "PUT", &format!("/wipe/{}", story::MOBILEIRON_DEVICE)).await.unwrap_err();
    assert_eq!(status(&lab, story::MOBILEIRON_DEVICE).await, "WIPE_PENDING");
}

#[tokio::test]
async fn a_device_is_locked_and_unlocked() {
    let lab = lab().await;
    let uuid = story::MOBILEIRON_DEVICE;
    for (command, locked) in [("lock", true), ("unlock", false)] {
        assert_eq!(call(&lab, "GET", &format!("/{command}/{uuid}")).await.unwrap().status, 405);
        assert_eq!(call(&lab, "PUT", &format!("/{command}/{uuid}?reason=x")).await.unwrap().status, 200);
        assert_eq!(lab.is_device_locked(uuid), !locked);
        lab.check_in_devices();
        assert_eq!(lab.is_device_locked(uuid), locked);
    }
}

#[tokio::test]
async fn a_list_has_pages_and_a_list_of_one_is_that_one() {
    let lab = lab().await;
    let all = call(&lab, "GET", "?offset=0&limit=500").await.unwrap().json();
    assert_eq!((&all["totalCount"], all["devices"]["device"].as_array().unwrap().len()), (&json!(3), 3));
    let one = call(&lab, "GET", "?offset=1&limit=1").await.unwrap().json();
    assert_eq!(one["devices"]["device"]["uuid"], story::MOBILEIRON_OFFLINE_DEVICE);
    let none = call(&lab, "GET", "?offset=3&limit=1").await.unwrap().json();
    assert!(none.get("devices").is_none());
}

#[tokio::test]
async fn who_is_not_known_gets_nothing() {
    let lab = lab().await;
    let url = "https://core.acme.example/api/v1/dm/devices";
    let reply = send(&lab, &crate::client::get(url)).await.unwrap();
    assert_eq!(reply.status, 401);
    let reply = call(&lab, "GET", "/00000000-0000-4000-8000-000000000000").await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.json()["totalCount"]), (404, &json!(0)));
    let known: Vec<_> =
        lab.ledger().of(System::MobileIron).unwrap().iter().map(|it| it.authenticated).collect();
    assert_eq!(known, [Some(false), Some(true)]);
}
