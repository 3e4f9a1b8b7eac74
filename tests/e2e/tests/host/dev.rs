//! `palisade plugin new` and `plugin dev`, as an author has them beside the editor.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use palisade_e2e::{built, wait};

fn palisade(place: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(built::palisade());
    command.args(arguments).current_dir(place).stdin(Stdio::null());
    command
        .env("CARGO_TARGET_DIR", built::build())
        .env("CARGO_NET_OFFLINE", "true")
        .env("PALISADE_DATA", place.join("data"))
        .env("NO_COLOR", "1");
    command
}

fn run(place: &Path, arguments: &[&str]) -> Output {
    palisade(place, arguments).output().unwrap()
}

fn new(place: &Path, name: &str, kind: &str) -> Output {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust");
    run(place, &["plugin", "new", name, "--kind", kind, "--sdk", sdk.to_str().unwrap()])
}

/// Ended with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn each_change_is_built_and_tried_and_an_error_ends_nothing() {
    let place = tempfile::tempdir().unwrap();
    assert!(new(place.path(), "acme-watched", "playbook").status.success());
    let (log, source) = (place.path().join("log"), place.path().join("acme-watched/src/lib.rs"));
    let file = fs::File::create(&log).unwrap();
    let mut command = palisade(place.path(), &["plugin", "dev", "acme-watched"]);
    let dev = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
    let _dev = Running(dev);
    let rounds = |n: usize, words: &str| {
        wait::until(&format!("round {n} says {words:?}"), || {
            let log = fs::read_to_string(&log).unwrap();
            (log.matches("Watching acme-watched").count() >= n && log.contains(words)).then_some(())
        });
    };
    rounds(1, "✔ succeeded: 203.0.113.9 is bad: the alert is of high severity.");

    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, text.replace("is bad:", "is bad")).unwrap();
    rounds(2, "✔ succeeded: 203.0.113.9 is bad the alert is of high severity.");

    fs::write(&source, "fn").unwrap();
    rounds(3, "error: cargo could not build the plugins");
    // What it is tried on is watched as well.
    fs::write(&source, &text).unwrap();
    rounds(4, "");
    let cassette = place.path().join("acme-watched/cassettes/bad-address.json");
    let scene = fs::read_to_string(&cassette).unwrap();
    fs::write(&cassette, scene.replace("high severity", "low severity")).unwrap();
    rounds(5, "✘ it ended with \"203.0.113.9 is bad: the alert is of high severity.\", not");
    fs::write(&cassette, scene.replace("ip reputation", "domain reputation")).unwrap();
    rounds(6, "it does not say how `example-intel/ip reputation` ends: put something like {\"answers\":");
    fs::remove_file(&cassette).unwrap();
    rounds(7, "there is no cassette in acme-watched/cassettes");
}

#[test]
fn a_project_is_written_to_nothing_but_an_empty_place() {
    let place = tempfile::tempdir().unwrap();
    let error = |output: Output| String::from_utf8(output.stderr).unwrap();
    assert!(new(place.path(), "acme-one", "connector").status.success());
    let again = error(new(place.path(), "acme-one", "connector"));
    assert!(again.contains("acme-one is not empty") && again.contains("nothing was written"), "{again}");
    assert!(error(new(place.path(), "../acme", "connector")).contains("is not a name"));
    assert!(error(new(place.path(), "serde", "connector")).contains("the name is taken"));
    assert!(!place.path().join("serde").exists());
    let nothing = error(run(place.path(), &["plugin", "dev", "--once", "data"]));
    assert!(nothing.contains("there is no plugin in data") && nothing.contains("plugin new"), "{nothing}");
}
