//! A run keeps the playbook that it began with.

use std::fs;

use palisade_e2e::{Host, Kind, Script, Workshop, built};
use palisade_lab::FaultKind;

use crate::journal::end;

const AN_HOUR: u64 = 60 * 60 * 1000;

/// Another build of the same playbook: a custom section says nothing to a machine, and makes another component.
fn install_another_build(host: &Host) {
    let section = *b"\0\x0d\x05build second"; // id 0, length 13, name of 5 bytes, and the rest
    let file = host.data().with_file_name("another.wasm");
    fs::write(&file, [built::component("script"), section.to_vec()].concat()).unwrap();
    host.text(&["plugin", "install", "--grant-all", file.to_str().unwrap()]);
}

fn question() -> Script {
    Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).act_and_wait(Kind::Page, "page")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_goes_on_with_the_build_that_it_began_with() {
    let mut workshop = Workshop::start().await;
    let old = workshop.run(&question());
    let waiting = workshop.host.until(old, "waiting");
    install_another_build(&workshop.host);
    let new = workshop.finished(&Script::new().act_and_wait(Kind::Ticket, "new"));
    assert_eq!(end(&new).0, "succeeded");
    assert_ne!(new["run"]["digest"], waiting["run"]["digest"]);

    workshop = workshop.kill_and_restart();
    workshop.host.until(old, "waiting");
    workshop.host.text(&["answer", &old.to_string(), "yes"]);
    let ended = workshop.host.ended(old);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(ended["run"]["digest"], waiting["run"]["digest"]);
    assert_eq!(workshop.lab.effects(), ["tickets new", "pages page"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_outlives_the_removal_of_its_playbook() {
    let mut workshop = Workshop::start().await;
    let run = workshop.run(&question());
    workshop.host.until(run, "waiting");
    workshop.host.text(&["plugin", "remove", "script"]);
    workshop = workshop.kill_and_restart();
    workshop.host.until(run, "waiting");
    workshop.host.text(&["answer", &run.to_string(), "yes"]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_playbook_is_gone_is_paused_until_it_is_installed_again() {
    let workshop = Workshop::start().await;
    let refused = FaultKind::Status { code: 401, body: None, retry_after: None };
    workshop.fault("/pages", 1, refused);
    let run = workshop.run(&Script::new().act_and_wait(Kind::Page, "page"));
    workshop.host.until(run, "failed");
    // Nothing keeps the component: the run has ended.
    workshop.host.text(&["plugin", "remove", "script"]);
    workshop.host.text(&["run", "retry", &run.to_string()]);
    workshop.host.until(run, "paused");
    let show = workshop.host.text(&["run", "show", &run.to_string()]);
    assert!(show.contains("palisade paused the run: playbook script in its version"), "{show}");
    assert_eq!(workshop.lab.effects(), [""; 0]);

    workshop.host.install(&["script"]);
    workshop.host.text(&["run", "resume", &run.to_string()]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
}
