//! What people do to runs that have not ended: cancel, pause, resume.

use std::time::Instant;

use palisade_e2e::{Host, Kind, Script, Workshop, wait};
use palisade_lab::FaultKind;
use palisade_model::limits::STOP_TIME;
use serde_json::{Value, json};

use crate::journal::{end, entries, entry};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// Time that a slow action takes: a person acts meanwhile.
const SLOW: FaultKind = FaultKind::Slow { ms: 3_000 };

/// Says something about a run over HTTP: the status and the words of the answer.
fn say(workshop: &Workshop, run: u64, what: &str) -> (u16, String) {
    let answer = workshop.host.post(&format!("/runs/{run}/{what}"), &json!({ "by": "kim" }));
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

fn command(workshop: &Workshop, run: u64, what: &str) {
    workshop.host.text(&["run", what, &run.to_string(), "--note", "change freeze"]);
}

fn failure(run: &Value) -> &Value {
    &entry(run, "action-ended")["failure"]
}

/// A page that is answered late, and a ticket after it.
fn page_then_ticket(workshop: &Workshop) -> u64 {
    workshop.fault("/pages", 1, SLOW);
    let script = Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Ticket, "ticket");
    let run = workshop.run(&script);
    workshop.until_faults_struck();
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_for_an_answer_can_be_cancelled() {
    let mut workshop = Workshop::start().await;
    let script = Script::new().act_and_wait(Kind::Page, "page").ask("tier2", "Go on?", AN_HOUR).wait(2);
    let run = workshop.run(&script);
    workshop.host.until(run, "waiting");
    command(&workshop, run, "cancel");
    let cancelled = workshop.host.until(run, "cancelled");
    assert!(end(&cancelled).1.ends_with("cancelled it: change freeze"), "{}", end(&cancelled).1);
    assert_eq!(entry(&cancelled, "cancel-asked")["note"], "change freeze");
    assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
    let show = workshop.host.text(&["run", "show", &run.to_string()]);
    assert!(show.contains("send page") && show.contains("asked that the run end: change freeze"), "{show}");
    workshop.flush();
    workshop = workshop.kill_and_restart();
    assert_eq!(workshop.host.get(&format!("/runs/{run}"))["run"]["status"], "cancelled");
    for (what, words) in [("cancel", "has ended"), ("pause", "has ended"), ("resume", "is not paused")] {
        let (status, detail) = say(&workshop, run, what);
        assert_eq!(status, 409, "{what}: {detail}");
        assert!(detail.contains(words), "{what}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_works_on_a_job_is_told_that_the_run_was_cancelled() {
    let workshop = Workshop::start().await;
    let script = Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Job, "job");
    let run = workshop.run(&script);
    let asked = |what: &str| workshop.asked().iter().any(|asked| asked.starts_with(what));
    wait::until("the host looks at the job", || asked("GET /jobs/").then_some(()));
    command(&workshop, run, "cancel");
    let cancelled = workshop.host.until(run, "cancelled");
    assert!(asked("DELETE /jobs/"), "{:?}", workshop.asked());
    // What had happened is told all the same.
    let [page, job] = &entries(&cancelled, "action-ended")[..] else { panic!("{cancelled:#}") };
    assert_eq!(page["report"]["message"], "The page is sent.");
    assert_eq!(job["failure"]["failure"], "cancelled", "{job:#}");
    assert_eq!(workshop.lab.effects(), ["pages page", "jobs job"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_comes_to_its_end_when_the_run_is_cancelled() {
    let workshop = Workshop::start().await;
    let run = page_then_ticket(&workshop);
    command(&workshop, run, "cancel");
    let cancelled = workshop.host.until(run, "cancelled");
    assert_eq!(entry(&cancelled, "action-ended")["report"]["message"], "The page is sent.");
    assert_eq!(failure(&cancelled), &Value::Null);
    assert!(!end(&cancelled).1.contains("check by hand"), "{}", end(&cancelled).1);
    assert_eq!(workshop.lab.effects(), ["pages page"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_run_begins_nothing_until_it_is_resumed() {
    let mut workshop = Workshop::start().await;
    let run = page_then_ticket(&workshop);
    command(&workshop, run, "pause");
    workshop.host.until(run, "paused");
    assert_eq!(say(&workshop, run, "pause").0, 409);
    let show = workshop.host.text(&["run", "show", &run.to_string()]);
    assert!(show.contains("paused the run: change freeze"), "{show}");
    assert!(show.contains(&format!("palisade run resume {run}")), "{show}");

    // It stays paused over a restart, while other runs come to their end.
    workshop.flush();
    workshop = workshop.kill_and_restart();
    let other = workshop.finished(&Script::new().act_and_wait(Kind::Switch, "other"));
    assert_eq!(end(&other).0, "succeeded");
    assert_eq!(workshop.host.get(&format!("/runs/{run}"))["run"]["status"], "paused");
    assert_eq!(workshop.lab.effects(), ["pages page", "switches other"]);

    command(&workshop, run, "resume");
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["pages page", "switches other", "tickets ticket"]);
    assert_eq!(say(&workshop, run, "resume").0, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_run_takes_an_answer_and_goes_on_with_it_later() {
    let workshop = Workshop::start().await;
    let script = Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).act_and_wait(Kind::Page, "page");
    let run = workshop.run(&script);
    workshop.host.until(run, "waiting");
    command(&workshop, run, "pause");
    workshop.host.until(run, "paused");
    let inbox = workshop.host.text(&["inbox"]);
    assert!(inbox.contains(&format!("palisade answer {run}.1")), "{inbox}");
    workshop.host.text(&["answer", &run.to_string(), "yes"]);
    workshop.host.until(run, "paused");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    command(&workshop, run, "resume");
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_run_comes_back_for_its_job() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&Script::new().act_and_wait(Kind::Job, "job"));
    let looks = || workshop.asked().iter().filter(|asked| asked.starts_with("GET /jobs/")).count();
    wait::until("the host looks at the job", || (looks() > 0).then_some(()));
    command(&workshop, run, "pause");
    workshop.host.until(run, "paused");
    let seen = looks();
    workshop.lab.finish_jobs();
    command(&workshop, run, "resume");
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(looks(), seen + 1, "{:?}", workshop.asked());
    assert_eq!(workshop.lab.effects(), ["jobs job"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_was_acknowledged_holds_after_a_crash() {
    // The host dies while a page is under way, just after a person has said this.
    for (word, status) in [("cancel", "cancelled"), ("pause", "paused")] {
        let mut workshop = Workshop::start().await;
        workshop.fault("/pages", 1, FaultKind::HangAfterEffect);
        let script = Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Ticket, "ticket");
        let run = workshop.run(&script);
        wait::until("the page is under way", || (!workshop.asked().is_empty()).then_some(()));
        command(&workshop, run, word);
        workshop = workshop.kill_and_restart();
        let stands = workshop.host.until(run, status);
        if word == "cancel" {
            let words = "check by hand whether this happened: `send page` of actuator";
            assert!(end(&stands).1.ends_with(words), "{}", end(&stands).1);
        } else {
            command(&workshop, run, "resume");
            workshop.host.until(run, "in-doubt");
            let decide = ["run", "decide", &run.to_string(), "1", "done", "--note", "it is on the pager"];
            workshop.host.text(&decide);
            assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
        }
        let tickets = usize::from(word == "pause");
        assert_eq!(workshop.asked().len(), 1 + tickets, "{:?}", workshop.asked());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_change_their_minds_all_the_time_change_nothing_else() {
    let workshop = Workshop::start().await;
    let tags: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let script = tags.iter().fold(Script::new(), |script, tag| script.act_and_wait(Kind::Page, tag));
    let run = workshop.run(&script);
    let mut said = 0;
    let ended = wait::until("the run ends", || {
        // Either may come too late.
        for what in ["pause", "resume"] {
            let (status, words) = say(&workshop, run, what);
            assert!(matches!(status, 200 | 409), "{what}: {status}: {words}");
            said += usize::from(status == 200);
        }
        let run = workshop.host.get(&format!("/runs/{run}"));
        (run["run"]["status"] == "succeeded").then_some(run)
    });
    assert!(said > 2, "nothing was said in time");
    assert_eq!(entries(&ended, "paused").len() + entries(&ended, "resumed").len(), said);
    let pages: Vec<_> = tags.iter().map(|tag| format!("pages {tag}")).collect();
    assert_eq!(workshop.lab.effects(), pages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_told_to_stop_does_not_wait_for_what_waits() {
    let workshop = Workshop::start().await;
    let job = workshop.run(&Script::new().act_and_wait(Kind::Job, "job"));
    let question = workshop.run(&Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1));
    let timer = workshop.run(&Script::new().sleep(AN_HOUR));
    let looks = || workshop.asked().iter().any(|asked| asked.starts_with("GET /jobs/"));
    wait::until("the host looks at the job", || looks().then_some(()));
    workshop.host.until(question, "waiting");
    workshop.host.until(timer, "waiting");
    let began = Instant::now();
    let Workshop { host, lab, .. } = workshop;
    let data = host.stop();
    assert!(began.elapsed() < STOP_TIME / 2, "it took {:?}", began.elapsed());
    lab.finish_jobs();
    let host = Host::on(data);
    assert_eq!(end(&host.ended(job)).0, "succeeded");
    host.until(timer, "waiting");
    host.text(&["answer", &question.to_string(), "yes"]);
    assert_eq!(end(&host.ended(question)).0, "succeeded");
    assert_eq!(lab.effects(), ["jobs job"]);
}
