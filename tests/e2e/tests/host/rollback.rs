//! What a rollback brings back, and what it does not.

use std::thread;

use palisade_e2e::{Answer, Host, Request, built};
use palisade_package::digest;

use crate::packages::{Author, in_version, install, last_entry};

fn roll_back(host: &Host, query: &str) -> Answer {
    let path = format!("/api/v1/plugins/script/rollback{query}");
    host.send(&Request::new("POST", &path).token(&host.admin_token()))
}

fn installed(host: &Host) -> String {
    host.get("/plugins/script")["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_rollback_goes_to_the_version_that_was_foreseen_however_often_it_is_asked_for() {
    let host = Host::start();
    let builds = [1, 2].map(|number| built::another_build(&built::component("script"), number));
    let [first, second] = builds.each_ref().map(|build| digest(build).to_string());
    for build in &builds {
        assert_eq!(install(&host, build, None, "&allow_unsigned=true").status, 201);
    }
    assert_eq!(host.get("/plugins/script/rollback")["previous"]["digest"], first);
    let before = last_entry(&host);
    for (query, status) in [
        ("", 400),
        ("?to=", 400),
        ("?to=../../etc/passwd", 400),
        (&format!("?to={}", &first[..12]), 400),
        // What is installed is not what was before it.
        (&format!("?to={second}"), 409),
        (&format!("?to={}", digest(b"something else")), 409),
    ] {
        let answer = roll_back(&host, query);
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
    }
    assert_eq!((installed(&host), last_entry(&host)), (second.clone(), before));

    // Nobody takes back what somebody else has done at the same moment.
    let to_first = format!("?to={first}");
    let mut statuses = thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| roll_back(&host, &to_first).status)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(installed(&host), first);
    let again = roll_back(&host, &to_first);
    assert!(
        again.status == 409 && again.text.contains("another version of `script` is installed by now"),
        "{again:?}"
    );
    let host = host.kill_and_restart();
    assert_eq!(installed(&host), first);
    assert_eq!(roll_back(&host, &format!("?to={second}")).status, 200);
    assert_eq!(installed(&host), second);
}

#[test]
fn a_version_whose_signer_is_trusted_no_more_does_not_come_back() {
    let host = Host::start();
    let (acme, other) = (Author::new(), Author::new());
    let old = built::component("script");
    let new = in_version(&old, b"0.2.0");
    acme.is_trusted_by(&host, "acme", &["script"]);
    other.is_trusted_by(&host, "other", &["script"]);
    assert_eq!(install(&host, &old, Some(&acme.sign(&old)), "").status, 201);
    assert_eq!(install(&host, &new, Some(&other.sign(&new)), "").status, 201);
    let to_old = format!("?to={}&breaks=true", digest(&old));

    let refused = |words: &str| {
        let before = last_entry(&host);
        let answer = roll_back(&host, &to_old);
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains(words), "{words:?} is not in {}", answer.text);
        assert_eq!((installed(&host), last_entry(&host)), (digest(&new).to_string(), before));
    };
    host.text(&["trust", "remove", "acme"]);
    refused("which is not trusted here");
    // Another key of that name, and that key for other plugins, are not what it was let in by.
    Author::new().is_trusted_by(&host, "acme", &["script"]);
    refused("which is not trusted here");
    host.text(&["trust", "remove", "acme"]);
    acme.is_trusted_by(&host, "acme", &["acme-*"]);
    refused("is trusted for acme-* only");
    host.text(&["trust", "remove", "acme"]);
    acme.is_trusted_by(&host, "again", &["*"]);
    assert_eq!(roll_back(&host, &to_old).status, 200);
    assert_eq!(installed(&host), digest(&old).to_string());

    // What was let in without anybody's word stays what it was, also when its signer is known by now.
    let unsigned = in_version(&old, b"0.3.0");
    assert_eq!(install(&host, &unsigned, None, "&allow_unsigned=true").status, 201);
    let newer = in_version(&old, b"0.4.0");
    assert_eq!(install(&host, &newer, Some(&other.sign(&newer)), "").status, 201);
    let answer = roll_back(&host, &format!("?to={}", digest(&unsigned)));
    assert_eq!(answer.status, 200, "{}", answer.text);
}
