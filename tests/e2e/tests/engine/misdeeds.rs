//! What a connector does wrong ends as a failure of that one call, which names the connector and the cause.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_engine::Outcome;
use palisade_model::{
    action::Failure,
    limits::{LOG_LINE_BYTES, LOG_LINES_PER_RUN, PLUGIN_COMPUTE_TIME},
};
use serde_json::json;
use tokio::net::TcpListener;

use crate::bound::{Bound, hostile, none};

/// The host's verdict on a misdeed; afterwards a good action must still work.
async fn verdict(connector: &Bound, action: &str) -> String {
    let failure = connector.failure(action, none()).await;
    assert_eq!(connector.report("behave", none()).await.data["text"], "fine", "after `{action}`");
    match failure {
        Failure::Plugin { message } => message,
        other => panic!("`{action}` ended as {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loops_are_ended_and_nobody_waits_for_them() {
    let connector = Arc::new(hostile(json!({})).await);
    // More loops than worker threads.
    let loops: Vec<_> = ["loop", "call the host without end", "loop"]
        .map(|action| {
            let connector = Arc::clone(&connector);
            tokio::spawn(async move { connector.failure(action, none()).await })
        })
        .into();
    let began = Instant::now();
    let mut good = 0;
    while !loops.iter().all(tokio::task::JoinHandle::is_finished) {
        let called = Instant::now();
        assert_eq!(connector.report("behave", none()).await.data["text"], "fine");
        assert!(called.elapsed() < Duration::from_secs(3), "a good action waited for the loops");
        good += 1;
    }
    assert!(began.elapsed() >= PLUGIN_COMPUTE_TIME, "{:?}", began.elapsed());
    assert!(good > 10, "only {good} good actions beside the loops");
    for one in loops {
        let Failure::Plugin { message } = one.await.unwrap() else { panic!("not a plugin's fault") };
        assert_eq!(message, "hostile: it computed for more than 10 s without an end");
    }
}

#[tokio::test]
async fn memory_stack_and_panics_end_the_call() {
    let connector = hostile(json!({})).await;
    let message = verdict(&connector, "eat memory").await;
    assert!(message.starts_with("hostile: it asked for 12"), "{message}");
    assert!(message.ends_with("MiB of memory; at most 128 MiB are allowed"), "{message}");
    let message = verdict(&connector, "recurse").await;
    assert!(message.starts_with("hostile: it overflowed its stack: a recursion without an end"), "{message}");
    let message = verdict(&connector, "recurse with locals").await;
    assert!(message.starts_with("hostile: it touched memory outside its own"), "{message}");
    let message = verdict(&connector, "panic").await;
    assert!(message.starts_with("hostile: it panicked"), "{message}");
    assert!(message.contains("there is no cheese left"), "{message}");
}

#[tokio::test]
async fn answers_that_break_the_contract_are_the_connectors_fault() {
    let connector = hostile(json!({})).await;
    for (action, expected) in [
        (
            "break its own schema",
            "hostile: its answer violates its own schema: /text: 7 is not of type \"string\"",
        ),
        ("summarize in a list", "hostile: its summary is not a JSON object"),
        ("answer in XML", "hostile: its data is not JSON: expected value at line 1 column 1"),
        ("report at length", "hostile: its report has 5242882 bytes; at most 4194304 are accepted"),
        ("return a huge token", "hostile: its pending token is longer than 16384 bytes"),
    ] {
        assert_eq!(verdict(&connector, action).await, expected);
    }
    let message = verdict(&connector, "return too much").await;
    assert!(message.starts_with("hostile: ") && message.len() < 500, "{message}");
}

#[tokio::test]
async fn a_flood_of_log_is_cut_and_cleaned() {
    let invoked = hostile(json!({})).await.invoke("flood the log", none()).await;
    assert!(matches!(invoked.outcome, Ok(Outcome::Done(_))));
    assert_eq!(invoked.log.len(), LOG_LINES_PER_RUN);
    let first = &invoked.log[0].message;
    assert!(first.starts_with(" [2J  xxx"), "{:?}", &first[..16]);
    assert!(first.len() <= LOG_LINE_BYTES + '…'.len_utf8());
    assert!(!invoked.log.iter().any(|line| line.message.contains(char::is_control)));
}

#[tokio::test]
async fn a_failure_is_one_line() {
    let Failure::Unavailable { message } = hostile(json!({})).await.failure("fail at length", none()).await
    else {
        panic!("it failed otherwise");
    };
    assert!(message.starts_with(" [2Jxxx"), "{:?}", &message[..16]);
    assert!(message.len() <= LOG_LINE_BYTES + '…'.len_utf8());
}

#[tokio::test]
async fn a_call_has_only_so_many_streams() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connector = hostile(json!({ "host": listener.local_addr().unwrap().to_string() })).await;
    let report = connector.report("open streams", none()).await;
    assert_eq!(report.data["text"], "8 open, then: a call may have 8 open streams, and it has them");
    // The next call has its own.
    let report = connector.report("open streams", none()).await;
    assert!(report.data["text"].as_str().unwrap().starts_with("8 open"));
}

#[tokio::test]
async fn unknown_actions_and_unfit_parameters_never_reach_the_connector() {
    let connector = hostile(json!({})).await;
    for (action, parameters, expected) in [
        ("format the disk", none(), "hostile has no action `format the disk`"),
        ("behave", json!([]), "[] is not of type \"object\""),
    ] {
        let failure = connector.failure(action, parameters).await;
        assert_eq!(failure, Failure::InvalidParameters { message: expected.to_owned() });
    }
}
