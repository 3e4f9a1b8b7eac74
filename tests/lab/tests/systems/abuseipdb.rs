//! AbuseIPDB.

use palisade_lab::{Lab, story};

use crate::client::{Ask, Reply, get, lab, send_with};

async fn check(lab: &Lab, query: &str, key: &str) -> Reply {
    let url = format!("https://api.abuseipdb.com/api/v2/check?{query}");
    send_with(lab, &get(&url), &[("key", key)]).await.unwrap()
}

async fn report(lab: &Lab, form: &str) -> Reply {
    let request = Ask {
        method: "POST",
        url: "https://api.abuseipdb.com/api/v2/report",
        authorization: "",
        content_type: "application/x-www-form-urlencoded",
        body: form,
    };
    send_with(lab, &request, &[("key", story::ABUSEIPDB_KEY)]).await.unwrap()
}

#[tokio::test]
async fn an_address_has_a_score_and_a_report_of_it_can_be_read() {
    let lab = lab().await;
    let query = format!("ipAddress={}&maxAgeInDays=90&verbose", story::SCANNER_IP);
    let before = check(&lab, &query, story::ABUSEIPDB_KEY).await.json();
    assert_eq!(before["data"]["abuseConfidenceScore"], 100);
    assert_eq!(before["data"]["reports"], serde_json::json!([]));

    let form = format!("ip={}&categories=14,18&comment=a+scan", story::SCANNER_IP);
    assert_eq!(report(&lab, &form).await.json()["data"]["ipAddress"], story::SCANNER_IP);
    let after = check(&lab, &query, story::ABUSEIPDB_KEY).await.json();
    assert_eq!(after["data"]["reports"][0]["comment"], "a scan");
    assert_eq!(after["data"]["totalReports"], 413);

    let again = report(&lab, &form).await;
    assert_eq!(again.status.as_u16(), 429);
    assert_eq!(again.json()["errors"][0]["source"]["parameter"], "ip");
}

#[tokio::test]
async fn errors_are_those_of_the_documentation() {
    let lab = lab().await;
    for (query, key, status) in [
        ("ipAddress=192.0.2.1", "wrong", 401),
        ("ipAddress=nonsense", story::ABUSEIPDB_KEY, 422),
        ("ipAddress=192.0.2.1&maxAgeInDays=366", story::ABUSEIPDB_KEY, 422),
    ] {
        let reply = check(&lab, query, key).await;
        assert_eq!(reply.status.as_u16(), status, "{query}");
        assert_eq!(reply.json()["errors"][0]["status"], status, "{query}");
    }
    assert_eq!(report(&lab, "ip=192.0.2.1").await.status.as_u16(), 422);
}
