//! What a connector says became of a call that nobody heard the end of.

use palisade_engine::Verdict;
use palisade_model::action::Failure;
use serde_json::json;

use crate::{
    bound::{Bound, hostile, none},
    server::Server,
};

/// The host's word on a verdict that cannot count.
async fn fault(connector: &Bound, action: &str) -> String {
    match connector.verify(action, none()).await {
        Err(Failure::Plugin { message }) => message,
        Err(other) => panic!("`{action}` ended as {other:?}"),
        Ok(_) => panic!("`{action}` counts"),
    }
}

#[tokio::test]
async fn a_verdict_is_one_of_three() {
    let connector = hostile(json!({})).await;
    let told = |verdict: &str| connector.verify("verify as told", json!({ "verdict": verdict }));
    assert!(
        matches!(told("happened").await, Ok(Verdict::Happened(report)) if report.data["text"] == "found")
    );
    assert!(matches!(told("did not happen").await, Ok(Verdict::DidNotHappen)));
    let Ok(Verdict::Unknown(why)) = told("perhaps").await else { panic!("that is known") };
    assert_eq!(why, "the system keeps no record");
}

#[tokio::test]
async fn who_looks_may_change_nothing() {
    let server = Server::start().await;
    let connector = hostile(json!({ "url": server.url })).await;
    let post = json!({ "method": "POST", "url": format!("{}/echo", server.url) });
    let denied = connector.verify("change in verify", post.clone()).await;
    let Err(Failure::Denied { message }) = denied else { panic!("it is not denied") };
    assert!(message.contains("an action that only reads may not send POST /echo"), "{message}");
    assert_eq!(server.requests().len(), 0);
    // The action itself may.
    connector.report("change in verify", post).await;
}

#[tokio::test]
async fn a_verdict_that_breaks_the_contract_is_none() {
    let connector = hostile(json!({})).await;
    let message = fault(&connector, "lie in verify").await;
    assert!(message.starts_with("hostile: its answer violates its own schema: /text: 7"), "{message}");
    let message = fault(&connector, "panic in verify").await;
    assert!(message.contains("nobody wrote it down"), "{message}");
}
