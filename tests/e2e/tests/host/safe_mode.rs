//! Safe mode, of the host, of a playbook and of a run, and plans: what would change something is not sent.

use palisade_e2e::{Kind, OFFENDERS, Operation, Script, Severity, Site, Workshop};
use palisade_lab::{FaultKind, System, story};
use serde_json::{Value, json};

use crate::journal::{end, entries, entry, replays};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// A look, one action of each effect, and a child with one.
fn everything() -> Script {
    Script::new()
        .act_and_wait(Kind::Facts, "facts")
        .act_and_wait(Kind::Switch, "switch")
        .act_and_wait(Kind::Job, "job")
        .act_and_wait(Kind::Page, "page")
        .child(Script::new().act_and_wait(Kind::Facts, "child").act_and_wait(Kind::Ticket, "child"))
        .wait(5)
}

/// Every action that would have changed something was planned, and nothing but reads reached the system.
fn only_planned(workshop: &Workshop, run: &Value, planned: usize) {
    assert_eq!(end(run).0, "succeeded", "{run:#}");
    let plans = entries(run, "action-ended").into_iter().filter(|ended| !ended["planned"].is_null());
    assert_eq!(plans.count(), planned, "{run:#}");
    assert_eq!(entries(run, "action-sent").len(), 0, "{run:#}");
    let sent: Vec<_> = workshop.asked().into_iter().filter(|asked| !asked.starts_with("GET ")).collect();
    assert_eq!(sent, [""; 0]);
    replays(&workshop.host, run["run"]["id"].as_u64().unwrap());
}

fn safe_mode(workshop: &Workshop, switch: &str) {
    let screen = workshop.host.text(&["safe-mode", switch]);
    assert!(screen.starts_with(&format!("Safe mode is {switch}")), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_safe_mode_only_reads_reach_a_system_until_it_is_switched_off() {
    let mut workshop = Workshop::start().await;
    safe_mode(&workshop, "on");
    let run = workshop.finished(&everything());
    only_planned(&workshop, &run, 3);
    assert_eq!(run["run"]["mode"], "safe");
    let child = &workshop.host.get(&format!("/runs/{}", run["children"][0]["id"]));
    only_planned(&workshop, child, 1);
    assert_eq!(workshop.asked(), ["GET /facts/facts", "GET /facts/child"]);
    let show = workshop.host.text(&["run", "show", &run["run"]["id"].to_string()]);
    let url = format!("PUT https://{}/switches/switch", story::ACTUATOR_HOST);
    for words in
        ["Mode      safe", &format!("planned, not sent: {url}"), "it would be allowed (default.contain)"]
    {
        assert!(show.contains(words), "{words:?} is not in\n{show}");
    }
    // It is a decision, and not forgotten.
    workshop = workshop.kill_and_restart();
    assert_eq!(workshop.host.json(&["safe-mode"])["on"], true);
    let doctor = workshop.host.text(&["doctor"]);
    assert!(doctor.contains("! safe mode"), "{doctor}");
    only_planned(&workshop, &workshop.finished(&everything()), 3);

    safe_mode(&workshop, "off");
    let run = workshop.finished(&Script::new().act_and_wait(Kind::Switch, "switch"));
    assert_eq!(end(&run).0, "succeeded", "{run:#}");
    assert_eq!(workshop.lab.effects(), ["switches switch"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_or_a_run_may_be_in_safe_mode_by_itself() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let configured = host.text(&["playbook", "configure", "script", "--safe-mode", "on"]);
    assert!(configured.contains("it is in safe mode"), "{configured}");
    let show = host.text(&["playbook", "show", "script"]);
    assert!(show.contains("safe mode: its runs plan what would change something"), "{show}");
    only_planned(&workshop, &workshop.finished(&everything()), 3);
    host.text(&["playbook", "configure", "script", "--safe-mode", "off"]);

    // By hand, on the same alert.
    workshop.finished(&Script::new().act_and_wait(Kind::Facts, "facts").act_and_wait(Kind::Page, "page"));
    let by_hand = |more: &[&str]| {
        let run = host.json(&[&["playbook", "run", "script", "--alert", "2"], more].concat());
        host.ended(run["run"].as_u64().unwrap())
    };
    assert_eq!(workshop.lab.effects(), ["pages page"]);
    let run = by_hand(&["--safe"]);
    assert_eq!((end(&run).0, &run["run"]["mode"]), ("succeeded", &json!("safe")));
    assert_eq!(entries(&run, "action-ended")[1]["planned"]["requests"][0]["method"], "POST");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
    by_hand(&[]);
    assert_eq!(workshop.lab.effects(), ["pages page", "pages page"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_under_way_sends_nothing_more_once_safe_mode_is_on() {
    let workshop = Workshop::start().await;
    workshop.fault("/pages", 1, FaultKind::Slow { ms: 2_000 });
    let run =
        workshop.run(&Script::new().act_and_wait(Kind::Page, "page").act_and_wait(Kind::Ticket, "ticket"));
    workshop.until_faults_struck();
    safe_mode(&workshop, "on");
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let [page, ticket] = &entries(&ended, "action-ended")[..] else { panic!("{ended:#}") };
    assert_eq!(page["report"]["message"], "The page is sent.");
    assert_eq!(ticket["planned"]["requests"][0]["method"], "POST");
    assert_eq!(workshop.lab.effects(), ["pages page"]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_consent_is_planned_if_safe_mode_is_on_by_then() {
    let workshop = Workshop::start().await;
    workshop.host.set_policy(None);
    let run = workshop.run(&Script::new().act_and_wait(Kind::Switch, "switch"));
    workshop.host.until(run, "waiting");
    safe_mode(&workshop, "on");
    workshop.host.text(&["approve", &run.to_string()]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "action-ended")["planned"]["requests"][0]["method"], "PUT");
    assert_eq!(workshop.lab.effects(), [""; 0]);
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_before_is_in_doubt_when_it_may_not_be_sent_again() {
    // Sending it again would tell how it ended; safe mode, or the policy, is against that.
    for (forbid, why) in [(true, "may not be sent again"), (false, "must wait until safe mode is off")] {
        let mut workshop = Workshop::start().await;
        workshop.fault("/switches", 1, FaultKind::HangAfterEffect);
        let run = workshop.run(&Script::new().act_and_wait(Kind::Switch, "switch"));
        workshop.until_faults_struck();
        match forbid {
            true => workshop.host.set_policy(Some("[default]\ncontain = \"deny\"\n")),
            false => safe_mode(&workshop, "on"),
        }
        workshop = workshop.kill_and_restart();
        let doubt = workshop.host.until(run, "in-doubt");
        let message = entry(&doubt, "action-in-doubt")["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
        assert_eq!(workshop.asked().len(), 1);
        // Whatever a person says, nothing is sent.
        let (decision, ended) = if forbid { ("not-done", "failed") } else { ("done", "succeeded") };
        workshop.host.text(&["run", "decide", &run.to_string(), "1", decision, "--note", "I looked"]);
        let run = workshop.host.ended(run);
        assert_eq!(end(&run).0, ended, "{run:#}");
        assert_eq!(workshop.asked().len(), 1, "{:?}", workshop.asked());
        replays(&workshop.host, run["run"]["id"].as_u64().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_shows_what_would_be_sent_and_changes_nothing() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    host.set_policy(Some(
        "[default]\ncontain = \"deny\"\n[[rule]]\nname = \"jobs\"\naction = [\"run job\"]\n\
        then = \"approve\"\nrole = \"tier2\"\n",
    ));
    host.text(&["list", "create", OFFENDERS]);
    let offender = |value: &str| Operation::List {
        list: OFFENDERS.to_owned(),
        value: value.to_owned(),
        note: "again".to_owned(),
    };
    // The run that the alert itself starts waits before it does anything.
    let script = Script::new()
        .ask("tier2", "Shall we?", AN_HOUR)
        .wait(1)
        .act_and_wait(Kind::Switch, "switch")
        .act_and_wait(Kind::Job, "job")
        .act_and_wait(Kind::Ticket, "ticket")
        .then(Operation::Note { text: "done".to_owned() })
        .then(Operation::Severity { severity: Severity::High })
        .then(offender("10.0.0.1"))
        .then(Operation::Escalate { to: Some("tier3".to_owned()), summary: "look at this".to_owned() })
        .sleep(AN_HOUR)
        .child(Script::new().act_and_wait(Kind::Page, "child"))
        .wait(5);
    let run = workshop.run(&script);
    host.until(run, "waiting");
    let before = (host.get("/alerts/1")["alert"].clone(), host.get("/tasks"));

    let plan = host.text(&["playbook", "plan", "script", "--alert", "1", "--answer", "yes"]);
    let url = format!("https://{}", story::ACTUATOR_HOST);
    for words in [
        "+ actuator/turn on switch @actuator",
        "it would be refused (default.contain)",
        "tag: switch",
        &format!("sends   PUT {url}/switches/switch"),
        "{\"tag\":\"switch\"",
        "+ actuator/run job @actuator",
        "tier2 would be asked first (rule \"jobs\")",
        &format!("sends   POST {url}/jobs"),
        &format!("sends   POST {url}/tickets"),
        "? asks tier2: Shall we?",
        "answer  yes",
        "~ severity is high",
        "~ put on the list offenders: 10.0.0.1",
        "~ escalated to tier3: look at this",
        "+ actuator/send page @actuator",
        &format!("sends   POST {url}/pages"),
        "4 actions would be sent; nothing was",
        "came to its end",
    ] {
        assert!(plan.contains(words), "{words:?} is not in\n{plan}");
    }
    let planned = host.json(&["playbook", "plan", "script", "--alert", "1", "--answer", "yes"]);
    assert_eq!(planned["run"]["mode"], "plan");
    assert_eq!(entry(&planned, "prompt-answered")["answer"], "yes");
    assert_eq!(entry(&planned, "prompt-answered")["by"], Value::Null);
    let unanswered = host.json(&["playbook", "plan", "script", "--alert", "1"]);
    assert_eq!(entry(&unanswered, "prompt-answered")["answer"], "no", "it has its default");
    let child = host.get(&format!("/runs/{}", planned["children"][0]["id"]));
    assert_eq!((&child["run"]["mode"], child["run"]["message"].as_str().is_some()), (&json!("plan"), true));
    only_planned(&workshop, &child, 1);
    only_planned(&workshop, &planned, 3);

    assert_eq!((host.get("/alerts/1")["alert"].clone(), host.get("/tasks")), before);
    assert_eq!(host.json(&["list", "show", OFFENDERS])["entries"], json!([]));
    assert_eq!(workshop.asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_a_real_playbook_has_the_ticket_and_no_secret() {
    let site = Site::start().await;
    let host = &site.host;
    host.text(&["safe-mode", "on"]);
    let receipt = host.splunk(&Site::webhook("planned"));
    let alert = receipt["alert"].as_u64().unwrap();
    host.concluded(alert);
    let name = "suspicious-outbound-connections";
    let plan = ["playbook", "plan", name, "--alert", &alert.to_string()];
    let (screen, json) = (host.text(&plan), host.json(&plan));
    for words in [
        "+ servicenow/create ticket @servicenow",
        &format!("sends   POST https://{}/api/now/table/incident", story::SERVICENOW_HOST),
        "short_description",
        story::SOURCE_HOST,
    ] {
        assert!(screen.contains(words), "{words:?} is not in\n{screen}");
    }
    for secret in [story::SERVICENOW_PASSWORD, story::SHODAN_KEY, story::WINDOWS_PASSWORD] {
        assert!(!screen.contains(secret) && !json.to_string().contains(secret), "{secret} is told");
    }
    // The look-ups are real.
    let ledger = |system| site.lab.ledger().of(system).unwrap();
    assert!(!ledger(System::Shodan).is_empty());
    let written = ledger(System::ServiceNow).into_iter().filter(|entry| entry.method != "GET").count();
    assert_eq!(written, 0, "{:?}", ledger(System::ServiceNow));
}
