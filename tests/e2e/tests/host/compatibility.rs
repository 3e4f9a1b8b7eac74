//! What was shipped with an older version of the contract does its work on the host of today.

use std::{fs, path::PathBuf};

use palisade_e2e::{Host, Kind, Operation, Script, WATCHED, Workshop, wait};
use palisade_lab::FaultKind;

use crate::journal::{end, entries, replays};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// Every version that has components, and these: the connector `actuator` and the playbook `script`.
fn shipped() -> Vec<(String, [PathBuf; 2])> {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../compatibility"));
    let versions =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let components = |version: &PathBuf| ["connector.wasm", "playbook.wasm"].map(|file| version.join(file));
    versions
        .map(|version| (version.file_name().unwrap().to_str().unwrap().to_owned(), components(&version)))
        .collect()
}

/// Something of every interface of both worlds that these two import.
fn everything() -> Script {
    let look = |list: &str, value: &str| Operation::Look { list: list.to_owned(), value: value.to_owned() };
    Script::new()
        .then(Operation::Now)
        .then(Operation::Random { count: 16 })
        .then(Operation::Log { line: "it begins".to_owned() })
        .then(look(WATCHED, "10.1.2.3"))
        .act(Kind::Facts, "facts")
        .act(Kind::Note, "note")
        .wait(2)
        .wait(1)
        .act_and_wait(Kind::Job, "job")
        .child(Script::new().act_and_wait(Kind::Switch, "switch"))
        .wait(4)
        .ask("tier2", "Go on?", AN_HOUR)
        .wait(5)
        .then(Operation::Note { text: "somebody said yes".to_owned() })
        .act_and_wait(Kind::Ticket, "ticket")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn components_of_every_released_version_do_their_work() {
    let shipped = shipped();
    assert!(!shipped.is_empty());
    for (version, components) in shipped {
        let mut workshop = Workshop::with(components).await;
        tells_its_contract(&workshop.host, &version);
        workshop.host.text(&["list", "add", WATCHED, "10.0.0.0/8", "--note", "ours"]);
        // The answer to the note is lost: the connector finds out what became of it.
        workshop.fault("/notes", 1, FaultKind::ResetAfterEffect);
        let run = workshop.run(&everything());
        wait::until("the job is under way", || {
            let whole = workshop.host.get(&format!("/runs/{run}"));
            (!entries(&whole, "action-pending").is_empty()).then_some(())
        });
        workshop.lab.finish_jobs();
        let waiting = workshop.host.until(run, "waiting");
        // While somebody thinks, the plugins are upgraded to those of today, and the host is killed.
        workshop.host.install(&["actuator", "script"]);
        tells_its_contract(&workshop.host, "0.2.0");
        workshop = workshop.kill_and_restart();
        workshop.host.until(run, "waiting");
        workshop.host.text(&["answer", &run.to_string(), "yes"]);

        let ended = workshop.host.ended(run);
        assert_eq!(end(&ended).0, "succeeded", "{version}: {ended:#}");
        assert_eq!(ended["run"]["digest"], waiting["run"]["digest"], "{version}");
        assert_eq!(
            workshop.lab.effects(),
            ["notes note", "jobs job", "switches switch", "tickets ticket"],
            "{version}"
        );
        let notes: Vec<_> = workshop.asked().into_iter().filter(|asked| asked.ends_with(" /notes")).collect();
        assert_eq!(notes, ["POST /notes", "GET /notes"], "{version}: it was looked up, and not repeated");
        replays(&workshop.host, run);
    }
}

fn tells_its_contract(host: &Host, version: &str) {
    for plugin in ["actuator", "script"] {
        let inspected = host.text(&["plugin", "inspect", plugin]);
        assert!(inspected.contains(&format!(", contract {version} (SHA-256 ")), "{inspected}");
    }
}
