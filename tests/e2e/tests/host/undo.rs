//! Taking back what a run did: by a person's word, or when its time has come.

use palisade_e2e::{Kind, Operation, Script, Workshop, wait};
use palisade_lab::FaultKind;
use serde_json::{Value, json};

use crate::journal::{end, entries, entry, replays};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// So soon an action is taken back where a test waits for that.
const SOON_MS: u64 = 300;

/// An answer that no attempt follows.
const REFUSED: FaultKind = FaultKind::Status { code: 401, body: None, retry_after: None };

fn switches(tags: &[&str]) -> Script {
    tags.iter().fold(Script::new(), |script, tag| script.act_and_wait(Kind::Switch, tag))
}

/// Has a run taken back, and returns the run that does so when it has ended.
fn undo(workshop: &Workshop, run: u64) -> Value {
    let number = run.to_string();
    let undo = workshop.host.json(&["run", "undo", &number, "--note", "false alarm"]);
    workshop.host.ended(undo["run"].as_u64().unwrap())
}

/// Asks that a run be taken back, which is refused: the status and the words of the answer.
fn refused(workshop: &Workshop, run: u64) -> (u16, String) {
    let answer = workshop.host.post(&format!("/runs/{run}/undo"), &json!({ "by": "kim" }));
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

fn id(run: &Value) -> u64 {
    run["run"]["id"].as_u64().unwrap()
}

/// Waits until the system has been changed like this.
fn until_effects(workshop: &Workshop, effects: &[&str]) {
    wait::until("the system is changed", || (workshop.lab.effects() == effects).then_some(()));
}

/// The runs that take something back, oldest first.
fn undoing(workshop: &Workshop) -> Vec<Value> {
    let runs = workshop.host.get("/runs")["runs"].as_array().unwrap().clone();
    runs.into_iter().rev().filter(|run| run["playbook"] == "undo").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_did_is_taken_back_once_and_the_newest_first() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    // What is taken back needs no consent, and may be what must not be touched by now.
    let run = id(&workshop.finished(&switches(&["a", "b", "c"]).act_and_wait(Kind::Ticket, "ticket")));
    host.set_policy(Some("[never_touch]\nhosts = [\"a\"]\n"));
    let undone = undo(&workshop, run);
    assert_eq!(end(&undone), ("succeeded", format!("Actions of run {run} taken back: 3.").as_str()));
    assert_eq!(
        workshop.lab.effects(),
        ["switches a", "switches b", "switches c", "tickets ticket", "off c", "off b", "off a"]
    );
    assert_eq!(undone["run"]["undoes"], run);
    let steps = host.get(&format!("/runs/{run}"))["undone"].clone();
    assert_eq!(steps.as_array().unwrap().len(), 3);
    let show = host.text(&["run", "show", &run.to_string()]);
    assert_eq!(show.matches(&format!("taken back by run {}", id(&undone))).count(), 3, "{show}");
    let show = host.text(&["run", "show", &id(&undone).to_string()]);
    assert!(show.contains(&format!("Undoes    run {run}")), "{show}");
    let note = &host.get("/alerts/1")["alert"]["notes"][0];
    assert_eq!(note["title"], format!("What run {run} did is taken back"));
    assert!(note["text"].as_str().unwrap().contains("wanted it: false alarm"), "{note:#}");

    let (status, words) = refused(&workshop, run);
    assert_eq!(status, 422, "{words}");
    assert!(words.contains("was taken back before"), "{words}");
    // To take that back in turn would be to do it again, past the policy.
    let (status, words) = refused(&workshop, id(&undone));
    assert_eq!(status, 422, "{words}");
    assert!(words.contains("start its playbook again"), "{words}");
    assert_eq!(workshop.lab.effects().len(), 7);
    for run in [run, id(&undone)] {
        replays(host, run);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_took_effect_is_taken_back() {
    let workshop = Workshop::start().await;
    workshop.fault("/switches/failed", 1, REFUSED);
    let script = Script::new()
        .act(Kind::Switch, "failed")
        .wait_for_the_end_of(1)
        .act_and_wait(Kind::Switch, "done")
        .act_and_wait(Kind::Facts, "facts");
    let run = id(&workshop.finished(&script));
    assert_eq!(end(&undo(&workshop, run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches done", "off done"]);
    assert!(!workshop.asked().contains(&"DELETE /switches/failed".to_owned()));

    let planned = workshop.host.json(&["playbook", "run", "script", "--alert", "1", "--safe"]);
    let planned = id(&workshop.host.ended(planned["run"].as_u64().unwrap()));
    let nothing = id(&workshop.finished(&Script::new().act_and_wait(Kind::Page, "page")));
    for run in [planned, nothing] {
        let (status, words) = refused(&workshop, run);
        assert_eq!((status, words), (422, format!("run {run} did nothing that can be taken back")));
    }
    assert_eq!(refused(&workshop, 99).0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_taken_back_when_it_has_ended_however_it_did() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&switches(&["a"]).ask("tier2", "Go on?", AN_HOUR).wait(2));
    workshop.host.until(run, "waiting");
    let (status, words) = refused(&workshop, run);
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("cancel it first"), "{words}");
    workshop.host.text(&["run", "cancel", &run.to_string()]);
    workshop.host.until(run, "cancelled");
    assert_eq!(end(&undo(&workshop, run)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches a", "off a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_for_a_while_is_taken_back_by_itself() {
    let workshop = Workshop::start().await;
    let run = workshop.finished(&Script::new().act_for(Kind::Switch, "a", SOON_MS));
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    assert!(entry(&run, "action-ended")["undo_at"].is_string(), "{run:#}");
    let show = workshop.host.text(&["run", "show", &id(&run).to_string()]);
    assert!(show.contains("The switch is on. It is to be taken back at "), "{show}");
    until_effects(&workshop, &["switches a", "off a"]);
    let undone = workshop.host.ended(undoing(&workshop)[0]["id"].as_u64().unwrap());
    assert_eq!(end(&undone).0, "succeeded");
    let note = &workshop.host.get("/alerts/1")["alert"]["notes"][0];
    assert!(note["text"].as_str().unwrap().starts_with("Its time has come."), "{note:#}");
    let (status, words) = refused(&workshop, id(&run));
    assert_eq!(status, 422, "{words}");
    for run in [id(&run), id(&undone)] {
        replays(&workshop.host, run);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_time_comes_also_for_what_a_host_did_that_is_gone() {
    let mut workshop = Workshop::start().await;
    // A run that has ended, and one that goes on for long.
    let script = || Script::new().act_for(Kind::Switch, "a", 2_000);
    let other = Script::new().act_for(Kind::Switch, "b", 2_000).ask("tier2", "Go on?", AN_HOUR).wait(2);
    workshop.finished(&script());
    let waiting = workshop.run(&other);
    workshop.host.until(waiting, "waiting");
    workshop = workshop.kill_and_restart();
    until_effects(&workshop, &["switches a", "switches b", "off a", "off b"]);
    for run in undoing(&workshop) {
        assert_eq!(end(&workshop.host.ended(run["id"].as_u64().unwrap())).0, "succeeded");
    }
    workshop.host.until(waiting, "waiting");
    // And once, however often the host starts.
    workshop = workshop.kill_and_restart();
    workshop.finished(&script());
    until_effects(&workshop, &["switches a", "switches b", "off a", "off b", "switches a", "off a"]);
    assert_eq!(undoing(&workshop).len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_took_back_before_its_time_is_not_taken_back_again() {
    let workshop = Workshop::start().await;
    let run = id(&workshop.finished(&Script::new().act_for(Kind::Switch, "a", 1_500)));
    undo(&workshop, run);
    // It is on again by somebody else's word when its time comes.
    workshop.finished(&switches(&["a"]));
    workshop.finished(&Script::new().act_for(Kind::Switch, "later", 1_500));
    until_effects(&workshop, &["switches a", "off a", "switches a", "switches later", "off later"]);
    assert_eq!(undoing(&workshop).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_before_a_run_was_tried_again_keeps_its_time() {
    let workshop = Workshop::start().await;
    workshop.fault("/pages", 1, REFUSED);
    let script =
        Script::new().act(Kind::Page, "page").wait_for_the_end_of(1).act_for(Kind::Switch, "a", 3_000);
    let run = id(&workshop.finished(&script));
    workshop.host.text(&["run", "retry", &run.to_string(), "--step", "1"]);
    let again = workshop.host.until(run, "succeeded");
    let ended = entries(&again, "action-ended");
    assert_eq!(ended.last().unwrap()["done_by"], 2, "{again:#}");
    until_effects(&workshop, &["switches a", "pages page", "off a"]);
    let (status, words) = refused(&workshop, run);
    assert_eq!(status, 422, "{words}");
    assert!(words.contains("was taken back before"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_back_is_done_again_when_the_run_is_tried_again() {
    let workshop = Workshop::start().await;
    workshop.fault("/pages", 1, REFUSED);
    let script = Script::new().act(Kind::Page, "page").wait_for_the_end_of(1).act_and_wait(Kind::Switch, "a");
    let run = id(&workshop.finished(&script));
    assert_eq!(end(&undo(&workshop, run)).0, "succeeded");
    workshop.host.text(&["run", "retry", &run.to_string(), "--step", "1"]);
    workshop.host.until(run, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches a", "off a", "pages page", "switches a"]);
    assert_eq!(end(&undo(&workshop, run)).0, "succeeded");
    assert_eq!(workshop.lab.effects().last().unwrap(), "off a");
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_back_is_put_to_a_person_who_can_have_it_tried_again() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let run = id(&workshop.finished(&switches(&["a", "b"])));
    workshop.fault("/switches/b", 1, REFUSED);
    let undone = undo(&workshop, run);
    assert_eq!(end(&undone).0, "failed");
    // What failed does not keep the rest in place.
    assert_eq!(workshop.lab.effects(), ["switches a", "switches b", "off a"]);
    let inbox = host.text(&["inbox"]);
    let words = format!(
        "Of run {run}, actions that could not be taken back: 1; actuator/turn on switch @actuator, step 2"
    );
    for words in [words.as_str(), "palisade alert take 1"] {
        assert!(inbox.contains(words), "{words:?} is not in\n{inbox}");
    }
    let alert = host.text(&["alert", "show", "1"]);
    assert!(alert.contains("Waits") && alert.contains("could not be taken back"), "{alert}");
    host.text(&["alert", "take", "1"]);
    assert_eq!(host.text(&["inbox"]), "Nothing waits for a person.\n");

    host.text(&["run", "retry", &id(&undone).to_string(), "--step", "1"]);
    assert_eq!(end(&host.until(id(&undone), "succeeded")).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches a", "switches b", "off a", "off b"]);
    replays(host, id(&undone));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_dies_while_it_takes_back_goes_on_with_it() {
    let mut workshop = Workshop::start().await;
    let run = id(&workshop.finished(&switches(&["a", "b"])));
    workshop.fault("/switches/b", 1, FaultKind::HangAfterEffect);
    let undo = workshop.host.json(&["run", "undo", &run.to_string()])["run"].as_u64().unwrap();
    workshop.until_faults_struck();
    workshop = workshop.kill_and_restart();
    let undone = workshop.host.ended(undo);
    assert_eq!(end(&undone).0, "succeeded", "{undone:#}");
    assert_eq!(workshop.lab.effects(), ["switches a", "switches b", "off b", "off a"]);
    replays(&workshop.host, undo);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_safe_mode_nothing_is_taken_back_and_nothing_is_lost() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let run = id(&workshop.finished(&switches(&["a", "b"])));
    workshop.fault("/switches/b", 1, FaultKind::Slow { ms: 2_000 });
    let undo = host.json(&["run", "undo", &run.to_string()])["run"].as_u64().unwrap();
    workshop.until_faults_struck();
    host.text(&["safe-mode", "on"]);
    let undone = host.until(undo, "failed");
    assert!(end(&undone).1.contains("safe mode is on"), "{}", end(&undone).1);
    let (status, words) = refused(&workshop, run);
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("safe mode"), "{words}");
    host.text(&["safe-mode", "off"]);
    host.text(&["run", "retry", &undo.to_string()]);
    host.until(undo, "succeeded");
    assert_eq!(workshop.lab.effects(), ["switches a", "switches b", "off b", "off a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_due_in_safe_mode_is_taken_back_after_it() {
    let workshop = Workshop::start().await;
    workshop.finished(&Script::new().act_for(Kind::Switch, "a", 2_000));
    workshop.host.text(&["safe-mode", "on"]);
    // When this has slept, that time has come, and the host was there.
    workshop.finished(&Script::new().sleep(3_000));
    assert_eq!(workshop.lab.effects(), ["switches a"]);
    assert_eq!(undoing(&workshop).len(), 0);
    workshop.host.text(&["safe-mode", "off"]);
    until_effects(&workshop, &["switches a", "off a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_let_go_for_a_while_is_no_way_to_contain_what_must_not_be_touched() {
    let workshop = Workshop::start().await;
    // What is undone here is that a switch is off: the undo turns it on, which contains.
    workshop.host.set_policy(Some(
        "[default]\ncorrect = \"allow\"\n[never_touch]\nhosts = [\"dns\"]\neffects = [\"contain\"]\n",
    ));
    for (tag, words) in [("dns", Some("never_touch.hosts")), ("other", None)] {
        workshop.finished(&Script::new().act_for(Kind::Off, tag, SOON_MS));
        let undo = wait::until("its time comes", || undoing(&workshop).last()?["id"].as_u64());
        match words {
            Some(words) => {
                let undone = workshop.host.until(undo, "failed");
                assert!(end(&undone).1.contains(words), "{}", end(&undone).1);
            }
            None => {
                let undo = wait::until("it is asked about", || {
                    undoing(&workshop).last().filter(|run| run["status"] == "waiting")?["id"].as_u64()
                });
                workshop.host.text(&["deny", &undo.to_string()]);
                workshop.host.until(undo, "failed");
            }
        }
    }
    assert_eq!(workshop.lab.effects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_without_an_undo_cannot_be_done_for_a_while() {
    let workshop = Workshop::start().await;
    let script = Script::new().then(Operation::ActFor { action: Kind::Page, tag: "page".into(), ms: 1 });
    let run = workshop.finished(&script.then(Operation::WaitAny { steps: vec![0] }));
    let failure = &entry(&run, "action-ended")["failure"];
    assert_eq!(failure["failure"], "invalid-parameters");
    assert!(
        failure["message"].as_str().unwrap().contains("declares no action that takes it back"),
        "{failure}"
    );
    assert_eq!(workshop.asked(), [""; 0]);
    // What a rule refuses is not taken back either.
    let run = id(&workshop.finished(&switches(&["a"])));
    workshop.host.set_policy(Some(
        "[default]\ncontain = \"allow\"\n[[rule]]\nname = \"stays\"\naction = [\"turn off switch\"]\nthen = \"deny\"\n",
    ));
    let undone = undo(&workshop, run);
    assert_eq!(end(&undone).0, "failed");
    assert!(end(&undone).1.contains("rule \"stays\""), "{}", end(&undone).1);
    assert_eq!(workshop.lab.effects(), ["switches a"]);
}
