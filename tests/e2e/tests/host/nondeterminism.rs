//! A run whose playbook asks for something else than its journal says is kept for a person, and never goes on.

use palisade_e2e::{Host, Kind, Operation, Script, Workshop, wait};
use palisade_model::{
    Timestamp,
    journal::{Began, Event, LogLevel},
};
use palisade_store::{Append, Durability, NewRun, SledStore, Store};

use crate::journal::{end, entries};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_does_not_fit_its_journal_is_kept_and_never_goes_on() {
    let workshop = Workshop::start().await;
    let script = Script::new()
        .then(Operation::Log { line: "what the playbook says".to_owned() })
        .act_and_wait(Kind::Page, "page");
    let good = workshop.finished(&script);
    assert_eq!(end(&good).0, "succeeded");
    let Workshop { host, lab, .. } = workshop;
    let data = host.stop();

    // A run on the same alert, interrupted after a call that its playbook never made.
    let store = SledStore::open(&data.path().join("data/store")).unwrap();
    let alert = store.alert(1).unwrap().unwrap();
    let digest = serde_json::from_value(good["run"]["digest"].clone()).unwrap();
    let began = Began::new(digest, alert);
    let new = NewRun { playbook: "script".parse().unwrap(), started: Timestamp::now(), began };
    let run = store.start_run(new).await.unwrap();
    let said = Event::Log { action: None, level: LogLevel::Info, message: "what the journal says".into() };
    let append = Append {
        run,
        epoch: 1,
        expected: 1,
        events: vec![(Timestamp::now(), said)],
        audit: Vec::new(),
        leave: None,
        durability: Durability::Durable,
    };
    store.append(append).await.unwrap();
    drop(store);

    let host = Host::on(data);
    let kept = host.until(run, "nondeterministic");
    let number = run.to_string();
    assert_eq!(kept["tasks"][0]["to_do"], "look");
    let inbox = host.text(&["inbox"]);
    assert!(inbox.contains("see why the run does not fit its journal"), "{inbox}");
    let show = host.text(&["run", "show", &number]);
    let side_by_side: Vec<_> = show.lines().filter(|line| line.contains("log at Info")).collect();
    let [journal, playbook] = side_by_side.as_slice() else { panic!("{show}") };
    assert!(journal.contains("journal") && journal.ends_with("what the journal says"), "{show}");
    assert!(playbook.contains("playbook") && playbook.contains("what the playbook says"), "{show}");

    // Neither a restart nor another try makes it go on.
    let host = host.kill_and_restart();
    let times = entries(&host.until(run, "nondeterministic"), "diverged").len();
    host.text(&["run", "resume", &number]);
    let again = wait::until("it diverges again", || {
        let run = host.get(&format!("/runs/{run}"));
        (entries(&run, "diverged").len() > times).then_some(run)
    });
    assert_eq!(entries(&again, "action-started").len(), 0);
    assert_eq!(host.palisade(&["run", "replay", &number]).status.code(), Some(1));
    assert_eq!(lab.effects(), ["pages page"]);

    host.until(run, "nondeterministic");
    host.text(&["run", "cancel", &number, "--note", "sent to its author"]);
    let cancelled = host.until(run, "cancelled");
    assert!(end(&cancelled).1.ends_with("cancelled it: sent to its author"), "{}", end(&cancelled).1);
    assert_eq!(host.text(&["inbox"]), "Nothing waits for a person.\n");
}
