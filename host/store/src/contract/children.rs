//! Runs that runs start.

use palisade_model::{
    Timestamp,
    journal::{ChildStarted, Event},
    run::{Parent, Position, RunId, RunStatus},
};

use super::{
    finish, leave, record,
    samples::{append, at, log, run},
    started,
};
use crate::{
    error::StoreError,
    store::{Append, Claim, Leave, NewChild, RunFilter, Store},
};

fn child(parent: RunId, position: Position) -> NewChild {
    NewChild {
        run: run("isolate", 1),
        parent: Parent { run: parent, position, depth: 1 },
        playbook: "isolate".to_owned(),
    }
}

/// Alert 1, run 1 in its second epoch, and run 2, which run 1 started at step 4.
async fn parent_and_child(store: &dyn Store) {
    started(store, 1).await;
    store.claim(1, Claim::Open).await.unwrap();
    let before = Append { epoch: 2, ..append(1, 1, vec![log("one")]) };
    assert_eq!(store.start_child(before, child(1, 4)).await.unwrap(), 2);
}

/// Run 1 is left for run 2 to end.
async fn wait_for_child(store: &dyn Store, status: RunStatus, due: Option<i64>) {
    let leave = Leave { status, due: due.map(at), children: vec![2] };
    let left = Append { epoch: 2, leave: Some(leave), ..append(1, 3, vec![log("wait")]) };
    store.append(left).await.unwrap();
}

pub(super) async fn start_together_with_the_entry_that_says_so(store: &dyn Store) {
    parent_and_child(store).await;
    let journal = store.journal(1, 2, 9).unwrap();
    let said = ChildStarted { position: 4, playbook: "isolate".to_owned(), run: Some(2) };
    assert_eq!((journal.len(), &journal[0].event), (2, &log("one")));
    assert_eq!((journal[1].seq, &journal[1].event), (3, &Event::ChildStarted(said)));
    assert!(journal[1].at >= journal[0].at);
    let started = record(store, 2);
    assert_eq!(started.parent, Some(Parent { run: 1, position: 4, depth: 1 }));
    assert_eq!((started.entries, started.epoch, started.status), (1, 1, RunStatus::Running));
    let Event::Began(began) = &store.journal(2, 1, 9).unwrap()[0].event else { panic!("it began") };
    assert_eq!(began.alert, run("isolate", 1).began.alert);

    assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), 3);
    let found =
        |filter| -> Vec<RunId> { store.runs(filter, super::ALL).unwrap().iter().map(|run| run.id).collect() };
    let of_parent = RunFilter { parent: Some(1), ..RunFilter::default() };
    assert_eq!(found(of_parent), [2]);
    assert_eq!(found(RunFilter { alert: Some(1), ..of_parent }), [2]);
    assert!(found(RunFilter { alert: Some(2), ..of_parent }).is_empty());
    assert!(found(RunFilter { status: Some(RunStatus::Failed), ..of_parent }).is_empty());
    assert_eq!(found(RunFilter { alert: Some(1), ..RunFilter::default() }), [3, 2, 1]);
}

pub(super) async fn that_cannot_start_leave_nothing_behind(store: &dyn Store) {
    started(store, 1).await;
    store.claim(1, Claim::Open).await.unwrap();
    let stale = store.start_child(append(1, 1, vec![]), child(1, 1)).await;
    assert!(matches!(stale, Err(StoreError::Fenced { run: 1, .. })), "{stale:?}");
    let conflict = Append { epoch: 2, ..append(1, 7, vec![]) };
    let conflict = store.start_child(conflict, child(1, 1)).await;
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })), "{conflict:?}");
    finish(store, 1).await;
    let ended = Append { epoch: 2, ..append(1, 2, vec![]) };
    let ended = store.start_child(ended, child(1, 1)).await;
    assert!(matches!(ended, Err(StoreError::RunEnded { .. })), "{ended:?}");
    assert!(store.run(2).unwrap().is_none());
    assert_eq!(record(store, 1).entries, 2);
    assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), 2, "no number is lost");
}

pub(super) async fn wake_the_run_that_waits_for_them(store: &dyn Store) {
    parent_and_child(store).await;
    let far = Timestamp::MAX.as_second();
    wait_for_child(store, RunStatus::Waiting, Some(far)).await;
    assert!(store.due(at(200), 9).unwrap().is_empty());
    finish(store, 2).await;
    assert_eq!(store.due(at(200), 9).unwrap(), [1]);
    assert_eq!(record(store, 1).due, Some(at(200)));
    assert_eq!(store.due(Timestamp::MAX, 9).unwrap(), [1], "it is due once");

    // One that does not wait is left alone.
    for (parent, status) in [(3, RunStatus::Paused), (5, RunStatus::Running)] {
        assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), parent);
        store.start_child(append(parent, 1, vec![]), child(parent, 1)).await.unwrap();
        if status == RunStatus::Paused {
            let leave = Leave { status, due: None, children: vec![parent + 1] };
            store.append(Append { leave: Some(leave), ..append(parent, 2, vec![]) }).await.unwrap();
        }
        finish(store, parent + 1).await;
        let parent = record(store, parent);
        assert_eq!((parent.status, parent.due, parent.entries), (status, None, 2));
    }
}

pub(super) async fn that_have_ended_are_not_waited_for(store: &dyn Store) {
    parent_and_child(store).await;
    finish(store, 2).await;
    wait_for_child(store, RunStatus::InDoubt, Some(1_000)).await;
    assert_eq!(store.due(at(200), 9).unwrap(), [1], "nobody would wake it");
    for (run_id, child, due) in [(3, 99, Some(at(200))), (4, 3, None)] {
        assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), run_id);
        let leave = Leave { status: RunStatus::Waiting, due: None, children: vec![child] };
        let left = Append { leave: Some(leave), ..append(run_id, 1, vec![log("wait")]) };
        store.append(left).await.unwrap();
        assert_eq!(record(store, run_id).due, due);
    }
    // Without an event the time is that of the clock.
    assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), 5);
    leave(store, 5, RunStatus::Waiting, None, &[4, 2]).await;
    assert!(store.due(Timestamp::now(), 9).unwrap().contains(&5));
}
