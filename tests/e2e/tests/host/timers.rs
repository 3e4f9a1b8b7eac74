//! Runs that let time pass.

use std::time::Duration;

use palisade_e2e::{Host, Kind, Script, Workshop, wait};
use palisade_model::Timestamp;
use serde_json::Value;

use crate::journal::{end, entry};

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Pages somebody, lets so much time pass, and opens a ticket.
fn later(ms: u64) -> Script {
    Script::new().act_and_wait(Kind::Page, "before").sleep(ms).act_and_wait(Kind::Ticket, "after")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_survives_a_crash() {
    let mut workshop = Workshop::start().await;
    let run = workshop.run(&later(4_000));
    let waiting = workshop.host.until(run, "waiting");
    let due = time(&waiting["run"]["due"]);
    workshop.flush();
    workshop = workshop.kill_and_restart();
    assert_eq!(time(&workshop.host.until(run, "waiting")["run"]["due"]), due);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let waited = ended["entries"].as_array().unwrap().iter().find(|entry| !entry["until"].is_null()).unwrap();
    assert!(time(&waited["at"]) >= due, "{waited:#}");
    assert_eq!(workshop.lab.effects(), ["pages before", "tickets after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_ended_while_no_host_was_there_is_made_good_at_once() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&later(2_000));
    let due = time(&workshop.host.until(run, "waiting")["run"]["due"]);
    workshop.flush();
    let Workshop { host, lab, .. } = workshop;
    let data = host.kill();
    wait::until("the time comes", || (Timestamp::now() > due).then_some(()));
    let host = Host::on(data);
    let started = time(&host.get("/status")["started"]);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let took = time(&entry(&ended, "concluded")["at"]).duration_since(started);
    assert!(Duration::try_from(took).unwrap() < Duration::from_secs(10), "it took {took:#}");
    assert_eq!(lab.effects(), ["pages before", "tickets after"]);
}
