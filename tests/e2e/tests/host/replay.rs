//! A run is led through its journal again, and nothing is asked of any system.

use std::{fs, path::PathBuf};

use palisade_e2e::{Host, Kind, Operation, Script, Workshop};
use palisade_lab::FaultKind;

use crate::journal::end;

const AN_HOUR: u64 = 60 * 60 * 1000;

/// Exports a run beside the data of its host.
fn exported(host: &Host, run: &str) -> PathBuf {
    let file = host.data().with_file_name(format!("run-{run}.jsonl"));
    host.text(&["run", "export", run, file.to_str().unwrap()]);
    file
}

/// A run with a little of everything that is recorded.
fn everything() -> Script {
    Script::new()
        .then(Operation::Now)
        .then(Operation::Random { count: 16 })
        .then(Operation::Log { line: "it begins".to_owned() })
        .act(Kind::Facts, "facts")
        .act(Kind::Ticket, "ticket")
        .wait(2)
        .wait(1)
        .then(Operation::Note { text: "a ticket is open".to_owned() })
        .child(Script::new().act_and_wait(Kind::Switch, "switch"))
        .wait(3)
        .sleep(50)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_every_kind_make_the_same_calls_again_and_ask_no_system() {
    let mut workshop = Workshop::start().await;
    let refused = FaultKind::Status { code: 401, body: None, retry_after: None };
    let down = FaultKind::Status { code: 503, body: None, retry_after: None };
    workshop.fault("/tickets", 1, down);
    let mut runs = vec![workshop.run(&everything())];
    workshop.host.ended(runs[0]);
    workshop.fault("/pages", 1, refused.clone());
    runs.push(workshop.run(&Script::new().act_and_wait(Kind::Page, "refused")));
    assert_eq!(end(&workshop.host.ended(runs[1])).0, "failed");

    // One that was had go on from what failed, and one that was answered after a crash.
    workshop.fault("/pages", 1, refused);
    let retried = Script::new().act(Kind::Page, "p").wait_for_the_end_of(1);
    let retried = workshop.run(&retried.act_and_wait(Kind::Note, "n").wait(1));
    workshop.host.until(retried, "failed");
    workshop.host.text(&["run", "retry", &retried.to_string()]);
    workshop.host.until(retried, "succeeded");
    let asked = workshop.run(&Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1));
    workshop.host.until(asked, "waiting");
    workshop = workshop.kill_and_restart();
    workshop.host.until(asked, "waiting");
    workshop.host.text(&["answer", &asked.to_string(), "yes"]);
    workshop.host.until(asked, "succeeded");
    runs.extend([retried, asked]);

    let before = workshop.asked();
    for run in runs {
        let entries = workshop.host.get(&format!("/runs/{run}"))["run"]["entries"].clone();
        let words = workshop.host.text(&["run", "replay", &run.to_string()]);
        assert!(words.ends_with("each as recorded, and the same conclusion.\n"), "{run}: {words}");
        assert_eq!(workshop.host.get(&format!("/runs/{run}"))["run"]["entries"], entries);
    }
    // A run that waits is led as far as it is.
    let waiting = workshop.run(&Script::new().act_and_wait(Kind::Facts, "f").sleep(AN_HOUR));
    workshop.host.until(waiting, "waiting");
    let words = workshop.host.text(&["run", "replay", &waiting.to_string()]);
    assert!(words.contains("as far as its journal goes"), "{words}");
    assert_eq!(workshop.asked()[..before.len()], before);
    assert_eq!(workshop.asked().len(), before.len() + 1, "only the run that waits asked for anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_from_another_installation_can_be_looked_at_and_replayed() {
    let workshop = Workshop::start().await;
    // So that its number there is another.
    workshop.finished(&Script::new());
    let run = workshop.finished(&everything());
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    let number = run["run"]["id"].to_string();
    let file = exported(&workshop.host, &number);
    let asked = workshop.asked();

    let other = Host::start();
    let imported = other.json(&["run", "import", file.to_str().unwrap()])["run"].to_string();
    assert_ne!(imported, number);
    let show = other.text(&["run", "show", &imported]);
    assert!(show.contains("from another installation"), "{show}");
    // Hosts of tests share what is compiled; this one shall not have it.
    for artefact in fs::read_dir(other.data().join("artefacts")).unwrap() {
        fs::remove_file(artefact.unwrap().path()).unwrap();
    }
    let missing = other.palisade(&["run", "replay", &imported]);
    assert!(!missing.status.success());
    let errors = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(errors.contains("its component is not in the store"), "{errors}");

    other.install(&["script"]);
    let words = other.text(&["run", "replay", &imported]);
    assert!(words.ends_with("each as recorded, and the same conclusion.\n"), "{words}");
    for (what, code) in [("resume", 1), ("cancel", 1), ("retry", 1)] {
        assert_eq!(other.palisade(&["run", what, &imported]).status.code(), Some(code), "{what}");
    }
    assert_eq!(workshop.asked(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_was_tampered_with_is_found_out() {
    let workshop = Workshop::start().await;
    let script = Script::new().act_and_wait(Kind::Page, "innocent").act_and_wait(Kind::Ticket, "after");
    let run = workshop.finished(&script)["run"]["id"].to_string();
    let file = exported(&workshop.host, &run);
    let journal = fs::read_to_string(&file).unwrap();
    let started = journal.lines().find(|line| line.contains("\"action-started\"")).unwrap();
    let tampered = journal.replace(started, &started.replace("innocent", "other"));
    assert_ne!(tampered, journal);
    fs::write(&file, tampered).unwrap();

    let imported = workshop.host.json(&["run", "import", file.to_str().unwrap()])["run"].to_string();
    let replay = workshop.host.palisade(&["run", "replay", &imported]);
    let words = String::from_utf8_lossy(&replay.stdout).into_owned();
    assert_eq!(replay.status.code(), Some(1), "{words}");
    for part in ["diverges at entry 2 of its journal", "\"tag\":\"other\"", "\"tag\":\"innocent\""] {
        assert!(words.contains(part), "{words}");
    }
    let first = journal.lines().take(3).collect::<Vec<_>>().join("\n");
    fs::write(&file, first).unwrap();
    let cut = workshop.host.palisade(&["run", "import", file.to_str().unwrap()]);
    assert!(!cut.status.success(), "{cut:?}");
}
