//! What was acknowledged is there: after a kill, on the disk, after a loss of power, and after the disk refused a write.
#![allow(clippy::unwrap_used)]

mod child;
mod disk;
mod power;
mod steps;
mod trace;

use std::{
    collections::HashSet,
    fs,
    hash::{BuildHasher, RandomState},
    io::BufRead,
    iter::from_fn,
    path::Path,
    process::Command,
};

use child::{Ack, ENTRIES, Work, next_ack};
use palisade_store::{Page, SledStore, Store, audit};
use tempfile::tempdir;

const NEWEST: Page = Page { before: None, limit: 1 };

/// Opens the store and looks for everything that was acknowledged, and for gaps in the rest.
fn check(directory: &Path, acks: &[Ack]) -> SledStore {
    let store = SledStore::open(directory).unwrap();
    for ack in acks {
        let alert = store.alert(ack.alert).unwrap().unwrap_or_else(|| panic!("{ack:?} is lost"));
        assert_eq!(alert.content.source_id, ack.source_id);
        let run = store.run(ack.run).unwrap().unwrap_or_else(|| panic!("the run of {ack:?} is lost"));
        assert_eq!((run.alert, run.entries), (ack.alert, ENTRIES));
        assert_eq!(store.journal(run.id, 1, 100).unwrap().len() as u64, ENTRIES);
    }
    let newest = store.alerts(NEWEST).unwrap().first().map_or(0, |alert| alert.id);
    let waiting: Vec<u64> = store.waiting(usize::MAX).unwrap();
    let mut handled = HashSet::new();
    let mut appended = 0;
    let runs = store.runs(Default::default(), NEWEST).unwrap().first().map_or(0, |run| run.id);
    for id in 1..=runs {
        let run = store.run(id).unwrap().unwrap_or_else(|| panic!("run {id} of {runs} is lost"));
        assert!(run.entries == 1 || run.entries == ENTRIES, "half of an append is there");
        assert_eq!(store.journal(id, 1, 100).unwrap().len() as u64, run.entries);
        assert!(handled.insert(run.alert), "alert {} was handled twice", run.alert);
        appended += u64::from(run.entries == ENTRIES);
    }
    assert_eq!(audited(&store), appended, "what was done and what is on the record are not the same");
    for id in 1..=newest {
        assert!(store.alert(id).unwrap().is_some(), "alert {id} of {newest} is lost");
        assert!(handled.contains(&id) != waiting.contains(&id), "alert {id} neither waits nor was handled");
    }
    assert_eq!(store.waiting_count(), waiting.len() as u64);
    store
}

/// How many entries the audit log has, which must be whole.
fn audited(store: &SledStore) -> u64 {
    audit::verify_store(store, Some(&store.audit_head())).unwrap().unwrap().seq
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let directory = tempdir().unwrap();
    let store = directory.path().join("store");
    let mut acks = Vec::new();
    for round in 0..5_u64 {
        let moment = 1 + RandomState::new().hash_one(round) % 400;
        println!("round {round}: killed after {moment} acknowledgements");
        let (mut child, mut output) = child::start(&[], &store, Work::new(16, usize::MAX));
        for _ in 0..moment {
            acks.push(next_ack(&mut output).expect("the child writes until it is killed"));
        }
        // This is SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        acks.extend(from_fn(|| next_ack(&mut output)));
        check(&store, &acks);
    }
}

#[test]
fn nothing_is_acknowledged_before_the_disk_has_it() {
    let directory = tempdir().unwrap();
    let (calls, acks) = traced(directory.path(), Work::new(1, 10));
    let file = directory.path().join("store/db");
    assert_eq!(acks.len(), 10);
    for ack in &acks {
        let said = format!("ack {} {} ", ack.alert, ack.run);
        let said =
            calls.iter().find(|call| call.text.starts_with("write(1<") && call.text.contains(&said)).unwrap();
        let before: Vec<_> = calls.iter().filter(|call| call.end < said.begin).collect();
        let written = before
            .iter()
            .rfind(|call| call.succeeded("pwrite64", &file) && call.text.contains(&ack.source_id));
        let written = written.unwrap_or_else(|| panic!("{ack:?} was never written"));
        assert!(
            before.iter().any(|call| call.begin > written.end && call.succeeded("fdatasync", &file)),
            "{ack:?} was acknowledged without an fdatasync after {written:?}"
        );
    }
}

#[test]
fn writes_that_wait_together_share_one_sync() {
    let directory = tempdir().unwrap();
    let (calls, acks) = traced(directory.path(), Work::new(64, 1));
    let file = directory.path().join("store/db");
    assert_eq!(acks.len(), 64);
    let syncs = calls.iter().filter(|call| call.succeeded("fdatasync", &file)).count();
    assert!((1..=16).contains(&syncs), "{syncs} syncs for 128 durable writes of 64 writers");
}

/// The system calls of a child that does this work, and what it acknowledged.
fn traced(directory: &Path, work: Work) -> (Vec<trace::Call>, Vec<Ack>) {
    assert!(
        Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success()),
        "strace is missing: run `apt-get install strace`"
    );
    let file = directory.join("trace");
    let (mut child, mut output) = child::start(&trace::strace(&file), &directory.join("store"), work);
    let acks = from_fn(|| next_ack(&mut output)).collect();
    assert!(child.wait().unwrap().success());
    (trace::parse(&fs::read_to_string(file).unwrap()), acks)
}

#[test]
fn a_write_that_the_disk_refuses_is_the_last_one() {
    let directory = tempdir().unwrap();
    let store = directory.path().join("store");
    // A limit on the size of files, in units of 512 bytes, is a full disk that needs no disk.
    let limited = ["sh", "-c", r#"trap "" XFSZ; ulimit -f 8192; exec "$0" "$@""#].map(Into::into);
    let (mut child, mut output) = child::start(&limited, &store, Work::new(16, usize::MAX));
    let mut acks = Vec::new();
    let mut said = Vec::new();
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        if line.contains("ack ") {
            acks.extend(next_ack(&mut line.as_bytes()));
        } else {
            said.push(line.clone());
        }
        line.clear();
    }
    child.wait().unwrap();
    assert!(!acks.is_empty());
    assert!(said.iter().any(|line| line.contains("error Write")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("next Err(Refused")), "{said:?}");
    check(&store, &acks);
}
