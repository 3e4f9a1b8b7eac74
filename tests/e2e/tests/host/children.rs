//! Runs that start others.

use palisade_e2e::{Kind, Script, Workshop, wait};
use palisade_model::limits::{CHILDREN_PER_RUN, RUNS_AT_ONCE};
use serde_json::{Value, json};

use crate::journal::{end, entry};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// The only run that this one started, once it has.
fn child(workshop: &Workshop, parent: u64) -> u64 {
    wait::until("the child begins", || {
        workshop.host.get(&format!("/runs?parent={parent}"))["runs"][0]["id"].as_u64()
    })
}

/// Starts one that asks, and pages when that one has ended.
fn parent_of_one_that_asks() -> Script {
    Script::new()
        .child(Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).act_and_wait(Kind::Ticket, "child"))
        .wait(1)
        .act_and_wait(Kind::Page, "parent")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_hears_what_came_of_the_one_it_started() {
    let workshop = Workshop::start().await;
    let parent = workshop.run(&parent_of_one_that_asks());
    let child = child(&workshop, parent);
    workshop.host.until(child, "waiting");
    workshop.host.until(parent, "waiting");
    let show = workshop.host.text(&["run", "show", &parent.to_string()]);
    assert!(show.contains(&format!("└ run {child}  script  ◌ waiting")), "{show}");
    let show = workshop.host.text(&["run", "show", &child.to_string()]);
    assert!(show.contains(&format!("run {parent}, step 1")), "{show}");

    workshop.host.text(&["answer", &child.to_string(), "yes"]);
    let ended = workshop.host.ended(parent);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(ended["children"][0]["id"], child);
    let child = workshop.host.ended(child);
    assert_eq!(child["run"]["parent"], json!({ "run": parent, "position": 1, "depth": 1 }));
    let heard = entry(&ended, "child-ended");
    assert_eq!(
        (heard["status"].as_str(), heard["message"].as_str()),
        (Some("succeeded"), Some(end(&child).1))
    );
    assert_eq!(workshop.lab.effects(), ["tickets child", "pages parent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_that_waits_survives_a_crash_and_hears_of_its_child() {
    let mut workshop = Workshop::start().await;
    let parent = workshop.run(&parent_of_one_that_asks());
    workshop.host.until(child(&workshop, parent), "waiting");
    workshop.host.until(parent, "waiting");
    workshop = workshop.kill_and_restart();
    let child = child(&workshop, parent);
    workshop.host.until(child, "waiting");
    workshop.host.text(&["answer", &child.to_string(), "no"]);
    let ended = workshop.host.ended(parent);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["tickets child", "pages parent"]);
    assert_eq!(workshop.host.get("/runs")["runs"].as_array().unwrap().len(), 2, "a child was started twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cancels_a_run_cancels_those_that_it_started() {
    let workshop = Workshop::start().await;
    let parent = workshop.run(&parent_of_one_that_asks());
    let child = child(&workshop, parent);
    workshop.host.until(child, "waiting");
    workshop.host.text(&["run", "cancel", &parent.to_string(), "--note", "false alarm"]);
    for run in [parent, child] {
        let run = workshop.host.until(run, "cancelled");
        assert!(end(&run).1.ends_with("cancelled it: false alarm"), "{}", end(&run).1);
    }
    assert_eq!(workshop.lab.effects(), [""; 0]);
    assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_start_themselves_come_to_an_end() {
    let workshop = Workshop::start().await;
    let script = (0..6).fold(Script::new(), |below, _| Script::new().child(below).wait(1));
    let top = workshop.finished(&script);
    assert_eq!(end(&top).0, "succeeded", "{top:#}");
    let runs = workshop.host.get("/runs")["runs"].as_array().unwrap().clone();
    let depth = |run: &Value| run["parent"]["depth"].as_u64().unwrap_or(0);
    assert_eq!(runs.iter().map(depth).max(), Some(4), "{runs:#?}");
    let lowest = runs.iter().max_by_key(|run| depth(run)).unwrap();
    assert_eq!(lowest["status"], "failed");
    let message = lowest["message"].as_str().unwrap();
    assert!(message.contains("there are 4 runs above this one already"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_starts_only_so_many_others() {
    let workshop = Workshop::start().await;
    let many = CHILDREN_PER_RUN + 1;
    let script = (0..many).fold(Script::new(), |script, _| script.child(Script::new()));
    let run = workshop.finished(&(1..=many).fold(script, Script::wait));
    assert_eq!(end(&run).0, "failed", "{:#}", run["run"]);
    let message = end(&run).1;
    assert!(
        message.contains(&format!("the run has started {CHILDREN_PER_RUN} playbooks already")),
        "{message}"
    );
    assert_eq!(run["children"].as_array().unwrap().len(), CHILDREN_PER_RUN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parents_that_wait_leave_their_places_to_their_children() {
    let workshop = Workshop::start().await;
    let script = Script::new().child(Script::new().act_and_wait(Kind::Facts, "child")).wait(1);
    let alerts = RUNS_AT_ONCE as u64 + 50;
    for _ in 0..alerts {
        assert_eq!(workshop.post(&script).status, 201);
    }
    for alert in 1..=alerts {
        let parent = workshop.host.concluded(alert);
        assert_eq!(end(&parent).0, "succeeded", "{parent:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_that_is_paused_hears_of_its_child_when_it_goes_on() {
    let workshop = Workshop::start().await;
    let parent = workshop.run(&parent_of_one_that_asks());
    let child = child(&workshop, parent);
    workshop.host.until(child, "waiting");
    workshop.host.until(parent, "waiting");
    workshop.host.text(&["run", "pause", &parent.to_string()]);
    workshop.host.until(parent, "paused");
    workshop.host.text(&["answer", &child.to_string(), "yes"]);
    workshop.host.until(child, "succeeded");
    workshop.host.until(parent, "paused");
    assert_eq!(workshop.lab.effects(), ["tickets child"]);
    workshop.host.text(&["run", "resume", &parent.to_string()]);
    assert_eq!(end(&workshop.host.ended(parent)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["tickets child", "pages parent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_hears_that_its_child_was_cancelled_and_goes_on() {
    let workshop = Workshop::start().await;
    let parent = workshop.run(&parent_of_one_that_asks());
    let child = child(&workshop, parent);
    workshop.host.until(child, "waiting");
    workshop.host.text(&["run", "cancel", &child.to_string()]);
    let ended = workshop.host.ended(parent);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "child-ended")["status"], "cancelled");
    assert_eq!(workshop.lab.effects(), ["pages parent"]);
}
