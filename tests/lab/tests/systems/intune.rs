//! Microsoft Entra ID and Intune.

use palisade_lab::{Fault, FaultKind, Lab, System, story};
use serde_json::{Value, json};

use crate::client::{Ask, Reply, lab, send};

const DEVICES: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";

async fn log_in(lab: &Lab, tenant: &str, secret: &str) -> Reply {
    let url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={secret}\
         &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        story::ENTRA_CLIENT_ID
    );
    let content_type = "application/x-www-form-urlencoded";
    send(lab, &Ask { method: "POST", url: &url, authorization: "", content_type, body: &body }).await.unwrap()
}

async fn call(lab: &Lab, method: &str, url: &str, body: &str) -> Reply {
    let granted = log_in(lab, story::ENTRA_TENANT_DOMAIN, story::ENTRA_CLIENT_SECRET).await.json();
    let authorization = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let content_type = if body.is_empty() { "" } else { "application/json" };
    send(lab, &Ask { method, url, authorization: &authorization, content_type, body }).await.unwrap()
}

async fn results(lab: &Lab, id: &str) -> Value {
    let url = format!("{DEVICES}/{id}?%24select=id%2CdeviceActionResults");
    call(lab, "GET", &url, "").await.json()["deviceActionResults"].clone()
}

#[tokio::test]
async fn only_the_application_of_the_tenant_gets_a_token() {
    let lab = lab().await;
    for (tenant, secret, status, words) in [
        (story::ENTRA_TENANT, story::ENTRA_CLIENT_SECRET, 200, ""),
        (story::ENTRA_TENANT, "wrong", 401, "AADSTS7000215"),
        ("other.example", story::ENTRA_CLIENT_SECRET, 400, "AADSTS90002"),
    ] {
        let reply = log_in(&lab, tenant, secret).await;
        assert_eq!(reply.status, status);
        assert!(reply.text().contains(words));
    }
    let ask = Ask { method: "GET", url: DEVICES, authorization: "Bearer x", content_type: "", body: "" };
    let reply = send(&lab, &ask).await.unwrap();
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["error"]["code"]),
        (401, &json!("InvalidAuthenticationToken"))
    );
}

#[tokio::test]
async fn a_list_is_filtered_and_has_links() {
    let lab = lab().await;
    let url = format!(
        "{DEVICES}?%24top=1&%24select=id%2CdeviceName&%24filter=userPrincipalName%20eq%20%27j.osei%40acme.example%27"
    );
    let first = call(&lab, "GET", &url, "").await.json();
    assert_eq!(first["value"], json!([{ "id": story::INTUNE_OFFLINE_DEVICE, "deviceName": "MAC-0007" }]));
    let second = call(&lab, "GET", first["@odata.nextLink"].as_str().unwrap(), "").await.json();
    assert_eq!(second["value"][0]["deviceName"], "WKS-0143");
    assert!(second.get("@odata.nextLink").is_none());
}

#[tokio::test]
async fn a_wipe_waits_until_the_device_checks_in_and_then_the_device_is_gone() {
    let lab = lab().await;
    for id in [story::INTUNE_DEVICE, story::INTUNE_OFFLINE_DEVICE] {
        assert_eq!(results(&lab, id).await, json!([]));
        let body = r#"{"keepEnrollmentData": false, "keepUserData": false, "persistEsimDataPlan": false}"#;
        assert_eq!(call(&lab, "POST", &format!("{DEVICES}/{id}/wipe"), body).await.status, 204);
        assert_eq!(results(&lab, id).await[0]["actionState"], "pending");
    }
    lab.check_in_devices();
    let reply = call(&lab, "GET", &format!("{DEVICES}/{}", story::INTUNE_DEVICE), "").await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error"]["code"]), (404, &json!("ResourceNotFound")));
    assert_eq!(results(&lab, story::INTUNE_OFFLINE_DEVICE).await[0]["actionState"], "pending");
}

#[tokio::test]
async fn other_commands_end_and_the_device_stays() {
    let lab = lab().await;
    let id = story::INTUNE_DEVICE;
    for (command, body) in
        [("remoteLock", ""), ("syncDevice", ""), ("wipe", r#"{"keepEnrollmentData": true}"#)]
    {
        assert_eq!(call(&lab, "POST", &format!("{DEVICES}/{id}/{command}"), body).await.status, 204);
    }
    lab.check_in_devices();
    let ended = results(&lab, id).await;
    assert!(ended.as_array().unwrap().iter().all(|result| result["actionState"] == "done"), "{ended}");
    for body in [r#"{"keepUserData": "yes"}"#, r#"{"force": true}"#, "{"] {
        assert_eq!(call(&lab, "POST", &format!("{DEVICES}/{id}/wipe"), body).await.status, 400);
    }
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let lab = lab().await;
    let kind = FaultKind::Status { code: 429, body: None, retry_after: Some(7) };
    let path_prefix = Some("/v1.0".to_owned());
    lab.faults().arm(Fault { system: System::Intune, path_prefix, times: Some(1), kind }).unwrap();
    let reply = call(&lab, "GET", DEVICES, "").await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "7"));
}
