//! A clock that is set back while runs are at work.

use std::{fs, path::PathBuf, time::Duration};

use palisade_e2e::{Kind, Script, Workshop};
use palisade_lab::FaultKind;
use palisade_model::Timestamp;

use crate::journal::{end, entries, entry, times};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// The library that stands between a program and the time of day.
fn libfaketime() -> PathBuf {
    let places = fs::read_dir("/usr/lib").unwrap().map(|place| place.unwrap().path());
    let libraries = places.map(|place| place.join("faketime/libfaketimeMT.so.1"));
    let library = libraries.into_iter().find(|library| library.exists());
    library.expect("libfaketime is installed; `make tools` does it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_goes_back_an_hour_neither_stops_nor_confuses_a_run() {
    let mut workshop = Workshop::start().await;
    let (library, offset) = (libfaketime(), workshop.host.data().with_file_name("offset"));
    fs::write(&offset, "+0").unwrap();
    let environment = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        // The machine's clock is set, not its oscillator.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    workshop = workshop.kill_and_restart_in(&environment);

    let timer =
        Script::new().act_and_wait(Kind::Page, "before").sleep(3_000).act_and_wait(Kind::Ticket, "after");
    let timer = workshop.run(&timer);
    let unanswered = workshop.run(&Script::new().ask("tier2", "Quick?", 3_000).wait(1));
    let patient = workshop.run(&Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1));
    for run in [timer, unanswered, patient] {
        workshop.host.until(run, "waiting");
    }
    fs::write(&offset, "-3600").unwrap();

    // One that begins after the jump, and waits before it tries again.
    workshop.fault("/switches", 1, FaultKind::Status { code: 503, body: None, retry_after: Some(1) });
    let later = workshop.run(&Script::new().act_and_wait(Kind::Switch, "switch").sleep(1_500));
    for run in [timer, unanswered, later] {
        let ended = workshop.host.ended(run);
        assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
        assert!(times(&ended).is_sorted(), "{:?}", times(&ended));
        assert_eq!(entries(&ended, "diverged").len(), 0);
        // It was left once, to wait, and taken up once.
        assert_eq!(ended["run"]["epoch"], 2, "{:#}", ended["run"]);
        assert!(ended["run"]["finished"].as_str() >= ended["run"]["started"].as_str(), "{:#}", ended["run"]);
    }
    let unanswered = workshop.host.ended(unanswered);
    assert_eq!(entry(&unanswered, "prompt-answered")["answer"], "no");
    let alerts = workshop.host.get("/alerts");
    let received = alerts["alerts"].as_array().unwrap().iter().map(|alert| alert["received"].as_str());
    assert_eq!(received.clone().max(), received.clone().next(), "the newest alert is not the latest");

    // The next host begins with the clock an hour behind the journal.
    workshop = workshop.kill_and_restart_in(&environment);
    workshop.host.text(&["answer", &patient.to_string(), "yes"]);
    let ended = workshop.host.ended(patient);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert!(times(&ended).is_sorted(), "{:?}", times(&ended));
    let jumped = Timestamp::now() - Duration::from_secs(1_800);
    assert!(times(&ended).iter().all(|at| *at > jumped), "{:?}", times(&ended));
    assert_eq!(workshop.lab.effects(), ["pages before", "switches switch", "tickets after"]);
}
