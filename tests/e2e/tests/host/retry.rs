//! Going on from an action that failed.

use palisade_e2e::{Kind, Script, Workshop, wait};
use palisade_lab::FaultKind;

use crate::journal::{end, entries};

fn refuse(code: u16) -> FaultKind {
    FaultKind::Status { code, body: None, retry_after: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repaired_asset_lets_a_run_go_on_from_what_failed() {
    let workshop = Workshop::start().await;
    let script = Script::new()
        .act_and_wait(Kind::Facts, "before")
        .act_and_wait(Kind::Page, "page")
        .act_and_wait(Kind::Ticket, "after");
    workshop.fault("/pages", 1, refuse(401));
    let run = workshop.run(&script);
    let failed = workshop.host.until(run, "failed");
    assert!(end(&failed).1.starts_with("step 1 failed: "), "{}", end(&failed).1);
    let show = workshop.host.text(&["run", "show", &run.to_string()]);
    assert!(show.contains(&format!("palisade run retry {run}")), "{show}");

    workshop.add_actuator(&["--attempts", "5"]);
    workshop.host.text(&["run", "retry", &run.to_string(), "--note", "the account is open again"]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["pages page", "tickets after"]);
    assert_eq!(workshop.asked().iter().filter(|asked| asked.starts_with("GET /facts")).count(), 1);
    assert_eq!(workshop.host.palisade(&["run", "retry", &run.to_string()]).status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_after_the_failure_is_not_done_again() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/pages", 1, refuse(422));
    let script = Script::new()
        .act(Kind::Page, "page")
        .wait_for_the_end_of(1)
        .act_and_wait(Kind::Ticket, "ticket")
        .act_and_wait(Kind::Note, "note")
        .act_and_wait(Kind::Facts, "facts")
        .wait(1);
    let run = workshop.run(&script);
    workshop.host.until(run, "failed");
    assert_eq!(workshop.lab.effects(), ["tickets ticket", "notes note"]);

    workshop.host.text(&["run", "retry", &run.to_string(), "--step", "1"]);
    workshop.host.until(run, "succeeded");
    // It is a conclusion like any other.
    workshop.flush();
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.until(run, "succeeded");
    assert_eq!(workshop.lab.effects(), ["tickets ticket", "notes note", "pages page"]);
    let done: Vec<_> = entries(&ended, "action-ended").iter().map(|end| end["done_by"].as_u64()).collect();
    assert_eq!(done.iter().flatten().count(), 2, "{done:?}");
    let show = workshop.host.text(&["run", "show", &run.to_string()]);
    assert_eq!(show.matches("done before").count(), 2, "{show}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_action_that_failed_in_a_run_that_ended_can_be_tried_again() {
    let workshop = Workshop::start().await;
    let good = workshop.finished(&Script::new().act_and_wait(Kind::Page, "good"))["run"]["id"].to_string();
    let waiting = workshop.run(&Script::new().sleep(3_600_000)).to_string();
    for (arguments, words) in [
        (vec!["run", "retry", &good], "no action of it failed"),
        (vec!["run", "retry", &good, "--step", "1"], "step 1 did not fail"),
        (vec!["run", "retry", &good, "--step", "9"], "there is no step 9"),
        (vec!["run", "retry", &waiting], "has not ended"),
    ] {
        let output = workshop.host.palisade(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(words), "{arguments:?}: {errors}");
    }
    assert_eq!(workshop.lab.effects(), ["pages good"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_can_be_had_tried_again_until_it_works() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/switches", 3, refuse(422));
    let script = Script::new()
        .act(Kind::Switch, "switch")
        .wait_for_the_end_of(1)
        .act_and_wait(Kind::Page, "page")
        .wait(1);
    let run = workshop.run(&script);
    for _ in 0..2 {
        workshop.host.until(run, "failed");
        workshop.host.text(&["run", "retry", &run.to_string()]);
        // The next look must not find the end before this.
        wait::until("it fails again", || {
            let run = workshop.host.get(&format!("/runs/{run}"));
            let retries = entries(&run, "retried").len();
            (entries(&run, "concluded").len() == retries + 1).then_some(())
        });
    }
    // The last time, the host dies on the way.
    workshop.fault("/switches", 1, FaultKind::HangAfterEffect);
    let asked = workshop.asked().len();
    workshop.host.text(&["run", "retry", &run.to_string()]);
    wait::until("the switch is turned", || (workshop.asked().len() > asked).then_some(()));
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.until(run, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages page", "switches switch"], "{ended:#}");
    assert_eq!(workshop.asked().iter().filter(|asked| *asked == "POST /pages").count(), 1);
    let replay = workshop.host.text(&["run", "replay", &run.to_string()]);
    assert!(replay.ends_with("each as recorded, and the same conclusion.\n"), "{replay}");
}
