//! Installing, upgrading, rolling back, disabling and removing in each other's way, in the way of runs, and killed.

use std::{
    collections::BTreeSet,
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use palisade_e2e::{Answer, Host, Kind, Request, Script, Workshop, built, wait};
use palisade_lab::FaultKind;
use palisade_model::plugin::{Digest, Plugin};
use palisade_package::digest;
use palisade_store::{SledStore, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    journal::{end, entries},
    packages::install,
};

/// Longer than it takes to do to the plugins what a test does.
const A_WHILE_MS: u64 = 3_000;

fn ask(host: &Host, method: &str, path: &str) -> Answer {
    host.send(&Request::new(method, &format!("/api/v1{path}")).token(&host.admin_token()))
}

fn done(host: &Host, method: &str, path: &str) {
    let answer = ask(host, method, path);
    assert!(matches!(answer.status, 200 | 204), "{method} {path}: {}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_connector_is_called_no_more_by_runs_under_way() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    workshop.fault("/facts", 1, FaultKind::Slow { ms: A_WHILE_MS });
    let run =
        workshop.run(&Script::new().act_and_wait(Kind::Facts, "first").act_and_wait(Kind::Page, "second"));
    workshop.until_faults_struck();
    done(host, "POST", "/plugins/script/disable");
    done(host, "POST", "/plugins/actuator/disable");
    done(host, "DELETE", "/assets/actuator");
    done(host, "DELETE", "/plugins/actuator");
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "failed", "{ended:#}");
    assert!(end(&ended).1.contains("connector actuator is not installed any more"), "{ended:#}");
    assert_eq!(entries(&ended, "action-sent").len(), 0, "{ended:#}");
    assert_eq!(workshop.asked(), ["GET /facts/first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_asset_is_acted_on_no_more_by_runs_under_way() {
    let workshop = Workshop::start().await;
    workshop.fault("/facts", 1, FaultKind::Slow { ms: A_WHILE_MS });
    let run =
        workshop.run(&Script::new().act_and_wait(Kind::Facts, "first").act_and_wait(Kind::Page, "second"));
    workshop.until_faults_struck();
    done(&workshop.host, "DELETE", "/assets/actuator");
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "failed", "{ended:#}");
    assert_eq!(workshop.asked(), ["GET /facts/first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_starts_the_playbook_that_is_installed_then() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/facts", 1, FaultKind::Slow { ms: A_WHILE_MS });
    let question =
        Script::new().ask("tier2", "Go on?", 60 * 60 * 1000).wait(1).act_and_wait(Kind::Page, "child");
    let parent = Script::new().act_and_wait(Kind::Facts, "first").child(question).wait(2);
    let run = workshop.run(&parent);
    workshop.until_faults_struck();
    let build = built::another_build(&built::component("script"), 2);
    assert_eq!(install(&workshop.host, &build, None, "&allow_unsigned=true").status, 201);
    let child = wait::until("the child waits", || {
        let runs = workshop.host.get("/runs");
        runs["runs"].as_array()?.iter().find(|one| one["id"] != run && one["status"] == "waiting").cloned()
    });
    assert_eq!(child["digest"].as_str(), Some(digest(&build).as_str()), "{child:#}");
    workshop = workshop.kill_and_restart();
    let child = child["id"].as_u64().unwrap();
    workshop.host.until(child, "waiting");
    workshop.host.text(&["answer", &child.to_string(), "yes"]);
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages child"]);
}

/// Once a command has returned that disables a playbook, no run of it begins, however many people start it at that moment.
#[test]
fn no_run_begins_after_its_playbook_was_disabled() {
    let host = Host::start();
    host.install(&["script"]);
    let alert = json!({ "alert": host.alert("1", "nothing", "nothing") });
    for _ in 0..20 {
        let begun = newest_run(&host);
        let (at_once, in_the_end) = thread::scope(|scope| {
            let people: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| while host.post("/playbooks/script/runs", &alert).status < 400 {}))
                .collect();
            wait::until("runs begin", || (newest_run(&host) > begun + 8).then_some(()));
            done(&host, "POST", "/plugins/script/disable");
            let at_once = newest_run(&host);
            people.into_iter().for_each(|person| person.join().unwrap());
            (at_once, newest_run(&host))
        });
        assert_eq!(in_the_end, at_once, "runs have begun after their playbook was disabled");
        done(&host, "POST", "/plugins/script/enable?anyway=true");
    }
}

fn newest_run(host: &Host) -> u64 {
    host.get("/runs?limit=1")["runs"][0]["id"].as_u64().unwrap_or(0)
}

/// What a host has left of these builds.
#[derive(Debug)]
struct Left {
    /// What its plugins need, to be there and to go back to.
    needed: BTreeSet<Digest>,
    components: BTreeSet<Digest>,
    compiled: BTreeSet<Digest>,
}

impl Left {
    fn of(data: &TempDir, builds: &[Vec<u8>]) -> Self {
        let ours: BTreeSet<_> = builds.iter().map(|build| digest(build)).collect();
        let store = SledStore::open(&data.path().join("data/store")).unwrap();
        let plugins = store.plugins().unwrap();
        let of = |plugin: &Plugin| {
            [Some(plugin.digest.clone()), plugin.previous.as_ref().map(|previous| previous.digest.clone())]
        };
        let needed = plugins.iter().flat_map(of).flatten().collect();
        let components: BTreeSet<_> = store.components().unwrap().into_iter().collect();
        for one in &components {
            assert_eq!(digest(&store.component(one).unwrap().unwrap()), *one);
        }
        let names = fs::read_dir(data.path().join("data/artefacts")).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let is_compiled = |one: &Digest| names.iter().any(|name| name.starts_with(one.as_str()));
        let compiled = ours.into_iter().filter(is_compiled).collect();
        Self { needed, components, compiled }
    }
}

/// Four operators who do not know of each other, and a host that is killed under them. Whatever each is told, what is left
/// is whole.
#[test]
fn whatever_is_done_to_plugins_at_once_leaves_them_whole() {
    let mut host = Host::start();
    let script = built::component("script");
    let builds: Vec<_> = (8_001..8_004).map(|number| built::another_build(&script, number)).collect();
    for _ in 0..3 {
        let changed = AtomicUsize::new(0);
        let (address, token) = (host.address().to_owned(), host.admin_token());
        let data = thread::scope(|scope| {
            for operator in 0..4 {
                let (address, token, builds, changed) = (&address, &token, &builds, &changed);
                scope.spawn(move || {
                    for turn in operator.. {
                        match act(address, token, builds, turn) {
                            Some(true) => drop(changed.fetch_add(1, Ordering::SeqCst)),
                            Some(false) => {}
                            // It was killed.
                            None => return,
                        }
                    }
                });
            }
            wait::until("something is done", || (changed.load(Ordering::SeqCst) >= 25).then_some(()));
            host.kill()
        });
        let left = Left::of(&data, &builds);
        assert!(left.needed.is_subset(&left.components) && left.needed.is_subset(&left.compiled), "{left:?}");
        let data = Host::on(data).stop();
        let left = Left::of(&data, &builds);
        assert!(left.needed == left.components && left.needed == left.compiled, "{left:?}");
        host = Host::on(data);
        assert!(host.palisade(&["audit", "verify"]).status.success(), "the audit log is not whole");
    }
}

/// One thing that an operator does, and whether it was done; nothing if there is no host.
fn act(address: &str, token: &str, builds: &[Vec<u8>], turn: usize) -> Option<bool> {
    let ask = |method, path: &str, body: &[u8]| {
        let request = Request::new(method, &format!("/api/v1/plugins{path}")).token(token);
        request.body(body).try_send(address)
    };
    let answer = match turn % 7 {
        0 | 2 | 4 => {
            let build = &builds[turn % builds.len()];
            ask("POST", &format!("?grant={}&allow_unsigned=true&breaks=true", digest(build)), build)?
        }
        1 | 5 => {
            let seen = ask("GET", "/script/rollback", b"")?;
            let seen: Value = serde_json::from_str(&seen.text).unwrap();
            let Some(to) = seen["previous"]["digest"].as_str() else { return Some(false) };
            ask("POST", &format!("/script/rollback?to={to}&breaks=true"), b"")?
        }
        3 => ask("POST", ["/script/disable", "/script/enable?anyway=true"][turn / 7 % 2], b"")?,
        _ => ask("DELETE", "/script", b"")?,
    };
    // Refused because of what somebody else has done, and for nothing else.
    assert!(matches!(answer.status, 200 | 201 | 204 | 404 | 409), "{answer:?}");
    Some(answer.status < 400)
}
