//! The audit log.

use palisade_model::{
    alert::AlertId,
    audit::{Head, What},
    limits::PAGE_ITEMS,
    run::RunStatus,
};

use super::{
    samples::{append, end, log, name, record, run},
    started,
};
use crate::{
    audit::{parse, verify_store},
    error::StoreError,
    store::{
        Append,
        Durability::{Buffered, Durable},
        NewChild, Store,
    },
};

fn whole(store: &dyn Store) -> Head {
    verify_store(store, None).unwrap().unwrap()
}

/// The alerts that were closed, as the log has them: each sample is one.
fn closed(store: &dyn Store) -> Vec<AlertId> {
    let lines = store.audit(1, usize::MAX).unwrap();
    let alert = |(_, line): &(_, String)| match parse(line).unwrap().record.what {
        What::AlertClosed { alert, .. } => alert,
        other => panic!("nobody wrote {other:?}"),
    };
    lines.iter().map(alert).collect()
}

pub(super) async fn is_one_chain_whoever_writes(store: &dyn Store) {
    assert_eq!((store.audit(1, 9).unwrap(), store.audit_head()), (vec![], Head::default()));
    started(store, 2).await;
    assert_eq!(store.record(record("anna", 1), Buffered).await.unwrap(), 1);
    let parent = palisade_model::run::Parent { run: 1, position: 1, depth: 1 };
    let child = NewChild { run: run("isolate", 1), parent, playbook: "isolate".to_owned() };
    let starts =
        Append { audit: vec![record("run 1", 2), record("run 1", 3)], ..append(1, 1, vec![log("on")]) };
    store.start_child(starts, child).await.unwrap();
    let ends = Append { audit: vec![record("run 2", 4)], ..append(2, 1, vec![end(RunStatus::Succeeded)]) };
    store.append(ends).await.unwrap();
    assert_eq!(store.record(record("anna", 5), Buffered).await.unwrap(), 5);
    assert_eq!(closed(store), [1, 2, 3, 4, 5]);
    let lines = store.audit(1, 9).unwrap();
    assert_eq!(parse(&lines[3].1).unwrap().record, record("run 2", 4));
    assert_eq!(whole(store).seq, 5);
}

pub(super) async fn has_what_was_done_and_nothing_else(store: &dyn Store) {
    started(store, 1).await;
    // What is refused leaves no record.
    let conflict = Append { audit: vec![record("eve", 1)], ..append(1, 7, vec![log("no")]) };
    assert!(matches!(store.append(conflict).await, Err(StoreError::Conflict { .. })));
    let fenced = Append { epoch: 9, audit: vec![record("eve", 2)], ..append(1, 1, vec![]) };
    assert!(matches!(store.append(fenced).await, Err(StoreError::Fenced { .. })));
    assert!(!store.remove_asset(name("none"), record("eve", 3)).await.unwrap());
    assert!(!store.remove_plugin(name("none"), record("eve", 4)).await.unwrap());
    assert!(!store.remove_user(name("none"), record("eve", 5)).await.unwrap());
    assert_eq!(closed(store), [0; 0]);
    let done = Append { audit: vec![record("anna", 6)], ..append(1, 1, vec![log("on")]) };
    assert_eq!(store.append(done).await.unwrap(), 2);
    assert_eq!(closed(store), [6]);
}

pub(super) async fn is_read_from_any_place_in_pages(store: &dyn Store) {
    let many = PAGE_ITEMS as u64 + 3;
    for alert in 1..many {
        drop(store.record(record("anna", alert), Buffered));
    }
    store.record(record("anna", many), Buffered).await.unwrap();
    assert_eq!(store.audit(1, usize::MAX).unwrap().len(), PAGE_ITEMS);
    let page = store.audit(many - 2, 2).unwrap();
    assert_eq!(page.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [many - 2, many - 1]);
    assert!(page.iter().all(|(place, line)| parse(line).unwrap().seq == *place));
    assert_eq!(store.audit(many + 1, 9).unwrap(), []);
    assert_eq!(whole(store).seq, many);
}

pub(super) async fn has_a_head_that_is_durable(store: &dyn Store) {
    started(store, 1).await;
    let done = Append { audit: vec![record("anna", 1)], ..append(1, 1, vec![log("on")]) };
    store.append(done).await.unwrap();
    let head = store.audit_head();
    assert_eq!(head, whole(store));
    store.record(record("anna", 2), Durable).await.unwrap();
    assert_eq!(store.audit_head(), whole(store));
    // What is not durable by itself is so with the next write that is.
    store.record(record("anna", 3), Buffered).await.unwrap();
    store.append(append(1, 2, vec![log("on")])).await.unwrap();
    assert_eq!(store.audit_head().seq, 3);
    assert_eq!(verify_store(store, Some(&head)).unwrap().unwrap(), store.audit_head());
}
