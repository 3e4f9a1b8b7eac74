//! What connectors keep for their later calls, and the files that they read.

use std::{fs, path::Path};

use palisade_engine::Outcome;
use palisade_model::{
    action::Failure,
    asset::Network,
    limits::{FILE_READ_BYTES, FILE_TOTAL_BYTES, STATE_BYTES, STATE_KEYS, STATE_VALUE_BYTES},
};
use serde_json::{Value, json};

use crate::bound::{Bound, SECRET, hostile, none};

async fn text(connector: &Bound, action: &str, parameters: Value) -> String {
    let report = connector.report(action, parameters).await;
    report.data["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_one_call_keeps_the_next_one_finds_and_another_asset_does_not() {
    let (one, other) = (hostile(json!({})).await, hostile(json!({})).await);
    assert_eq!(text(&one, "keep", json!({ "key": "cursor", "value": "17" })).await, "kept 17");
    assert_eq!(text(&one, "recall", json!({ "key": "cursor" })).await, "17");
    assert_eq!(text(&other, "recall", json!({ "key": "cursor" })).await, "nothing");
    text(&other, "recall", json!({ "key": "cursor", "forget": true })).await;
    assert_eq!(text(&one, "recall", json!({ "key": "cursor", "forget": true })).await, "17");
    assert_eq!(text(&one, "recall", json!({ "key": "cursor" })).await, "nothing");
    text(&one, "keep", json!({ "key": "gone", "value": "17", "time_to_live_ms": 0 })).await;
    assert_eq!(text(&one, "recall", json!({ "key": "gone" })).await, "nothing");
}

#[tokio::test]
async fn who_fills_the_state_fills_its_own() {
    let (greedy, other) = (hostile(json!({})).await, hostile(json!({})).await);
    let many = text(&greedy, "keep without end", json!({ "bytes": 1 })).await;
    let keys = format!("{STATE_KEYS} kept, then: the asset keeps {STATE_KEYS} values already, and no more");
    assert_eq!(many, keys);
    assert_eq!(text(&other, "keep", json!({ "key": "a", "value": "b" })).await, "kept b");

    let greedy = hostile(json!({})).await;
    let large = text(&greedy, "keep without end", json!({ "bytes": STATE_VALUE_BYTES })).await;
    let room = format!("then: the asset keeps at most {STATE_BYTES} bytes, and this would be more");
    assert_eq!(large, format!("{} kept, {room}", STATE_BYTES / (STATE_VALUE_BYTES + 2)));
    let huge = text(&other, "keep without end", json!({ "bytes": 1 << 20 })).await;
    assert_eq!(
        huge,
        format!("0 kept, then: the value has {} bytes; at most {STATE_VALUE_BYTES} are kept", 1 << 20)
    );
}

#[tokio::test]
async fn a_value_that_no_call_may_hand_over_is_the_connectors_fault() {
    let failure = hostile(json!({})).await.failure("keep without end", json!({ "bytes": 32 << 20 })).await;
    assert!(matches!(failure, Failure::Plugin { .. }), "{failure}");
}

#[tokio::test]
async fn a_confidential_value_is_scrubbed_in_every_call_from_then_on() {
    let connector = hostile(json!({})).await;
    let token = "Only-For-This-Asset-1";
    let keep = json!({ "key": "token", "value": token, "confidential": true });
    let invoked = connector.invoke("keep", keep).await;
    let Ok(Outcome::Done(report)) = invoked.outcome else { panic!("it is not kept") };
    assert_eq!(report.data["text"], "kept [state:token]");
    assert_eq!(invoked.log[0].message, "it is [state:token]");

    // The next call gets it, and cannot tell it.
    let recalled = connector.invoke("recall", json!({ "key": "token", "forget": true })).await;
    let Ok(Outcome::Done(report)) = recalled.outcome else { panic!("it is not there") };
    assert_eq!(report.data["text"], "[state:token]");
    assert_eq!(recalled.log[0].message, "[state:token]");
    // Also after the key is gone, and in a failure; but not elsewhere.
    let read = connector.failure("read file", json!({ "field": token })).await;
    assert!(read.to_string().contains("`[state:token]`"), "{read}");
    let other = hostile(json!({})).await;
    assert_eq!(text(&other, "keep", json!({ "key": "a", "value": token })).await, format!("kept {token}"));

    let short = json!({ "key": "token", "value": "12345", "confidential": true });
    assert!(text(&connector, "keep", short).await.starts_with("a confidential value has at least 6 bytes"));
}

async fn with_file(directory: &Path, name: &str) -> Bound {
    let configuration = json!({ "list": name, "other": "list.txt" });
    let secrets = [("token", SECRET)];
    Bound::with_files("hostile-connector", configuration, &secrets, Network::default(), directory).await
}

#[tokio::test]
async fn a_connector_reads_the_file_that_its_asset_names_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("list.txt"), "10.0.0.0/8").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", directory.path().join("link")).unwrap();
    let connector = with_file(directory.path(), "list.txt").await;
    let read = json!({ "field": "list", "offset": 3, "length": 4 });
    assert_eq!(text(&connector, "read file", read).await, "4 of 10: 0.0.");
    assert_eq!(
        text(&connector, "read file", json!({ "field": "list", "offset": u64::MAX })).await,
        "0 of 10: "
    );

    for field in ["other", "url", "token", "list.txt", "../key", "nothing", ""] {
        let failure = connector.failure("read file", json!({ "field": field })).await;
        assert!(matches!(failure, Failure::Denied { .. }), "{field}: {failure}");
    }
    for name in ["link", "absent"] {
        let connector = with_file(directory.path(), name).await;
        let failure = connector.failure("read file", json!({ "field": "list" })).await;
        assert!(matches!(failure, Failure::Unavailable { .. }), "{name}: {failure}");
        assert!(!failure.to_string().contains(directory.path().to_str().unwrap()), "{failure}");
    }
}

#[tokio::test]
async fn a_call_reads_only_so_much() {
    let directory = tempfile::tempdir().unwrap();
    let file = fs::File::create(directory.path().join("large")).unwrap();
    file.set_len(FILE_TOTAL_BYTES * 2).unwrap();
    let connector = with_file(directory.path(), "large").await;
    let read = json!({ "field": "list", "length": u32::MAX });
    assert!(text(&connector, "read file", read).await.starts_with(&format!("{FILE_READ_BYTES} of ")));
    let expected = format!(
        "{FILE_TOTAL_BYTES} bytes, then: a call reads at most {FILE_TOTAL_BYTES} bytes from its files"
    );
    // Each call has its own bound.
    for _ in 0..2 {
        assert_eq!(text(&connector, "read files without end", none()).await, expected);
    }
}
