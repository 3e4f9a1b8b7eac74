//! Questions to people.

use std::collections::BTreeSet;

use palisade_e2e::{Host, Kind, Script, Workshop, wait};
use palisade_model::{Timestamp, limits::RUNS_AT_ONCE};
use serde_json::{Value, json};

use crate::journal::{end, entry};

/// Longer than any test.
const AN_HOUR: u64 = 60 * 60 * 1000;

fn question(time_limit_ms: u64) -> Script {
    Script::new()
        .act_and_wait(Kind::Page, "before")
        .ask("tier2", "May the server be cut off?", time_limit_ms)
        .wait(2)
        .act_and_wait(Kind::Ticket, "after")
}

fn answer(workshop: &Workshop, run: u64, step: u64, answer: impl Into<Value>) -> (u16, String) {
    let answer = json!({ "answer": answer.into(), "by": "kim", "note": "asked the owner" });
    let answer = workshop.host.post(&format!("/runs/{run}/steps/{step}/answer"), &answer);
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_waits_in_the_inbox_until_somebody_answers_it_once() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let run = workshop.run(&question(AN_HOUR));
    let waiting = host.until(run, "waiting");
    assert_eq!(waiting["run"]["attention"], 1);
    assert_eq!(waiting["tasks"][0]["to"], "tier2");
    assert_eq!(host.json(&["run", "list", "--waiting"])["runs"][0]["id"], run);
    let inbox = host.text(&["inbox"]);
    for words in ["asks tier2", "May the server be cut off?", &format!("palisade answer {run}.2")] {
        assert!(inbox.contains(words), "{inbox}");
    }
    let show = host.text(&["run", "show", &run.to_string()]);
    assert!(show.contains("a person must answer; it goes on by itself in"), "{show}");

    let (status, words) = answer(&workshop, run, 2, "perhaps");
    assert_eq!((status, words.as_str()), (422, "\"perhaps\" is no answer: choose one of yes, no"));
    let (status, words) = answer(&workshop, run, 7, "yes");
    assert_eq!(status, 404, "{words}");
    assert_eq!(host.palisade(&["answer", &run.to_string(), "perhaps"]).status.code(), Some(2));
    assert_eq!(workshop.lab.effects(), ["pages before"]);

    host.text(&["answer", &run.to_string(), "yes", "--note", "agreed by phone"]);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let answered = entry(&ended, "prompt-answered");
    assert_eq!((&answered["answer"], &answered["by"]["note"]), (&json!("yes"), &json!("agreed by phone")));
    assert_eq!(workshop.lab.effects(), ["pages before", "tickets after"]);
    assert_eq!(host.text(&["inbox"]), "Nothing waits for a person.\n");

    let (status, words) = answer(&workshop, run, 2, "no");
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("has ended") || words.contains("has been answered"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_answer_is_refused_while_the_run_goes_on() {
    let workshop = Workshop::start().await;
    let script = Script::new().ask("a", "one?", AN_HOUR).ask("b", "two?", AN_HOUR).wait(1).wait(2);
    let run = workshop.run(&script);
    wait::until("both are asked", || {
        (workshop.host.until(run, "waiting")["run"]["attention"] == 2).then_some(())
    });
    assert_eq!(answer(&workshop, run, 1, "yes").0, 200);
    let (status, words) = answer(&workshop, run, 1, "no");
    assert_eq!((status, words), (409, format!("step 1 of run {run} has been answered")));
    assert_eq!(answer(&workshop, run, 2, "no").0, 200);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_survives_a_crash() {
    let mut workshop = Workshop::start().await;
    let run = workshop.run(&question(AN_HOUR));
    workshop.host.until(run, "waiting");
    workshop.flush();
    workshop = workshop.kill_and_restart();
    assert_eq!(workshop.host.get(&format!("/runs/{run}"))["run"]["status"], "waiting");
    assert_eq!(workshop.host.json(&["inbox"])["tasks"][0]["question"].as_str().map(|q| &q[..3]), Some("May"));
    assert_eq!(answer(&workshop, run, 2, "yes").0, 200);
    // An answer that was acknowledged is there, whatever comes next.
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "prompt-answered")["answer"], "yes");
    assert_eq!(workshop.lab.effects(), ["pages before", "tickets after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_s_answer_is_the_default_in_time() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&question(1_500));
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let answered = entry(&ended, "prompt-answered");
    assert_eq!((&answered["answer"], &answered["by"]), (&json!("no"), &Value::Null));
    let (status, words) = answer(&workshop, run, 2, "yes");
    assert_eq!(status, 409, "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_wait_for_people_take_no_place() {
    let many = RUNS_AT_ONCE + 50;
    let workshop = Workshop::start().await;
    let question = Script::new().ask("tier2", "Shall we?", AN_HOUR).wait(1);
    for _ in 0..many {
        assert_eq!(workshop.post(&question).status, 201);
    }
    let waiting = wait::until("all of them wait", || {
        let runs = workshop.host.get("/runs?status=waiting&limit=500")["runs"].as_array().unwrap().clone();
        (runs.len() == many).then_some(runs)
    });
    let other = workshop.finished(&Script::new().act_and_wait(Kind::Page, "other"));
    assert_eq!(end(&other).0, "succeeded", "{other:#}");

    let runs: BTreeSet<_> = waiting.iter().map(|run| run["id"].as_u64().unwrap()).collect();
    for run in &runs {
        assert_eq!(answer(&workshop, *run, 1, "yes").0, 200);
    }
    for run in runs {
        assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_answers_at_once_one_counts() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&question(AN_HOUR));
    workshop.host.until(run, "waiting");
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let answers: Vec<_> = (0..8)
            .map(|n| {
                let word = if n % 2 == 0 { "yes" } else { "no" };
                let workshop = &workshop;
                scope.spawn(move || answer(workshop, run, 2, word).0)
            })
            .collect();
        answers.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(200), count(409)), (1, 7), "{statuses:?}");
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    entry(&ended, "prompt-answered");
    assert_eq!(workshop.lab.effects(), ["pages before", "tickets after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_passed_while_no_host_was_there_holds() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&question(3_000));
    let waiting = workshop.host.until(run, "waiting");
    let deadline: Timestamp = waiting["tasks"][0]["deadline"].as_str().unwrap().parse().unwrap();
    workshop.flush();
    let Workshop { host, lab, .. } = workshop;
    let data = host.kill();
    wait::until("the deadline", || (Timestamp::now() > deadline).then_some(()));
    let host = Host::on(data);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let answered = entry(&ended, "prompt-answered");
    assert_eq!((&answered["answer"], &answered["by"]), (&json!("no"), &Value::Null));
    assert_eq!(lab.effects(), ["pages before", "tickets after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_run_takes_no_answer_after_the_deadline() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&question(3_000));
    workshop.host.until(run, "waiting");
    workshop.host.text(&["run", "pause", &run.to_string()]);
    let paused = workshop.host.until(run, "paused");
    let deadline: Timestamp = entry(&paused, "prompt-asked")["deadline"].as_str().unwrap().parse().unwrap();
    wait::until("the deadline", || (Timestamp::now() > deadline).then_some(()));
    let (status, words) = answer(&workshop, run, 2, "yes");
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("is over"), "{words}");
    workshop.host.text(&["run", "resume", &run.to_string()]);
    let ended = workshop.host.ended(run);
    let answered = entry(&ended, "prompt-answered");
    assert_eq!((&answered["answer"], &answered["by"]), (&json!("no"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_playbook_asks_does_not_reach_a_terminal_as_it_is() {
    let workshop = Workshop::start().await;
    let script =
        Script::new().ask("\u{1b}[2Jadmin", "Sure?\u{1b}]0;owned\u{7}\u{202e}\nRUN 1", AN_HOUR).wait(1);
    let run = workshop.run(&script).to_string();
    workshop.host.until(run.parse().unwrap(), "waiting");
    for command in [&["inbox"][..], &["run", "show", "-v", &run], &["--json", "inbox"]] {
        let text = workshop.host.text(command);
        assert!(text.contains("Sure?"), "{command:?}: {text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{command:?}: {text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("RUN 1")), "{text}");
    }
}
