//! A server that takes its time is not waited for.

use std::time::{Duration, Instant};

use palisade_sources::{Options, Patience, SourceError};

use crate::server::{Answer, Kept, Server, fetch, plain};

/// Longer than a test may take.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// Long enough for an honest answer, however busy the machine is.
const SOON: Duration = Duration::from_secs(2);

const PATIENT: Patience = Patience { answer: FOR_EVER, stall: FOR_EVER, transfer: FOR_EVER };
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n";

/// What was not sent in time by a registry that answers so when it is asked for the component.
async fn slow(answer: impl Fn() -> Answer + Send + Sync + 'static, patience: Patience) -> String {
    let kept = Kept::new();
    let component = format!("/blobs/sha256:{}", palisade_sources::sha256(&kept.component));
    let server = {
        let kept = kept.clone();
        Server::http(move |head| if head.contains(&component) { answer() } else { kept.reply(head) }).await
    };
    let began = Instant::now();
    let error = fetch(&kept.reference(&server), Options { patience, ..plain() }).await.unwrap_err();
    assert!(began.elapsed() >= SOON, "{error:?}");
    let SourceError::Slow { what, .. } = error else { panic!("{error:?}") };
    what
}

#[tokio::test]
async fn one_that_does_not_answer_is_left() {
    let patience = Patience { answer: SOON, ..PATIENT };
    assert_eq!(slow(|| Answer::Silent(Vec::new()), patience).await, "the component");
    // Nor is one that only says that it will.
    let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    assert_eq!(slow(|| Answer::Again(hints.to_vec()), patience).await, "the component");
}

#[tokio::test]
async fn one_that_stops_in_the_middle_is_left() {
    let patience = Patience { stall: SOON, ..PATIENT };
    assert_eq!(slow(|| Answer::Silent([ANSWER, b"\0asm"].concat()), patience).await, "the component");
}

#[tokio::test]
async fn one_that_drips_is_left() {
    // Between two bytes it is never silent for so long, and the last of the sixteen would come later.
    let patience = Patience { stall: SOON, transfer: SOON, ..PATIENT };
    assert_eq!(slow(|| Answer::Drip(ANSWER.to_vec()), patience).await, "the component");
}
