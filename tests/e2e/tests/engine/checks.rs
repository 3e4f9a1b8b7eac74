//! Each check of the conformance kit fails for a plugin that does everything else as it should, and for nothing else, and
//! its finding says what is wrong, and where.

use std::{collections::BTreeSet, fs, time::Instant};

use palisade_conformance::{Options, Scorecard, TrialError, Verdict};
use palisade_e2e::built;
use serde_json::{Value, json};

use crate::bound::sandbox;

/// Where what a playbook does on its cassette is seen.
const FOUND: &str = "in the cassette `case`, with what seed 0 finds: ";

/// A plugin that is wrong in one way, and what it is tried on.
struct Wrong {
    /// The only check that it does not hold to.
    check: &'static str,
    /// How the finding begins.
    place: &'static str,
    /// How it goes on.
    finding: &'static str,
    package: &'static str,
    /// What it says of itself.
    variant: &'static str,
    /// The actions of a connector.
    actions: &'static [&'static str],
    cassette: Option<Value>,
}

impl Wrong {
    fn connector(
        check: &'static str,
        actions: &'static [&'static str],
        cassette: Option<Value>,
        finding: &'static str,
    ) -> Self {
        let package = "hostile-connector";
        Self { check, place: "", finding, package, variant: "honest", actions, cassette }
    }

    fn playbook(check: &'static str, cassette: Value, finding: &'static str) -> Self {
        let (package, cassette) = ("hostile-playbook", Some(cassette));
        Self { check, place: "", finding, package, variant: "honest", actions: &[], cassette }
    }

    fn that_says(self, variant: &'static str) -> Self {
        Self { variant, ..self }
    }

    async fn tried(&self) -> Scorecard {
        let component = built::variant(self.package, self.variant);
        tried(&component, self.actions, self.cassette.as_ref()).await.unwrap()
    }
}

/// What the kit says of a component with one cassette.
pub(crate) async fn tried(
    component: &[u8],
    actions: &[&str],
    cassette: Option<&Value>,
) -> Result<Scorecard, TrialError> {
    let directory = tempfile::tempdir().unwrap();
    if let Some(cassette) = cassette {
        fs::write(directory.path().join("case.json"), cassette.to_string()).unwrap();
    }
    let options = Options {
        cassettes: directory.path().to_owned(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        ..Options::default()
    };
    palisade_conformance::test(sandbox(), component, &options).await
}

/// A call of an action that goes well, where the action does what it should but for this check.
fn call(action: &str, but: &str, exchanges: &Value) -> Option<Value> {
    Some(json!({
        "action": action,
        "parameters": { "but": but },
        "configuration": { "token": "[secret:token]" },
        "exchanges": exchanges,
        "outcome": { "done": { "status": "success" } }
    }))
}

fn comply_case(but: &str) -> Option<Value> {
    call("comply", but, &work())
}

fn work() -> Value {
    let body = json!({ "json": { "key": "[key]" } });
    json!([{
        "request": { "method": "POST", "url": "https://hostile.example/work", "body": body },
        "response": { "status": 200, "body": { "json": { "text": "done" } } }
    }])
}

fn take_time_case(but: &str) -> Option<Value> {
    let body = json!({ "json": { "key": "[key]" } });
    let exchanges = json!([
        {
            "request": { "method": "POST", "url": "https://hostile.example/jobs", "body": body },
            "response": { "status": 201, "body": { "json": { "id": "7" } } }
        },
        {
            "request": { "method": "GET", "url": "https://hostile.example/jobs/7" },
            "response": { "status": 200, "body": { "json": { "text": "done" } } }
        }
    ]);
    call("take time", but, &exchanges)
}

fn look_up_case(but: &str) -> Option<Value> {
    let exchanges = json!([{
        "request": { "method": "GET", "url": "https://hostile.example/item" },
        "response": { "status": 200, "body": { "json": { "text": "known" } } }
    }]);
    call("look up", but, &exchanges)
}

fn converse_case(but: &str) -> Option<Value> {
    Some(json!({
        "action": "converse",
        "parameters": { "but": but },
        "configuration": { "host": "line.example" },
        "streams": [{
            "host": "line.example",
            "port": 7,
            "turns": [{ "sends": "hello\r\n" }, { "answers": "welcome\r\n" }]
        }],
        "outcome": { "done": { "status": "success" } }
    }))
}

/// Whatever a system answers instead of what it should, the action says that all is well.
fn blind() -> Vec<Wrong> {
    let comply = |check, finding| Wrong::connector(check, &["comply"], comply_case(check), finding);
    let converse = |check, finding| Wrong::connector(check, &["converse"], converse_case(check), finding);
    vec![
        comply(
            "status 400",
            "`comply` from answer 1 on: it does not fail as `invalid-parameters` or `upstream` or `not-found` or \
             `authentication`, it reports: It is done.",
        ),
        comply(
            "status 401",
            "`comply` from answer 1 on: it does not fail as `authentication`, it reports: It is done.",
        ),
        comply("status 403", "`comply` from answer 1 on: it does not fail as `authentication` or `denied`, "),
        comply("status 404", "`comply` from answer 1 on: it does not fail as `not-found` or `upstream`, "),
        comply("status 429, seconds", "`comply` from answer 1 on: it drops the system's time to wait"),
        comply(
            "status 429, date",
            "`comply` from answer 1 on: it says to wait 1 ms, and the system said 37000 ms",
        ),
        comply("status 500", "`comply` from answer 1 on: it does not fail as `upstream`, "),
        comply("status 503", "`comply` from answer 1 on: it does not fail as `upstream` or `unavailable`, "),
        comply("timeout", "`comply` from answer 1 on: it does not fail as `unavailable`, "),
        comply("garbage", "`comply` from answer 1 on: it does not fail as `upstream`, "),
        comply("truncated", "`comply` from answer 1 on: it does not fail as `upstream`, "),
        comply("page", "`comply` from answer 1 on: it does not fail as `upstream`, "),
        comply("huge", "`comply` from answer 1 on: it does not fail as `upstream`, "),
        converse(
            "reset",
            "`converse` from answer 1 on: it does not fail as `unavailable`, it reports: It is done.",
        ),
        converse("unreachable", "`converse` from answer 1 on: it does not fail as `unavailable`, "),
    ]
}

fn connectors() -> Vec<Wrong> {
    let comply = |check, finding| Wrong::connector(check, &["comply"], comply_case(check), finding);
    vec![
        comply(
            "cassettes",
            "in the cassette `case`: request 1: it is POST https://hostile.example/something-else, not POST \
             https://hostile.example/work",
        ),
        Wrong::connector("parameters", &["count"], None, "`count` with {\"items\":["),
        comply("same key", "`comply`: with the same key it sent POST https://hostile.example/work "),
        comply(
            "state",
            "`comply`: the first call went well, and a second one on the same asset ended as `upstream` ",
        ),
        comply("verify", "`comply`: POST https://hostile.example/work: "),
        Wrong::connector(
            "undo",
            &["comply"],
            comply_case("undo"),
            "`keep` does not take the parameters of `comply` in the cassette `case`: \"key\" is a required property",
        )
        .that_says("undo of something else"),
        Wrong::connector(
            "pending",
            &["take time"],
            take_time_case("pending"),
            "in the cassette `case`: called again with its token \"the one from before\" alone, and nothing that it \
             kept: it ended as `not-found` (not found: there is no job)",
        ),
        Wrong::connector(
            "cancelled",
            &["take time"],
            take_time_case("cancelled"),
            "in the cassette `case`: called with its token \"7\", and `cancelled`: hostile: it panicked, in ",
        ),
        comply("reach", "`comply` in the cassette `case`: GET https://undeclared.example/: "),
        Wrong::connector(
            "read-only",
            &["look up"],
            look_up_case("read-only"),
            "`look up` in the cassette `case`: POST https://hostile.example/look-ups: an action that only reads ",
        ),
        Wrong::connector(
            "output",
            &["look up"],
            look_up_case("output"),
            "`look up` from answer 1 on (status 404): hostile: its answer violates its own schema: \"text\" is a \
             required property",
        ),
        comply("sound", "`comply` from answer 1 on (garbage): hostile: it panicked, in "),
        comply("sentences", "`comply` in the cassette `case`: `Some(` is a program's word: Some(7)"),
        comply(
            "secrets",
            "`comply` in the cassette `case`: the secret `token`, which the host took out, stands in its log",
        ),
        comply(
            "time limit",
            "`comply` from answer 1 on (timeout): the system lets it wait for 60 s, and it asks once more; by then its \
             limit of 60 s is over",
        ),
        Wrong::connector(
            "time limit",
            &["linger"],
            call("linger", "time limit", &work()),
            "`linger` from answer 1 on (timeout): it took 1",
        ),
        comply(
            "memory",
            "`comply` in the cassette `case`: it has 101 MiB, and an instance gets 128 MiB at most",
        ),
    ]
}

fn playbooks() -> Vec<Wrong> {
    let of = |alert: &str| json!({ "alert": { "name": alert } });
    // That the actions find something is where each of these is seen first.
    let found = |check, alert, what| Wrong { place: FOUND, ..Wrong::playbook(check, of(alert), what) };
    vec![
        Wrong::playbook(
            "cassettes",
            json!({ "alert": { "name": "behave" }, "outcome": { "concluded": "It is blocked." } }),
            "in the cassette `case`: it ended with \"It is done.\", not \"It is blocked.\"",
        ),
        found("ends", "change without end", "it makes more than 2000 calls"),
        found("sound", "panic", "hostile-playbook: it panicked, in "),
        found("declared", "start what it did not declare", "it starts `eat memory` of hostile"),
        found(
            "parameters",
            "start what does not parse",
            "`behave` of hostile: its parameters are no JSON object",
        ),
        found("parameters", "behave", "`behave` of hostile: \"text\" is a required property")
            .that_says("promises a text"),
        Wrong::playbook(
            "failures",
            of("trust that it works"),
            "in the cassette `case`, when each action fails as `invalid-parameters`: hostile-playbook: it panicked, ",
        ),
        found("sentences", "speak like a program", "`Some(` is a program's word: Some(7)"),
    ]
}

/// The hostile connector that takes its time to describe itself: more than it may, and less than the host waits, on
/// whatever machine this is and whatever else it does.
async fn slow() -> Scorecard {
    /// Well between the two.
    const ENOUGH_MS: u64 = 2_700;
    let mut spins: u64 = 8;
    for _ in 0..10 {
        let component = built::variant("hostile-connector", &format!("spin {spins}"));
        let digest = sandbox().compile(&component).await.unwrap();
        let began = Instant::now();
        let described = sandbox().describe(&digest).await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap();
        if described.is_ok()
            && took > ENOUGH_MS / 2
            && let Ok(scorecard) = tried(&component, &["behave"], None).await
            && !scorecard.holds()
        {
            return scorecard;
        }
        spins = (spins * ENOUGH_MS / took.max(1)).max(1);
    }
    panic!("this machine is too busy to tell what is slow on it");
}

/// Checks that do not hold, with what they ask for: two kinds of plugins have a check in common if that is the same.
fn failed(scorecard: &Scorecard) -> Vec<(String, &'static str)> {
    scorecard.with(Verdict::Fail).map(|check| (check.name.clone(), check.sentence)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_check_was_seen_failing_and_alone() {
    let (mut known, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut amiss = Vec::new();
    let mut look = |check: &str, finding: &str, scorecard: &Scorecard| {
        known.extend(scorecard.checks.iter().map(|check| (check.name.clone(), check.sentence)));
        let broken: Vec<_> = scorecard.with(Verdict::Fail).collect();
        match broken.as_slice() {
            [only] if only.name == check && only.findings.iter().any(|told| told.starts_with(finding)) => {
                assert!(only.next.is_some(), "{check} does not say what to do");
                seen.extend(failed(scorecard));
            }
            other => amiss.push(format!("{check}: {finding}\n{other:#?}")),
        }
    };
    look("describe", "it took ", &slow().await);
    for wrong in blind().into_iter().chain(connectors()).chain(playbooks()) {
        look(wrong.check, &[wrong.place, wrong.finding].concat(), &wrong.tried().await);
    }
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));

    let unseen: Vec<_> = known.difference(&seen).collect();
    assert!(
        unseen.is_empty(),
        "no plugin here fails these checks, so nobody knows that they work: {unseen:#?}"
    );
    let page = fs::read_to_string(built::checkout("docs").join("conformance.md")).unwrap();
    let rows = || page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    // Those of the statuses have one row.
    for (name, _) in known.iter().filter(|(name, _)| !name.starts_with("status")) {
        let quoted = format!("`{name}`");
        assert!(rows().any(|row| row.contains(&quoted)), "docs/conformance.md has no row for {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_that_computes_without_an_end_is_tried_once() {
    let cassette = json!({ "alert": { "name": "loop" } });
    let scorecard = tried(&built::component("hostile-playbook"), &[], Some(&cassette)).await.unwrap();
    assert_eq!(failed(&scorecard).iter().map(|(name, _)| name).collect::<Vec<_>>(), ["ends"]);
    assert_eq!(scorecard.calls, 1);
}
