//! Changes that nobody heard the end of.

use std::time::Instant;

use palisade_e2e::{Host, Kind, Script, Workshop, wait};
use palisade_lab::FaultKind;
use palisade_model::limits::STOP_TIME;
use serde_json::{Value, json};

use crate::journal::{end, entries, entry};

fn decide(workshop: &Workshop, run: u64, decision: &str) -> (u16, String) {
    let body = json!({ "decision": decision, "by": "kim", "note": "looked at the pager" });
    let answer = workshop.host.post(&format!("/runs/{run}/steps/1/decision"), &body);
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

/// A page, whose sending fails like this, and a ticket; waits until the page is in doubt.
fn page_in_doubt(workshop: &Workshop, kind: FaultKind) -> (u64, Value) {
    workshop.fault("/pages", 1, kind);
    let script = Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Ticket, "ticket");
    let run = workshop.run(&script);
    (run, workshop.host.until(run, "in-doubt"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_in_doubt_is_shown_everywhere_and_a_person_decides_once() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let (run, doubt) = page_in_doubt(&workshop, FaultKind::ResetAfterEffect);
    let number = run.to_string();
    assert_eq!(doubt["run"]["attention"], 1);
    assert_eq!((&doubt["tasks"][0]["to_do"], &doubt["tasks"][0]["position"]), (&json!("decide"), &json!(1)));
    assert_eq!(host.json(&["run", "list", "--in-doubt"])["runs"][0]["id"], run);
    let inbox = host.text(&["inbox"]);
    assert!(inbox.contains("say whether an action took effect: it was sent, and"), "{inbox}");
    assert!(inbox.contains(&format!("palisade run decide {run} 1")), "{inbox}");
    let show = host.text(&["run", "show", &number]);
    assert!(show.contains("a person must say what happened"), "{show}");

    host.text(&["run", "decide", &number, "1", "done", "--note", "it is on the pager"]);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "action-decided")["note"], "it is on the pager");
    assert_eq!(workshop.lab.effects(), ["pages page", "tickets ticket"]);
    let (status, words) = decide(&workshop, run, "not-done");
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("ended"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_happen_is_sent_again_when_a_person_says_so() {
    let mut workshop = Workshop::start().await;
    let (run, _) = page_in_doubt(&workshop, FaultKind::ResetBeforeResponse);
    // A doubt is not settled by a restart.
    workshop = workshop.kill_and_restart();
    workshop.host.until(run, "in-doubt");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    assert_eq!(decide(&workshop, run, "not-done").0, 200);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["pages page", "tickets ticket"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_gives_up_has_failed() {
    let workshop = Workshop::start().await;
    let (run, _) = page_in_doubt(&workshop, FaultKind::ResetBeforeResponse);
    assert_eq!(decide(&workshop, run, "give-up").0, 200);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "failed");
    assert!(end(&ended).1.contains("kim gave it up"), "{}", end(&ended).1);
    assert_eq!(workshop.lab.effects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_names_what_stays_in_doubt() {
    let workshop = Workshop::start().await;
    let (run, _) = page_in_doubt(&workshop, FaultKind::ResetAfterEffect);
    workshop.host.text(&["run", "cancel", &run.to_string()]);
    let cancelled = workshop.host.until(run, "cancelled");
    let words = "check by hand whether this happened: `send page` of actuator";
    assert!(end(&cancelled).1.ends_with(words), "{}", end(&cancelled).1);
    assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_can_look_finds_out_without_a_person() {
    let mut workshop = Workshop::start().await;
    let script = Script::new().act_and_wait(Kind::Note, "note").act_and_wait(Kind::Facts, "after");
    let posts = |workshop: &Workshop| workshop.asked().iter().filter(|asked| *asked == "POST /notes").count();
    let mut changes = Vec::new();
    // What became of the note, and how often it is sent.
    for (kind, sent) in [(FaultKind::ResetAfterEffect, 1), (FaultKind::ResetBeforeResponse, 2)] {
        let before = posts(&workshop);
        workshop.fault("/notes", 1, kind.clone());
        let run = workshop.finished(&script);
        assert_eq!(end(&run).0, "succeeded", "{kind:?}: {run:#}");
        assert_eq!(entries(&run, "action-in-doubt").len(), 0);
        assert_eq!(posts(&workshop) - before, sent, "{kind:?}");
        changes.push("notes note");
        assert_eq!(workshop.lab.effects(), changes, "{kind:?}");
    }
    // The same if it is the host that dies.
    for (kind, sent) in [(FaultKind::HangAfterEffect, 1), (FaultKind::Hang, 2)] {
        let before = posts(&workshop);
        workshop.fault("/notes", 1, kind.clone());
        let run = workshop.run(&script);
        wait::until("the note is under way", || (posts(&workshop) > before).then_some(()));
        workshop = workshop.kill_and_restart();
        let run = workshop.host.ended(run);
        assert_eq!(end(&run).0, "succeeded", "{kind:?}: {run:#}");
        assert_eq!(posts(&workshop) - before, sent, "{kind:?}");
        changes.push("notes note");
        assert_eq!(workshop.lab.effects(), changes, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_cannot_tell_leaves_it_to_a_person() {
    let workshop = Workshop::start().await;
    // The note breaks, and so does every look for it.
    workshop.fault("/notes", 100, FaultKind::ResetAfterEffect);
    workshop.add_actuator(&["--attempts", "1"]);
    let run = workshop.run(&Script::new().act_and_wait(Kind::Note, "note"));
    let doubt = workshop.host.until(run, "in-doubt");
    let why = entry(&doubt, "action-in-doubt")["message"].as_str().unwrap();
    assert!(why.contains("the system could not be asked whether it happened"), "{why}");
    workshop.lab.faults().clear();
    assert_eq!(decide(&workshop, run, "done").0, 200);
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["notes note"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_be_repeated_is_in_doubt_after_a_crash() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/pages", 1, FaultKind::HangAfterEffect);
    let script = Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Ticket, "ticket");
    let run = workshop.run(&script);
    wait::until("the page is under way", || (!workshop.asked().is_empty()).then_some(()));
    workshop = workshop.kill_and_restart();
    let doubt = workshop.host.until(run, "in-doubt");
    let why = entry(&doubt, "action-in-doubt")["message"].as_str().unwrap();
    assert_eq!(why, "it was sent, and the host stopped; the connector cannot find out whether it happened");
    assert_eq!(workshop.asked(), ["POST /pages"]);
    workshop.host.text(&["run", "decide", &run.to_string(), "1", "done", "--note", "it is on the pager"]);
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages page", "tickets ticket"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_repeated_is_repeated_after_a_reset_and_done_once() {
    let workshop = Workshop::start().await;
    for (path, kind, change) in
        [("/switches", Kind::Switch, "switches s"), ("/tickets", Kind::Ticket, "tickets s")]
    {
        let before = workshop.lab.effects().len();
        workshop.fault(path, 1, FaultKind::ResetAfterEffect);
        let run = workshop.finished(&Script::new().act_and_wait(kind, "s"));
        assert_eq!(end(&run).0, "succeeded", "{run:#}");
        assert_eq!(entry(&run, "action-ended")["attempts"], 2);
        assert_eq!(workshop.lab.effects()[before..], [change]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_is_none() {
    let workshop = Workshop::start().await;
    // Longer than the host waits for an answer. The system does what it was asked all the same.
    let late = || FaultKind::Slow { ms: 40_000 };
    let page = Script::new().act_and_wait(Kind::Page, "page");
    let ticket = Script::new().act_and_wait(Kind::Ticket, "ticket");
    workshop.fault("/pages", 1, late());
    workshop.fault("/tickets", 1, late());
    let (page, ticket) = (workshop.run(&page), workshop.run(&ticket));
    let doubt = workshop.host.until(page, "in-doubt");
    let why = entry(&doubt, "action-in-doubt")["message"].as_str().unwrap();
    assert!(why.contains("30"), "{why}");
    let ended = workshop.host.ended(ticket);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "action-ended")["attempts"], 2);
    assert_eq!(workshop.lab.effects(), ["tickets ticket"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_decided_in_a_paused_run_is_sent_when_it_goes_on() {
    let workshop = Workshop::start().await;
    let (run, _) = page_in_doubt(&workshop, FaultKind::ResetBeforeResponse);
    let number = run.to_string();
    workshop.host.text(&["run", "pause", &number]);
    workshop.host.until(run, "paused");
    assert_eq!(decide(&workshop, run, "not-done").0, 200);
    workshop.host.until(run, "paused");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    workshop.host.text(&["run", "resume", &number]);
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages page", "tickets ticket"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_told_to_stop_waits_only_so_long_for_a_system() {
    let workshop = Workshop::start().await;
    workshop.fault("/pages", 1, FaultKind::Hang);
    let script = Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Ticket, "ticket");
    let run = workshop.run(&script);
    workshop.until_faults_struck();
    let Workshop { host, lab, .. } = workshop;
    let began = Instant::now();
    let data = host.stop();
    assert!(began.elapsed() < STOP_TIME * 2, "it took {:?}", began.elapsed());
    let host = Host::on(data);
    host.until(run, "in-doubt");
    host.text(&["run", "decide", &run.to_string(), "1", "not-done", "--note", "the pager is silent"]);
    assert_eq!(end(&host.ended(run)).0, "succeeded");
    assert_eq!(lab.effects(), ["pages page", "tickets ticket"]);
}
