//! What a run costs in writes that wait for the disk.

use std::time::Instant;

use palisade_e2e::{Kind, Script, Workshop};
use palisade_model::limits::BUFFERED_FOR;

/// How often the store waited for the disk so far; this is one time itself.
fn syncs(workshop: &Workshop) -> u128 {
    workshop.flush();
    workshop.host.get("/status")["store"]["syncs"].as_u64().unwrap().into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_alone_waits_for_the_disk_twice_and_twice_for_each_change() {
    let workshop = Workshop::start().await;
    let reads = (0..8).fold(Script::new(), |script, n| script.act_and_wait(Kind::Facts, &n.to_string()));
    // The alert and the conclusion, and before and after each change.
    for (script, changes) in [
        (Script::new(), 0),
        (reads, 0),
        (Script::new().act_and_wait(Kind::Page, "a"), 1),
        (Script::new().act_and_wait(Kind::Ticket, "b").act_and_wait(Kind::Facts, "c"), 1),
        (Script::new().act_and_wait(Kind::Ticket, "d").act_and_wait(Kind::Note, "e"), 2),
    ] {
        let before = syncs(&workshop);
        let began = Instant::now();
        let run = workshop.finished(&script);
        assert_eq!(run["run"]["status"], "succeeded", "{run:#}");
        let took = syncs(&workshop) - 1 - before;
        // On a slow day, what nobody waits for is synced meanwhile.
        let most = 2 + 2 * changes + began.elapsed().as_millis() / BUFFERED_FOR.as_millis();
        assert!((1..=most).contains(&took), "{changes} changes took {took} syncs, not {most}: {run:#}");
    }
}
