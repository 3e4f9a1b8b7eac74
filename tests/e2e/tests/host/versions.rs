//! A run keeps the playbook and the connectors that it began with.

use std::fs;

use palisade_e2e::{Host, Kind, Script, Workshop, built, wait};
use palisade_lab::FaultKind;
use serde_json::Value;

use crate::{
    journal::{end, entries},
    lifecycle::write,
};

const AN_HOUR: u64 = 60 * 60 * 1000;

fn install_another_build(host: &Host) {
    let file = host.data().with_file_name("another.wasm");
    fs::write(&file, built::another_build(&built::component("script"), 2)).unwrap();
    host.text(&["plugin", "install", "--grant-all", "--allow-unsigned", file.to_str().unwrap()]);
}

/// Puts a connector in the place of the other that knows neither the jobs nor the pages of its system; and another build of
/// it in its place, so that the first is not even the version before.
fn install_one_that_looks_elsewhere(host: &Host) {
    let mut elsewhere = built::component("actuator");
    for (word, other) in [("jobs", "jobz"), ("pages", "pagez")] {
        let places = elsewhere.windows(word.len()).enumerate();
        let places: Vec<_> =
            places.filter(|(_, window)| *window == word.as_bytes()).map(|(at, _)| at).collect();
        places.into_iter().for_each(|at| elsewhere[at..at + word.len()].copy_from_slice(other.as_bytes()));
    }
    for number in 1..=2 {
        let file = write(host, "elsewhere", &built::another_build(&elsewhere, number));
        host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", file.to_str().unwrap()]);
    }
}

/// Whether the compiled code of this component is kept.
fn is_kept(host: &Host, digest: &Value) -> bool {
    let digest = digest.as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let mut artefacts = fs::read_dir(host.data().join("artefacts")).unwrap();
    artefacts.any(|entry| entry.unwrap().file_name().to_str().unwrap().starts_with(&digest))
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
async fn a_run_ends_with_the_connectors_that_it_began_with() {
    let mut workshop = Workshop::start().await;
    let (waits, works) =
        (workshop.run(&question()), workshop.run(&Script::new().act_and_wait(Kind::Job, "job")));
    workshop.host.until(waits, "waiting");
    wait::until("the job begins", || {
        let whole = workshop.host.get(&format!("/runs/{works}"));
        (!entries(&whole, "action-pending").is_empty()).then_some(())
    });
    let first = workshop.host.get("/plugins/actuator")["digest"].clone();
    install_one_that_looks_elsewhere(&workshop.host);
    let new = workshop.finished(&Script::new().act_and_wait(Kind::Job, "new"));
    assert_eq!(end(&new).0, "failed", "{new:#}");

    workshop = workshop.kill_and_restart();
    workshop.host.text(&["answer", &waits.to_string(), "yes"]);
    workshop.lab.finish_jobs();
    for run in [waits, works] {
        let ended = workshop.host.ended(run);
        assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    }
    assert_eq!(workshop.lab.effects(), ["jobs job", "pages page"]);
    let elsewhere = workshop.asked().iter().filter(|asked| asked.contains("jobz")).count();
    assert_eq!(elsewhere, 1, "{:#?}", workshop.asked());

    // Until they have ended it was kept for them, and for nobody else.
    assert!(is_kept(&workshop.host, &first));
    workshop = workshop.kill_and_restart();
    assert!(!is_kept(&workshop.host, &first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_configured_meanwhile_holds_for_the_connector_that_a_run_began_with() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&question());
    workshop.host.until(run, "waiting");
    install_one_that_looks_elsewhere(&workshop.host);
    let url = format!("url=https://{}/moved", palisade_lab::story::ACTUATOR_HOST);
    workshop.add_actuator(&["--set", &url]);
    workshop.host.text(&["answer", &run.to_string(), "yes"]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "failed", "{ended:#}");
    assert_eq!(workshop.asked(), ["POST /moved/pages"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_is_not_removed_under_a_run_that_waits() {
    let mut workshop = Workshop::start().await;
    let run = workshop.run(&question());
    workshop.host.until(run, "waiting");
    let refused = workshop.host.palisade(&["plugin", "remove", "script"]);
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains(&format!("`script` is needed by run {run}, not ended yet")), "{words}");

    // Disabled, it starts no more, and the run goes on, after a restart too.
    workshop.host.text(&["plugin", "disable", "script"]);
    workshop = workshop.kill_and_restart();
    workshop.host.until(run, "waiting");
    workshop.host.text(&["answer", &run.to_string(), "yes"]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
    workshop.host.text(&["plugin", "remove", "script"]);
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
