//! Who a run belongs to: each claim is a new epoch, and only its owner writes.

use palisade_model::run::{RunId, RunStatus};

use super::{
    finish, leave, record,
    samples::{append, at, log},
    started, write,
};
use crate::{
    error::StoreError,
    store::{Append, Claim, Store},
};

/// What the owner of this epoch would write next.
fn of_epoch(epoch: u64, run: RunId, expected: u64) -> Append {
    Append { epoch, ..append(run, expected, vec![log("on")]) }
}

pub(super) async fn moves_with_each_claim(store: &dyn Store) {
    started(store, 1).await;
    write(store, 1, 1, vec![log("one")]).await.unwrap();
    // Handed over together, so that they may meet in one commit.
    let claimed = store.claim(1, Claim::Open);
    let stale = write(store, 1, 2, vec![log("lost")]);
    let fresh = store.append(of_epoch(2, 1, 2));
    let run = claimed.await.unwrap();
    assert_eq!((run.epoch, run.entries, run.status), (2, 2, RunStatus::Running));
    let stale = stale.await;
    assert!(matches!(stale, Err(StoreError::Fenced { run: 1, epoch: 1, actual: 2 })), "{stale:?}");
    assert_eq!(fresh.await.unwrap(), 3);
    let journal = store.journal(1, 2, 9).unwrap();
    assert_eq!(journal.iter().map(|entry| &entry.event).collect::<Vec<_>>(), [&log("one"), &log("on")]);
    assert_eq!(store.claim(1, Claim::Open).await.unwrap().epoch, 3);
    assert_eq!(record(store, 1).epoch, 3);
    let nobody = store.claim(9, Claim::Open).await;
    assert!(matches!(nobody, Err(StoreError::NoSuchRun { run: 9 })), "{nobody:?}");
}

pub(super) async fn of_a_run_that_ended_needs_a_reason(store: &dyn Store) {
    started(store, 1).await;
    finish(store, 1).await;
    let ended = store.claim(1, Claim::Open).await;
    assert!(matches!(ended, Err(StoreError::RunEnded { run: 1 })), "{ended:?}");
    assert_eq!(record(store, 1).epoch, 1);
    let run = store.claim(1, Claim::Again).await.unwrap();
    assert_eq!(
        (run.status, run.epoch, run.finished, run.message.as_str()),
        (RunStatus::Running, 2, None, "")
    );
    assert_eq!(record(store, 1), run);
    assert_eq!(store.running(1, 9).unwrap(), [run]);
    store.append(of_epoch(2, 1, 2)).await.unwrap();
    finish(store, 1).await;
    assert_eq!(record(store, 1).finished, Some(at(200)), "it ends a second time");
}

pub(super) async fn is_checked_before_anything_else(store: &dyn Store) {
    started(store, 1).await;
    leave(store, 1, RunStatus::Waiting, None, &[]).await;
    store.claim(1, Claim::Open).await.unwrap();
    let stale = store.append(of_epoch(1, 1, 9)).await;
    assert!(matches!(stale, Err(StoreError::Fenced { .. })), "fenced before in conflict: {stale:?}");
    store.append(of_epoch(2, 1, 1)).await.unwrap();
    finish(store, 1).await;
    let stale = store.append(of_epoch(1, 1, 3)).await;
    assert!(matches!(stale, Err(StoreError::Fenced { .. })), "fenced before ended: {stale:?}");
    let ended = store.append(of_epoch(2, 1, 2)).await;
    assert!(matches!(ended, Err(StoreError::Conflict { .. })), "in conflict before ended: {ended:?}");
}
