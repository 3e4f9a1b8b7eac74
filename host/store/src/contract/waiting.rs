//! Runs that wait: when they are due, and what ends the waiting.

use palisade_model::{
    Timestamp,
    journal::Event,
    run::{RunId, RunStatus},
};

use super::{
    leave, record,
    samples::{append, at, end, log},
    started,
};
use crate::store::{Append, Claim, Leave, RunFilter, Store};

/// The runs that are due by then.
fn due(store: &dyn Store, second: i64) -> Vec<RunId> {
    store.due(at(second), 9).unwrap()
}

pub(super) async fn runs_are_due_in_the_order_of_their_times(store: &dyn Store) {
    started(store, 5).await;
    assert_eq!(store.next_due().unwrap(), None);
    for (run, time) in [(1, 30), (2, 10), (3, 20), (4, -5)] {
        leave(store, run, RunStatus::Waiting, Some(time), &[]).await;
    }
    leave(store, 5, RunStatus::Waiting, None, &[]).await;
    assert_eq!(due(store, 20), [4, 2, 3], "what is due at this very time is");
    assert_eq!(due(store, 1_000), [4, 2, 3, 1], "a run without a time is never due");
    assert_eq!(store.due(at(1_000), 2).unwrap(), [4, 2]);
    assert!(due(store, -6).is_empty());
    assert_eq!(store.next_due().unwrap(), Some(at(-5)));
    let run = record(store, 1);
    assert_eq!((run.status, run.due, run.entries, run.epoch), (RunStatus::Waiting, Some(at(30)), 1, 1));
    assert!(store.running(1, 9).unwrap().is_empty());
}

pub(super) async fn ends_with_a_claim_or_the_end(store: &dyn Store) {
    started(store, 3).await;
    for run in 1..=3 {
        leave(store, run, RunStatus::Waiting, Some(run.cast_signed()), &[]).await;
    }
    let claimed = store.claim(2, Claim::Open).await.unwrap();
    assert_eq!((claimed.status, claimed.due, claimed.epoch), (RunStatus::Running, None, 2));
    assert_eq!(due(store, 9), [1, 3]);
    // It is left again, for another time.
    let again = Leave { status: RunStatus::Waiting, due: Some(at(7)), children: vec![] };
    let again = Append { epoch: 2, leave: Some(again), ..append(2, 1, vec![log("again")]) };
    store.append(again).await.unwrap();
    assert_eq!(due(store, 9), [1, 3, 2]);
    // The end says itself how the run is left.
    let late = Leave { status: RunStatus::Waiting, due: Some(at(8)), children: vec![] };
    let last = Append { leave: Some(late), ..append(1, 1, vec![end(RunStatus::Failed)]) };
    store.append(last).await.unwrap();
    let run = record(store, 1);
    assert_eq!((run.status, run.due), (RunStatus::Failed, None));
    assert_eq!(due(store, 9), [3, 2]);
}

pub(super) async fn ends_when_somebody_wakes_the_run(store: &dyn Store) {
    started(store, 4).await;
    let far = Timestamp::MAX.as_second();
    leave(store, 1, RunStatus::Waiting, Some(far), &[]).await;
    leave(store, 2, RunStatus::InDoubt, None, &[]).await;
    leave(store, 3, RunStatus::Paused, None, &[]).await;
    for run in [1, 2, 3, 4, 99] {
        store.wake(run).await.unwrap();
    }
    assert_eq!(store.due(Timestamp::now(), 9).unwrap(), [1, 2], "only what waits is woken");
    assert_eq!(record(store, 1).status, RunStatus::Waiting, "it waits until somebody takes it over");
    assert_eq!(record(store, 4).due, None);
    // Once is enough, and the first time counts.
    let first = record(store, 2).due;
    store.wake(2).await.unwrap();
    assert_eq!(record(store, 2).due, first);
}

pub(super) async fn is_only_for_runs_that_go_on_by_themselves(store: &dyn Store) {
    started(store, 2).await;
    leave(store, 1, RunStatus::Paused, Some(5), &[]).await;
    leave(store, 2, RunStatus::Nondeterministic, Some(5), &[]).await;
    assert!(due(store, 9).is_empty());
    for (run, status) in [(1, RunStatus::Paused), (2, RunStatus::Nondeterministic)] {
        let filter = RunFilter { status: Some(status), ..RunFilter::default() };
        let found = store.runs(filter, super::ALL).unwrap();
        assert_eq!(found, [record(store, run)]);
        assert_eq!((found[0].status, found[0].due), (status, None));
        assert!(matches!(store.journal(run, 1, 9).unwrap()[0].event, Event::Began(_)));
    }
}
