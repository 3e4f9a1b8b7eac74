//! A run whose host is killed goes on from its journal, and ends as if nothing had been.

use palisade_e2e::{Kind, Operation, Script, Workshop, wait};
use palisade_lab::FaultKind;
use palisade_model::Timestamp;

use crate::journal::{end, entries, entry, times};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_host_goes_on_and_changes_nothing_twice() {
    let mut workshop = Workshop::start().await;
    // The tags are the same whenever it runs, so that the conclusion is, too.
    let script = Script::new()
        .act_and_wait(Kind::Facts, "before")
        .act_and_wait(Kind::Page, "before")
        .act_and_wait(Kind::Ticket, "middle")
        .act_and_wait(Kind::Facts, "after")
        .act_and_wait(Kind::Note, "after");
    let whole = workshop.finished(&script);
    let changes = workshop.lab.effects();
    assert_eq!(changes, ["pages before", "tickets middle", "notes after"]);

    // The ticket was on its way when the host died: it had not come to be, or it had.
    for hang in [FaultKind::Hang, FaultKind::HangAfterEffect] {
        let (effects, asked) = (workshop.lab.effects().len(), workshop.asked().len());
        workshop.fault("/tickets", 1, hang.clone());
        let run = workshop.run(&script);
        let tickets = |asked: &[String]| asked.iter().filter(|asked| *asked == "POST /tickets").count();
        wait::until("the ticket is asked for", || (tickets(&workshop.asked()[asked..]) == 1).then_some(()));
        workshop = workshop.kill_and_restart();

        let run = workshop.host.ended(run);
        assert_eq!(end(&run), end(&whole), "{hang:?}: {run:#}");
        assert_eq!(workshop.lab.effects()[effects..], changes, "{hang:?}");
        assert_eq!(tickets(&workshop.asked()[asked..]), 2, "it is asked for again, with the same key");
        assert_eq!(run["run"]["epoch"], 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_that_were_under_way_at_once_go_on_side_by_side() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/tickets", 1, FaultKind::Hang);
    workshop.fault("/notes", 1, FaultKind::HangAfterEffect);
    workshop.fault("/switches", 1, FaultKind::HangAfterEffect);
    workshop.fault("/facts", 1, FaultKind::Hang);
    let script = Script::new()
        .act(Kind::Ticket, "1")
        .act(Kind::Note, "2")
        .act(Kind::Switch, "3")
        .act(Kind::Facts, "4")
        .then(Operation::Random { count: 8 });
    let script = (1..=4).fold(script, Script::wait);
    let run = workshop.run(&script);
    wait::until("all four are under way", || (workshop.asked().len() == 4).then_some(()));
    workshop = workshop.kill_and_restart();

    let run = workshop.host.ended(run);
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    let mut effects = workshop.lab.effects();
    effects.sort();
    assert_eq!(effects, ["notes 2", "switches 3", "tickets 1"]);
    // What was written twice, and the look for the note instead of a second one.
    let mut asked = workshop.asked();
    asked.sort();
    let twice = ["GET /facts/4", "GET /facts/4", "GET /notes", "POST /notes"];
    assert_eq!(asked[..4], twice, "{asked:?}");
    assert_eq!(entries(&run, "action-ended").len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_the_system_is_asked_for_again_and_not_begun_again() {
    let mut workshop = Workshop::start().await;
    let run = workshop.run(&Script::new().act_and_wait(Kind::Job, "long"));
    let looks =
        |workshop: &Workshop| workshop.asked().iter().filter(|asked| asked.starts_with("GET")).count();
    wait::until("the host looks at the job", || (looks(&workshop) > 0).then_some(()));
    workshop.flush();
    workshop = workshop.kill_and_restart();
    let seen = looks(&workshop);
    wait::until("the next host does, too", || (looks(&workshop) > seen).then_some(()));
    workshop.lab.finish_jobs();

    let run = workshop.host.ended(run);
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    assert_eq!(workshop.asked().iter().filter(|asked| *asked == "POST /jobs").count(), 1);
    assert_eq!(workshop.lab.effects(), ["jobs long"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_that_nobody_waits_for_is_part_of_the_run() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/tickets", 1, FaultKind::Hang);
    let run = workshop.run(&Script::new().act(Kind::Ticket, "left behind"));
    wait::until("the playbook has ended", || {
        let run = workshop.host.get(&format!("/runs/{run}"));
        (!entries(&run, "returned").is_empty() && !workshop.asked().is_empty()).then_some(())
    });
    workshop = workshop.kill_and_restart();
    let run = workshop.host.ended(run);
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    assert_eq!(workshop.lab.effects(), ["tickets left behind"]);
    let replay = workshop.host.text(&["run", "replay", &run["run"]["id"].to_string()]);
    assert!(replay.ends_with("each as recorded, and the same conclusion.\n"), "{replay}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_the_system_asked_for_survives_a_crash() {
    let mut workshop = Workshop::start().await;
    let busy = FaultKind::Status { code: 429, body: None, retry_after: Some(4) };
    workshop.fault("/tickets", 1, busy);
    let run = workshop.run(&Script::new().act_and_wait(Kind::Ticket, "later"));
    let due: Timestamp = workshop.host.until(run, "waiting")["run"]["due"].as_str().unwrap().parse().unwrap();
    workshop.flush();
    workshop = workshop.kill_and_restart();
    let run = workshop.host.ended(run);
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    assert_eq!(entry(&run, "action-ended")["attempts"], 2);
    assert!(times(&run).last().unwrap() >= &due);
    assert_eq!(workshop.lab.effects(), ["tickets later"]);
}
