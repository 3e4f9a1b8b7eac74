//! Compiled code is there as long as something needs it, and no longer.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::Path, thread};

use palisade_e2e::{Host, Kind, Script, Workshop, built, wait};
use palisade_package::digest;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    journal::end,
    lifecycle::write,
    packages::{Author, install, send},
};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// What is in the directory of compiled code, with the number of the file: what is compiled again is another file.
fn artefacts(data: &Path) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(data.join("artefacts")).unwrap().map(Result::unwrap);
    let number = |entry: &fs::DirEntry| entry.metadata().unwrap().ino();
    entries.map(|entry| (entry.file_name().into_string().unwrap(), number(&entry))).collect()
}

/// The file of a component's code; nothing if it is not compiled.
fn artefact_of(data: &Path, component: &[u8]) -> Option<(String, u64)> {
    let digest = digest(component);
    artefacts(data).into_iter().find(|(name, _)| name.starts_with(digest.as_str()))
}

fn another_script(number: u32) -> Vec<u8> {
    built::another_build(&built::component("script"), number)
}

/// A compiler that stands still until this is dropped.
struct Stopped(Pid);

impl Drop for Stopped {
    fn drop(&mut self) {
        kill_process(self.0, Signal::CONT).unwrap();
    }
}

/// The compiler that this host has started, as soon as it has.
fn stopped_compiler(host: &Host) -> Stopped {
    let directory = host.data().join("artefacts");
    let directory = directory.to_str().unwrap().as_bytes();
    let compiler = wait::until("the host compiles", || {
        let processes = fs::read_dir("/proc").unwrap().map(Result::unwrap);
        let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        numbers.find(|number| {
            let arguments = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            let is_compiler = arguments.split(|byte| *byte == 0).any(|one| one == b"compile-component");
            is_compiler && arguments.windows(directory.len()).any(|window| window == directory)
        })
    });
    let compiler = Pid::from_raw(compiler).unwrap();
    kill_process(compiler, Signal::STOP).unwrap();
    Stopped(compiler)
}

#[test]
fn what_was_looked_at_is_compiled_once_if_it_is_installed_and_goes_with_the_host_if_it_is_not() {
    let host = Host::start();
    let (wanted, unwanted) = (another_script(1), another_script(2));
    for component in [&wanted, &unwanted] {
        assert_eq!(send(&host, "/inspect", component, None).status, 200);
    }
    let looked = artefact_of(&host.data(), &wanted).expect("it stays for a while");
    assert_eq!(install(&host, &wanted, None, "&allow_unsigned=true").status, 201);
    assert_eq!(artefact_of(&host.data(), &wanted), Some(looked.clone()), "it was compiled again");
    assert!(artefact_of(&host.data(), &unwanted).is_some());

    let data = host.stop();
    // As an unpacked archive of an earlier host might leave them.
    let directory = data.path().join("data/artefacts");
    let older = format!("{}-0123456789abcdef.cwasm", digest(&wanted));
    for name in [&older, "x.7.part"] {
        fs::write(directory.join(name), "old").unwrap();
    }
    fs::create_dir(directory.join("compile-x-7-0")).unwrap();
    fs::write(directory.join("compile-x-7-0/in.wasm"), "old").unwrap();
    let log_before = fs::read_to_string(data.path().join("host.log")).unwrap().len();
    let host = Host::on(data);
    assert_eq!(artefact_of(&host.data(), &wanted), Some(looked));
    assert_eq!(artefact_of(&host.data(), &unwanted), None);
    let left = artefacts(&host.data());
    assert!(!left.contains_key(&older) && !left.keys().any(|name| name.contains("-7")), "{left:?}");
    assert!(!host.log()[log_before..].contains("Compiling a plugin"), "{}", host.log());
    host.text(&["plugin", "remove", "script"]);
    assert_eq!(artefact_of(&host.data(), &wanted), None);
}

/// Of three builds, one that a run needs that has not ended, one to go back to, and the one that is installed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_or_a_rollback_needs_is_there_after_a_crash() {
    let mut workshop = Workshop::start().await;
    let question = Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).act_and_wait(Kind::Page, "page");
    let builds = [another_script(1), another_script(2), another_script(3)];
    let mut waiting = None;
    for build in &builds {
        assert_eq!(install(&workshop.host, build, None, "&allow_unsigned=true").status, 201);
        let run = *waiting.get_or_insert_with(|| workshop.run(&question));
        workshop.host.until(run, "waiting");
    }
    let all = |workshop: &Workshop| {
        builds.each_ref().map(|build| artefact_of(&workshop.host.data(), build).map(|(_, number)| number))
    };
    let before = all(&workshop);
    assert!(before.iter().all(Option::is_some), "{before:?}");
    workshop = workshop.kill_and_restart();
    assert_eq!(all(&workshop), before);
    let waiting = waiting.unwrap();
    workshop.host.text(&["answer", &waiting.to_string(), "yes"]);
    assert_eq!(end(&workshop.host.ended(waiting)).0, "succeeded");
    workshop.host.text(&["plugin", "rollback", "script"]);
    assert_eq!(all(&workshop), before, "something was compiled again, or is gone");
    // Nobody needs the first one any more.
    workshop = workshop.kill_and_restart();
    assert_eq!(all(&workshop), [None, before[1], before[2]]);
}

/// The same bytes, some with a signature for which they are refused when they have been compiled.
#[test]
fn whoever_looks_at_a_component_at_once_does_not_disturb_the_others() {
    let host = Host::start();
    let acme = Author::new();
    acme.is_trusted_by(&host, "acme", &["other"]);
    for round in 0..3 {
        let component = another_script(round);
        let signature = acme.sign(&component);
        thread::scope(|scope| {
            let looks = || {
                let answer = send(&host, "/inspect", &component, None);
                assert_eq!(answer.status, 200, "{}", answer.text);
            };
            let is_refused = || {
                let answer = send(&host, "/inspect", &component, Some(&signature));
                assert_eq!(answer.status, 422, "{}", answer.text);
                assert!(answer.text.contains("is trusted for other only"), "{}", answer.text);
            };
            let installs = || {
                let answer = install(&host, &component, None, "&allow_unsigned=true");
                assert_eq!(answer.status, 201, "{}", answer.text);
            };
            // The first who has it compiled is refused, when the others are already waiting for it.
            scope.spawn(is_refused);
            let compiler = stopped_compiler(&host);
            for _ in 0..4 {
                scope.spawn(looks);
                scope.spawn(installs);
                scope.spawn(is_refused);
            }
            drop(compiler);
        });
        let whole = artefact_of(&host.data(), &component);
        assert!(whole.is_some(), "the code of what is installed is gone");
        let scratch = artefacts(&host.data()).into_keys().find(|name| name.starts_with("compile-"));
        assert_eq!(scratch, None);
    }
    let host = host.kill_and_restart();
    assert!(!host.log().contains("Compiling a plugin for this version"), "{}", host.log());
    let refused = another_script(9);
    assert_eq!(send(&host, "/inspect", &refused, Some(&acme.sign(&refused))).status, 422);
    assert_eq!(artefact_of(&host.data(), &refused), None, "of what is refused nothing stays");
}

#[test]
fn a_host_killed_while_it_compiles_leaves_nothing_behind_when_it_starts_again() {
    let host = Host::start();
    let file = write(&host, "script", &another_script(1));
    let mut command =
        host.command(&["plugin", "install", "--grant-all", "--allow-unsigned", file.to_str().unwrap()]);
    let mut installing =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let compiler = stopped_compiler(&host);
    let scratch = |data: &Path| artefacts(data).into_keys().any(|name| name.starts_with("compile-"));
    assert!(scratch(&host.data()));
    let host = host.kill_and_restart();
    installing.wait().unwrap();
    assert!(!scratch(&host.data()));
    // Its host is gone, and it has nowhere to write to.
    let arguments = format!("/proc/{}/cmdline", compiler.0.as_raw_nonzero());
    drop(compiler);
    // One that has ended has none, whether somebody has asked how it ended or not.
    wait::until("the compiler ends", || fs::read(&arguments).unwrap_or_default().is_empty().then_some(()));
    assert_eq!(artefact_of(&host.data(), &another_script(1)), None);
    host.text(&["plugin", "install", "--grant-all", "--allow-unsigned", file.to_str().unwrap()]);
}

/// After another version of the host was installed, the version before is compiled when it is wanted back.
#[test]
fn nothing_waits_for_a_rollback_that_compiles() {
    let host = Host::start();
    for build in [another_script(1), another_script(2)] {
        assert_eq!(install(&host, &build, None, "&allow_unsigned=true").status, 201);
    }
    let (name, _) = artefact_of(&host.data(), &another_script(1)).unwrap();
    fs::remove_file(host.data().join("artefacts").join(name)).unwrap();
    thread::scope(|scope| {
        let back = scope.spawn(|| host.text(&["plugin", "rollback", "script"]));
        let compiler = stopped_compiler(&host);
        host.text(&["plugin", "disable", "script"]);
        assert_eq!(host.get("/plugins/script")["disabled"], true);
        assert!(!back.is_finished());
        drop(compiler);
        let words = back.join().unwrap();
        assert!(words.contains("is back"), "{words}");
    });
    let now = host.get("/plugins/script");
    assert_eq!(now["digest"].as_str(), Some(digest(&another_script(1)).as_str()));
    assert_eq!(now["disabled"], true, "a rollback enables nothing");
}
