//! MaxMind's GeoIP web services.

use palisade_lab::{Lab, story};

use crate::client::{Ask, Reply, get, lab, send};

/// The lab's account and licence key.
const GOOD: &str = "Basic NDI0MjQyOkxhYjBubHlfTWF4TWluZExpY2VuY2VLZXlfbW1r";

async fn look_up(lab: &Lab, host: &str, path: &str, authorization: &str) -> Reply {
    let url = format!("https://{host}/geoip/v2.1{path}");
    send(lab, &Ask { authorization, ..get(&url) }).await.unwrap()
}

#[tokio::test]
async fn services_know_more_or_less() {
    let lab = lab().await;
    let path = |service: &str| format!("/{service}/{}", story::DESTINATION_IP);
    let country = look_up(&lab, story::GEOLITE_HOST, &path("country"), GOOD).await.json();
    assert_eq!((&country["country"]["iso_code"], country.get("city")), (&"NL".into(), None));
    let insights = look_up(&lab, story::MAXMIND_HOST, &path("insights"), GOOD).await.json();
    assert_eq!(insights["city"]["names"]["en"], "Amsterdam");
    assert_eq!(insights["anonymizer"]["is_anonymous"], true);
    let refused = look_up(&lab, story::GEOLITE_HOST, &path("insights"), GOOD).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (402, &"PERMISSION_REQUIRED".into()));
}

#[tokio::test]
async fn errors_are_those_of_the_documentation() {
    let lab = lab().await;
    for (ip, authorization, status, code) in [
        (story::UNKNOWN_IP, GOOD, 404, "IP_ADDRESS_NOT_FOUND"),
        ("10.0.0.1", GOOD, 400, "IP_ADDRESS_RESERVED"),
        ("nonsense", GOOD, 400, "IP_ADDRESS_INVALID"),
        ("10.0.0.1", "", 401, "ACCOUNT_ID_REQUIRED"),
        ("10.0.0.1", "Basic NDI6", 401, "LICENSE_KEY_REQUIRED"),
        ("10.0.0.1", "Basic NDI6eA==", 401, "AUTHORIZATION_INVALID"),
    ] {
        let reply = look_up(&lab, story::MAXMIND_HOST, &format!("/city/{ip}"), authorization).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (status, &code.into()));
        assert!(reply.header("content-type").starts_with("application/vnd.maxmind.com-error+json"));
    }
}
