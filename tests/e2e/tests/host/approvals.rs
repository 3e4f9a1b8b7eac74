//! Actions that the policy lets happen only with a person's consent.

use std::thread;

use palisade_e2e::{Kind, Operation, Script, Workshop, wait};
use palisade_lab::FaultKind;
use palisade_model::Timestamp;
use serde_json::{Value, json};

use crate::journal::{end, entries, entry, replays};

/// What contains and corrects is asked about, and nobody is in a hurry.
const CAREFUL: &str = "[approval]\nrole = \"tier2\"\nwithin = \"1h\"\n";

/// So long an action waits where a test waits for the end of that.
const SHORTLY: &str = "2s";

/// A look, a switch that needs consent, and a ticket after it.
fn switch() -> Script {
    Script::new()
        .act_and_wait(Kind::Facts, "before")
        .act_and_wait(Kind::Switch, "switch")
        .act_and_wait(Kind::Ticket, "after")
}

/// A host with this policy, and a run of [`switch`] that waits for consent.
async fn waiting_under(policy: &str) -> (Workshop, u64) {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(policy));
    let run = workshop.run(&switch());
    workshop.host.until(run, "waiting");
    (workshop, run)
}

/// What stands at the deadline, and how soon that is.
fn shortly(at_deadline: &str) -> String {
    format!("[approval]\nwithin = \"{SHORTLY}\"\nat_deadline = \"{at_deadline}\"\n")
}

/// Says whether a step may happen: the status and the words of the answer.
fn consent(workshop: &Workshop, run: u64, step: u64, approved: bool) -> (u16, String) {
    let body = json!({ "approved": approved, "by": "kim", "note": "agreed by phone" });
    let answer = workshop.host.post(&format!("/runs/{run}/steps/{step}/approval"), &body);
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

/// Waits until nobody can consent in time any more.
fn until_the_deadline(run: &Value) {
    let deadline: Timestamp = entry(run, "approval-asked")["deadline"].as_str().unwrap().parse().unwrap();
    wait::until("the deadline has passed", || (Timestamp::now() > deadline).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_waits_in_the_inbox_until_somebody_consents_once() {
    let (workshop, run) = waiting_under(CAREFUL).await;
    let (host, number) = (&workshop.host, run.to_string());
    let waiting = host.get(&format!("/runs/{run}"));
    assert_eq!(waiting["run"]["attention"], 1);
    let task = &waiting["tasks"][0];
    assert_eq!(
        (&task["to_do"], &task["to"], &task["position"]),
        (&json!("approve"), &json!("tier2"), &json!(2))
    );
    assert_eq!(task["rule"], "default.contain");
    let inbox = host.text(&["inbox"]);
    let words = [
        "tier2 must approve: actuator/turn on switch @actuator",
        "\"tag\":\"switch\"",
        "in 59 min",
        &format!("palisade approve {run}.2"),
    ];
    for words in words {
        assert!(inbox.contains(words), "{words:?} is not in\n{inbox}");
    }
    let show = host.text(&["run", "show", &number]);
    let next = format!("next: `palisade approve {run}.2`  or `palisade deny {run}.2`");
    for words in [
        "needs consent",
        "tier2 must approve by ",
        "\"tag\":\"switch\"",
        "default.contain",
        &next,
        "must approve or deny",
    ] {
        assert!(show.contains(words), "{words:?} is not in\n{show}");
    }
    assert_eq!(consent(&workshop, run, 1, true).0, 409, "what has ended needs no consent");
    assert_eq!(consent(&workshop, run, 7, true).0, 404);
    assert_eq!(workshop.asked(), ["GET /facts/before"], "something was sent before there was consent");

    host.text(&["approve", &number, "--note", "agreed by phone"]);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let given = entry(&ended, "approval-given");
    assert_eq!((&given["approved"], &given["by"]["note"]), (&json!(true), &json!("agreed by phone")));
    assert_eq!(workshop.lab.effects(), ["switches switch", "tickets after"]);
    assert_eq!(host.text(&["inbox"]), "Nothing waits for a person.\n");
    let show = host.text(&["run", "show", &number]);
    assert!(show.contains("approves it: agreed by phone"), "{show}");
    for approved in [true, false] {
        let (status, words) = consent(&workshop, run, 2, approved);
        assert_eq!(status, 409, "{words}");
        assert!(words.contains("has ended"), "{words}");
    }
    replays(host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_not_sent_and_the_playbook_goes_on_with_that() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(CAREFUL));
    let script = Script::new().act(Kind::Switch, "switch").wait_for_the_end_of(1);
    let run = workshop.run(&script.act_and_wait(Kind::Ticket, "instead"));
    workshop.host.until(run, "waiting");
    workshop.host.text(&["deny", &format!("{run}.1"), "--note", "it is our own scanner"]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let [switch, _] = &entries(&ended, "action-ended")[..] else { panic!("{ended:#}") };
    assert_eq!(switch["failure"]["failure"], "denied");
    let why = switch["failure"]["message"].as_str().unwrap();
    assert!(why.ends_with("did not approve it: it is our own scanner"), "{why}");
    assert_eq!(workshop.lab.effects(), ["tickets instead"]);
    assert_eq!(entries(&ended, "action-sent").len(), 1);
    assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_deadline_happens_what_the_policy_says() {
    let (workshop, refused) = waiting_under(&shortly("deny")).await;
    let ended = workshop.host.ended(refused);
    assert_eq!(end(&ended).0, "failed", "{ended:#}");
    assert!(end(&ended).1.contains("nobody approved it in time"), "{}", end(&ended).1);
    assert_eq!(workshop.lab.effects(), [""; 0]);

    workshop.host.set_policy(Some(&shortly("allow")));
    let done = workshop.finished(&switch());
    assert_eq!(end(&done).0, "succeeded", "{done:#}");
    let asked: Timestamp = entry(&done, "approval-asked")["deadline"].as_str().unwrap().parse().unwrap();
    let sent = &entries(&done, "action-sent")[0];
    let sent: Timestamp = sent["at"].as_str().unwrap().parse().unwrap();
    assert!(sent >= asked, "it was sent at {sent}, and somebody could object until {asked}");
    assert_eq!(entry(&done, "approval-given")["by"], Value::Null);
    assert_eq!(workshop.lab.effects(), ["switches switch", "tickets after"]);
    let done = done["run"]["id"].as_u64().unwrap();
    let show = workshop.host.text(&["run", "show", &done.to_string()]);
    assert!(show.contains("nobody objected in time, so it is done"), "{show}");
    for run in [refused, done] {
        replays(&workshop.host, run);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_was_down_at_the_deadline_does_what_the_policy_says_when_it_is_back() {
    for (at_deadline, status, effects) in
        [("deny", "failed", &[][..]), ("allow", "succeeded", &["switches switch", "tickets after"])]
    {
        let (mut workshop, run) = waiting_under(&shortly(at_deadline)).await;
        let waiting = workshop.host.get(&format!("/runs/{run}"));
        let Workshop { host, .. } = workshop;
        let data = host.kill();
        until_the_deadline(&waiting);
        workshop.host = palisade_e2e::Host::on(data);
        let ended = workshop.host.ended(run);
        assert_eq!(end(&ended).0, status, "{ended:#}");
        assert_eq!(entry(&ended, "approval-given")["by"], Value::Null);
        assert_eq!(workshop.lab.effects(), effects);
        replays(&workshop.host, run);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_consent_survives_a_crash_and_so_does_consent() {
    let (mut workshop, run) = waiting_under(CAREFUL).await;
    workshop = workshop.kill_and_restart();
    workshop.host.until(run, "waiting");
    let inbox = workshop.host.text(&["inbox"]);
    assert!(inbox.contains(&format!("palisade approve {run}.2")), "{inbox}");
    assert_eq!(workshop.lab.effects(), [""; 0]);

    // The host dies after consent, before what it was given for can begin.
    workshop.host.text(&["run", "pause", &run.to_string()]);
    workshop.host.until(run, "paused");
    assert_eq!(consent(&workshop, run, 2, true).0, 200);
    assert_eq!(consent(&workshop, run, 2, false).0, 409);
    workshop = workshop.kill_and_restart();
    assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    // And again while it is under way.
    workshop.fault("/switches", 1, FaultKind::Hang);
    workshop.host.text(&["run", "resume", &run.to_string()]);
    workshop.until_faults_struck();
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entries(&ended, "approval-asked").len(), 1, "somebody was asked again");
    assert_eq!(workshop.lab.effects(), ["switches switch", "tickets after"]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_survives_a_crash() {
    let mut workshop = Workshop::start().await;
    workshop.host.set_policy(Some(CAREFUL));
    let script = Script::new().act(Kind::Switch, "switch").wait_for_the_end_of(1);
    let run = workshop.run(&script.act_and_wait(Kind::Ticket, "instead"));
    workshop.host.until(run, "waiting");
    workshop.host.text(&["run", "pause", &run.to_string()]);
    workshop.host.until(run, "paused");
    assert_eq!(consent(&workshop, run, 1, false).0, 200);
    workshop = workshop.kill_and_restart();
    assert_eq!(consent(&workshop, run, 1, true).0, 409);
    workshop.host.until(run, "paused");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    workshop.host.text(&["run", "resume", &run.to_string()]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "approval-given")["by"]["by"], "kim");
    assert_eq!(workshop.lab.effects(), ["tickets instead"]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_words_at_once_one_counts() {
    let (workshop, run) = waiting_under(CAREFUL).await;
    let host = &workshop.host;
    let say = |person: usize| {
        let body = json!({ "approved": person.is_multiple_of(2), "by": format!("person {person}") });
        host.post(&format!("/runs/{run}/steps/2/approval"), &body).status
    };
    let taken: Vec<_> = thread::scope(|scope| {
        let say = &say;
        let people: Vec<_> = (0..8).map(|person| scope.spawn(move || (person, say(person)))).collect();
        people.into_iter().map(|person| person.join().unwrap()).filter(|(_, status)| *status == 200).collect()
    });
    let [(person, _)] = taken[..] else { panic!("{taken:?} counted") };
    let ended = host.ended(run);
    let given = entry(&ended, "approval-given");
    assert_eq!(given["by"]["by"], format!("person {person}"));
    assert_eq!(given["approved"], person % 2 == 0);
    let effects: &[&str] = if person % 2 == 0 { &["switches switch", "tickets after"] } else { &[] };
    assert_eq!(workshop.lab.effects(), effects);
    replays(host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cancels_a_run_refuses_what_waits_in_it() {
    let (workshop, run) = waiting_under(CAREFUL).await;
    workshop.host.text(&["run", "cancel", &run.to_string(), "--note", "false alarm"]);
    let cancelled = workshop.host.until(run, "cancelled");
    assert!(end(&cancelled).1.ends_with("cancelled it: false alarm"), "{}", end(&cancelled).1);
    assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
    assert_eq!(consent(&workshop, run, 2, true).0, 409);
    assert_eq!(workshop.lab.effects(), [""; 0]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_run_takes_no_consent_after_the_deadline() {
    let (workshop, run) = waiting_under(&shortly("deny")).await;
    workshop.host.text(&["run", "pause", &run.to_string()]);
    let paused = workshop.host.until(run, "paused");
    until_the_deadline(&paused);
    let (status, words) = consent(&workshop, run, 2, true);
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("is over"), "{words}");
    // Whoever is told so has the host see that it is.
    let ended = workshop.host.ended(run);
    assert!(end(&ended).1.contains("nobody approved it in time"), "{}", end(&ended).1);
    assert_eq!(workshop.lab.effects(), [""; 0]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_policy_forbids_by_then_is_not_sent_whoever_consented() {
    let (workshop, run) = waiting_under(CAREFUL).await;
    let never = format!("{CAREFUL}[never_touch]\nhosts = [\"switch\"]\n");
    let rule = "[[rule]]\nname = \"change freeze\"\naction = [\"turn on switch\"]\nthen = \"deny\"\n";
    let forbidden = format!("{CAREFUL}{rule}");
    let other = workshop.run(&switch());
    workshop.host.until(other, "waiting");
    for (run, policy, why) in
        [(run, &never, "never_touch.hosts"), (other, &forbidden, "rule \"change freeze\"")]
    {
        workshop.host.set_policy(Some(policy));
        assert_eq!(consent(&workshop, run, 2, true).0, 200);
        let ended = workshop.host.ended(run);
        assert_eq!(end(&ended).0, "failed", "{ended:#}");
        assert!(end(&ended).1.contains(why), "{}", end(&ended).1);
        assert_eq!(entry(&ended, "approval-given")["approved"], true);
        replays(&workshop.host, run);
    }
    assert_eq!(workshop.lab.effects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asset_may_go_while_its_action_waits() {
    for (word, why) in [("approve", "has no asset `actuator`"), ("deny", "did not approve it")] {
        let (workshop, run) = waiting_under(CAREFUL).await;
        workshop.host.text(&["asset", "remove", "actuator"]);
        workshop.host.text(&[word, &run.to_string()]);
        let ended = workshop.host.ended(run);
        assert_eq!(end(&ended).0, "failed", "{ended:#}");
        assert!(end(&ended).1.contains(why), "{}", end(&ended).1);
        assert_eq!(workshop.host.text(&["inbox"]), "Nothing waits for a person.\n");
        assert_eq!(workshop.lab.effects(), [""; 0]);
        replays(&workshop.host, run);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_action_is_asked_about_by_itself_and_holds_up_no_other() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(Some(CAREFUL));
    let script = Script::new()
        .act(Kind::Switch, "one")
        .act(Kind::Ticket, "ticket")
        .act(Kind::Switch, "two")
        .wait(2)
        .wait(1)
        .then(Operation::WaitAny { steps: vec![2] });
    let run = workshop.run(&script);
    workshop.host.until(run, "waiting");
    assert_eq!(workshop.lab.effects(), ["tickets ticket"]);
    let either = workshop.host.palisade(&["approve", &run.to_string()]);
    assert_eq!(either.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&either.stderr).into_owned();
    assert!(errors.contains("more than one open action that waits for consent"), "{errors}");
    workshop.host.text(&["deny", &format!("{run}.3")]);
    assert_eq!(workshop.host.until(run, "waiting")["run"]["attention"], 1);
    workshop.host.text(&["approve", &run.to_string()]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(workshop.lab.effects(), ["tickets ticket", "switches one"]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_is_to_an_action_and_not_to_trying_it_again_by_hand() {
    let (workshop, run) = waiting_under(CAREFUL).await;
    // What the host tries again by itself is the same action.
    workshop.fault("/switches", 1, FaultKind::Status { code: 503, body: None, retry_after: Some(0) });
    workshop.fault("/switches", 1, FaultKind::Status { code: 401, body: None, retry_after: None });
    assert_eq!(consent(&workshop, run, 2, true).0, 200);
    let failed = workshop.host.until(run, "failed");
    assert_eq!(entries(&failed, "action-sent").len(), 2, "{failed:#}");
    assert_eq!(entries(&failed, "approval-asked").len(), 1);
    // Somebody else may try it again, later, when it is not what it was.
    workshop.host.text(&["run", "retry", &run.to_string()]);
    let waiting = workshop.host.until(run, "waiting");
    assert_eq!(waiting["tasks"][0]["to_do"], "approve", "{waiting:#}");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    assert_eq!(consent(&workshop, run, 2, true).0, 200);
    assert_eq!(end(&workshop.host.ended(run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches switch", "tickets after"]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_strangers_wrote_does_not_reach_the_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{202e}evil\u{7}";
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    host.set_policy(Some(CAREFUL));
    let run = workshop.run(&Script::new().act(Kind::Switch, EVIL).wait_for_the_end_of(1));
    host.until(run, "waiting");
    let quiet = |screen: &str| {
        let active = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!screen.contains(active), "{screen:?}");
        assert!(screen.contains("evil"), "{screen}");
    };
    quiet(&host.text(&["inbox"]));
    quiet(&host.text(&["--json", "inbox"]));
    assert_eq!(host.json(&["inbox"])["tasks"][0]["parameters"]["tag"], EVIL);
    host.text(&["deny", &run.to_string(), "--note", EVIL]);
    let ended = host.ended(run);
    assert_eq!(entry(&ended, "approval-given")["by"]["note"], EVIL);
    for arguments in [&["run", "show"][..], &["run", "show", "-v"], &["--json", "run", "show"]] {
        quiet(&host.text(&[arguments, &[run.to_string().as_str()]].concat()));
    }
}
