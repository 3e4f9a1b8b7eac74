//! The SDK's example of a connector in Python against the lab: what it reports, and what it makes of refusals.

use std::time::Duration;

use palisade_engine::{Outcome, Verdict as Word};
use palisade_lab::{FaultKind, System, story};
use palisade_model::action::Failure;
use serde_json::json;

use crate::{
    bound::none,
    connectors::{arm, bound, hold_against_faults, kind, lab},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abuseipdb_tells_what_others_reported_and_takes_reports() {
    let lab = lab().await;
    let connector = bound(&lab, "abuseipdb", json!({}), &[("api_key", story::ABUSEIPDB_KEY)]).await;
    connector.report("test connectivity", none()).await;
    let scanner = json!({ "ip": story::SCANNER_IP });
    let report = connector.report("check ip", scanner.clone()).await;
    assert_eq!(report.summary, json!({ "score": 100, "reports": 412 }));
    assert_eq!((&report.data["country"], &report.data["whitelisted"]), (&json!("NL"), &json!(false)));
    for wrong in [json!({ "ip": "203.0.113" }), json!({ "ip": story::SCANNER_IP, "max_age_days": 0 }), none()]
    {
        assert_eq!(kind(&connector.failure("check ip", wrong).await), "invalid-parameters");
    }
    hold_against_faults(&lab, &connector, System::AbuseIpdb, "check ip", &scanner).await;

    let parameters = json!({ "ip": story::SCANNER_IP, "categories": [14], "comment": "A scan." });
    let verdict = connector.verify("report ip", parameters.clone()).await.unwrap();
    assert!(matches!(verdict, Word::DidNotHappen));
    let report = connector.report("report ip", parameters.clone()).await;
    assert_eq!(report.message, "Reported 203.0.113.120; its score is now 100 of 100.");
    let verdict = connector.verify("report ip", parameters.clone()).await.unwrap();
    assert!(matches!(verdict, Word::Happened(again) if again == report));

    let again = connector.invoke("report ip", parameters.clone()).await.outcome.unwrap();
    let Outcome::Pending { after, token, message } = again else { panic!("it is done") };
    assert_eq!((after, token.as_str()), (Duration::from_secs(15 * 60), "too-soon"));
    assert!(message.contains("one report of 203.0.113.120 in 15 minutes"), "{message}");

    arm(&lab, System::AbuseIpdb, FaultKind::Status { code: 422, body: None, retry_after: None });
    assert!(matches!(connector.failure("report ip", parameters).await, Failure::InvalidParameters { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abuseipdb_says_that_the_key_is_wrong() {
    let lab = lab().await;
    let connector = bound(&lab, "abuseipdb", json!({}), &[("api_key", "another-key")]).await;
    let failure = connector.failure("test connectivity", none()).await;
    assert_eq!(kind(&failure), "authentication");
    assert!(failure.to_string().contains("either missing, incorrect, or revoked"), "{failure}");
}
