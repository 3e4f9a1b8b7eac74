//! The screen, as it is to look.

use palisade_model::run::{Run, RunStatus};
use serde_json::{Value, json};

use super::*;

/// A run that began at midnight, with these entries: second, event.
fn view(run: &Value, entries: Vec<(f64, Value)>) -> RunAndAlert {
    let mut whole = json!({
        "id": 17, "alert": 42, "playbook": "triage", "digest": "ab".repeat(32), "status": "running", "epoch": 1,
        "started": "2026-01-01T00:00:00Z", "entries": entries.len(),
    });
    whole.as_object_mut().unwrap().extend(run.as_object().unwrap().clone());
    let entries = entries.into_iter().enumerate().map(|(place, (second, mut event))| {
        event["seq"] = json!(place + 1);
        event["at"] = json!(at(second));
        event
    });
    serde_json::from_value(json!({
        "run": whole, "children": [], "tasks": [], "entries": entries.collect::<Vec<_>>(),
        "alert": { "id": 42, "name": "Beacon \u{1b}[2J", "severity": "high", "label": "outbound" },
    }))
    .unwrap()
}

fn at(second: f64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_000 + (second * 1_000.0) as i64).unwrap()
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// What stands behind the header, from the empty line on.
fn below_header(text: &str) -> &str {
    &text[text.find("\n\n").unwrap() + 1..]
}

fn action(position: u32, connector: &str, action: &str, asset: Option<&str>) -> Value {
    let mut event = json!({
        "event": "action-started", "position": position, "connector": connector, "action": action,
        "effect": "contain", "retry": "unsafe", "limits": { "attempts": 3, "seconds": 900 }, "parameters": {},
    });
    if let Some(asset) = asset {
        event["asset"] = json!(asset);
    }
    event
}

fn ended(position: u32, attempts: u32, took_us: u64, result: (&str, Value)) -> Value {
    let mut event = json!({
        "event": "action-ended", "position": position, "attempts": attempts, "took_us": took_us, "upstream_us": 900_000,
    });
    event[result.0] = result.1;
    event
}

fn report(message: &str) -> (&'static str, Value) {
    ("report", json!({ "status": "success", "message": message, "summary": {}, "data": {} }))
}

fn incident() -> RunAndAlert {
    let run = json!({
        "status": "failed", "finished": at(7_383.0), "message": "no ticket could be written",
        "parent": { "run": 12, "position": 3, "depth": 0 },
    });
    let mut view = view(
        &run,
        vec![
            (0.0, action(1, "whois", "query domain", Some("whois-public"))),
            (0.0, json!({ "event": "asked-time", "ms": 1_767_225_600_000_u64 })),
            (
                0.2,
                json!({ "event": "action-retried", "position": 1, "attempt": 1, "next": at(1.4),
            "failure": { "failure": "unavailable", "message": "connection refused" } }),
            ),
            (0.3, action(2, "firewall", "block ip", Some("edge"))),
            (0.3, json!({ "event": "action-sent", "position": 2, "attempt": 1 })),
            (2.0, ended(1, 2, 2_000_000, report("Registered yesterday."))),
            (
                2.1,
                json!({ "event": "action-pending", "position": 2, "token": "t", "message": "job 7 is at 10 %",
            "next": at(3.0) }),
            ),
            (
                3.1,
                json!({ "event": "action-pending", "position": 2, "token": "t", "message": "job 7 is at 10 %",
            "next": at(5.0) }),
            ),
            (5.0, json!({ "event": "action-in-doubt", "position": 2, "message": "the connection broke" })),
            (
                65.0,
                json!({ "event": "action-decided", "position": 2, "decision": "done", "by": "anna",
            "note": "I saw the rule" }),
            ),
            (65.0, ended(2, 1, 64_700_000, report("Blocked."))),
            (65.1, json!({ "event": "waited", "steps": [1, 2], "ended": 2 })),
            (
                66.0,
                json!({ "event": "prompt-asked", "position": 3, "to": "soc-lead", "question": "Isolate it?",
            "answer": { "kind": "choice", "choices": ["yes", "no"] }, "deadline": at(14_400.0), "default": "no" }),
            ),
            (66.5, json!({ "event": "alert-changed", "change": "severity", "value": "critical" })),
            (70.0, json!({ "event": "paused", "by": "anna", "note": "lunch" })),
            (3_670.0, json!({ "event": "resumed", "by": "anna" })),
            (
                7_380.0,
                json!({ "event": "prompt-answered", "position": 3, "answer": "yes", "by": { "by": "bob" } }),
            ),
            (7_381.0, json!({ "event": "child-started", "position": 4, "playbook": "isolate", "run": 18 })),
            (
                7_382.0,
                json!({ "event": "child-ended", "position": 4, "status": "succeeded", "message": "isolated" }),
            ),
            (7_382.0, action(5, "servicenow", "create ticket", None)),
            (7_382.5, ended(5, 1, 900, ("failure", json!({ "failure": "denied", "message": "no asset" })))),
            (7_382.6, json!({ "event": "log", "level": "warn", "message": "odd" })),
            (
                7_383.0,
                json!({ "event": "concluded", "status": "failed", "message": "no ticket could be written" }),
            ),
        ],
    );
    let child = |id: u64, playbook: &str, status| {
        let playbook = playbook.to_owned().try_into().unwrap();
        Run { id, playbook, status, parent: None, ..view.run.clone() }
    };
    view.children = vec![child(19, "notify", RunStatus::Waiting), child(18, "isolate", RunStatus::Succeeded)];
    view
}

#[test]
fn an_incident_is_understood_from_top_to_bottom() {
    assert_eq!(
        plain(&screen(&incident(), Detail::Steps, at(7_500.0))),
        "\
Run 17  ✘ failed in 2 h 3 min
  Playbook  triage  abababababab
  Alert     42  Beacon ␛[2J  high, outbound
  Started   2026-01-01 00:00:00 UTC (2 h ago)
  Runs      run 12, step 3
            └ run 17
              ├ run 18  isolate  ✔ succeeded
              └ run 19  notify  ◌ waiting

       0.0 ms  ✔  1  whois/query domain @whois-public  2.00 s (900 ms upstream, 2 of 3 attempts within 15m)
       200 ms          attempt 2 of 3 in 1.20 s: unavailable: connection refused
       2.00 s          Registered yesterday.
       300 ms  ✔  2  firewall/block ip @edge  1 min 4 s (900 ms upstream)
       2.10 s          pending: job 7 is at 10 %
       5.00 s          in doubt: the connection broke
      0:01:05          anna says that it took effect: I saw the rule
      0:01:05          Blocked.
      0:01:06  ✔  3  asks soc-lead
                       Isolate it?
                       yes or no; without an answer by 2026-01-01 04:00:00 UTC: no
      2:03:00          bob answers yes
      0:01:06  ·     severity is critical
      0:01:10  ‖     anna paused the run: lunch
      1:01:10  ▸     anna let the run go on
      2:03:01  ✔  4  playbook isolate run 18
      2:03:02          succeeded: isolated
      2:03:02  ✘  5  servicenow/create ticket no asset  0.9 ms (900 ms upstream)
      2:03:02          denied: no asset

✘ failed: no ticket could be written
  next: `palisade run retry 17` goes on from the action that failed last
"
    );
}

#[test]
fn those_who_ask_see_every_call() {
    let steps = plain(&screen(&incident(), Detail::Steps, at(7_500.0)));
    let everything = plain(&screen(&incident(), Detail::Everything, at(7_500.0)));
    for call in [
        "·     asked for the time: 2026-01-01 00:00:00 UTC",
        "attempt 1 is sent",
        "·     waited for one of the steps 1, 2: step 2 had ended",
        "·     warn playbook: odd",
    ] {
        assert!(everything.contains(call), "{call:?} is not in\n{everything}");
        assert!(!steps.contains(call), "{call:?} is in\n{steps}");
    }
    assert_eq!(everything.matches("job 7").count(), 2);
}

#[test]
fn what_waits_for_a_person_says_what_to_type() {
    let mut view = view(
        &json!({ "status": "in-doubt", "attention": 2 }),
        vec![
            (1.0, action(1, "firewall", "block ip", Some("edge"))),
            (2.0, json!({ "event": "action-in-doubt", "position": 1, "message": "the connection broke" })),
            (
                3.0,
                json!({ "event": "prompt-asked", "position": 2, "question": "How many?",
            "answer": { "kind": "number", "least": 1, "most": 5 }, "deadline": at(3_600.0), "default": 1 }),
            ),
        ],
    );
    let task = |position: u32, to_do: Value| {
        let mut task =
            json!({ "run": 17, "position": position, "playbook": "triage", "alert": 42, "since": at(2.0) });
        task.as_object_mut().unwrap().extend(to_do.as_object().unwrap().clone());
        serde_json::from_value(task).unwrap()
    };
    view.tasks = vec![
        task(1, json!({ "to_do": "decide", "message": "the connection broke" })),
        task(
            2,
            json!({ "to_do": "answer", "question": "How many?",
            "answer": { "kind": "number", "least": 1, "most": 5 }, "deadline": at(3_600.0), "default": 1 }),
        ),
    ];
    let text = plain(&screen(&view, Detail::Steps, at(60.0)));
    assert_eq!(
        below_header(&text),
        "
       1.00 s  ?  1  firewall/block ip @edge  in doubt
       2.00 s          in doubt: the connection broke
                       next: `palisade run decide 17 1 DECISION --note WHY`  (done, not-done or give-up)
       3.00 s  ◌  2  asks whoever looks first  waits for an answer
                       How many?
                       a whole number from 1 to 5; without an answer by 2026-01-01 01:00:00 UTC: 1
                       next: `palisade answer 17.2 ANSWER`

? in doubt: a person must say what happened
"
    );
    let answered = json!({ "seq": 4, "at": at(9.0), "event": "prompt-answered", "position": 2, "answer": 1 });
    view.entries.push(serde_json::from_value(answered).unwrap());
    let mut ticker = Ticker::new(Detail::Steps);
    let told: String = view.entries.drain(..).map(|entry| ticker.tell(&view.run, entry)).collect();
    assert_eq!(
        format!("\n{}", plain(&told)),
        "
       1.00 s  ▸  1  firewall/block ip @edge  at work
       2.00 s  ?  1  in doubt: the connection broke
                       next: `palisade run decide 17 1 DECISION --note WHY`  (done, not-done or give-up)
       3.00 s  ◌  2  asks whoever looks first  waits for an answer
                       How many?
                       a whole number from 1 to 5; without an answer by 2026-01-01 01:00:00 UTC: 1
                       next: `palisade answer 17.2 ANSWER`
       9.00 s  ✔  2  asks whoever looks first
                       nobody answered in time: 1 stands
"
    );
}

#[test]
fn a_divergence_shows_both_calls_under_each_other() {
    let view = view(
        &json!({ "status": "nondeterministic", "attention": 1 }),
        vec![(
            1.0,
            json!({ "event": "diverged", "at_entry": 4, "expected": "start whois/query domain", "actual": "ask the time" }),
        )],
    );
    let text = plain(&screen(&view, Detail::Steps, at(60.0)));
    assert_eq!(
        below_header(&text),
        "
       1.00 s  ≠     the playbook asked for something else than entry 4 of its journal
                       journal   start whois/query domain
                       playbook  ask the time

≠ nondeterministic: `palisade run resume 17` tries again, `palisade run cancel 17` ends it
"
    );
}

#[test]
fn a_run_that_went_on_tells_how_it_ended_before() {
    let failure = ("failure", json!({ "failure": "authentication", "message": "who are you?" }));
    let run = json!({ "status": "cancelled", "message": "anna ended it" });
    let mut view = view(
        &run,
        vec![
            (1.0, action(1, "firewall", "block ip", Some("edge"))),
            (1.5, ended(1, 1, 500_000, failure)),
            (
                1.5,
                json!({ "event": "prompt-asked", "position": 2, "question": "What now?",
                "answer": { "kind": "text" }, "deadline": at(3_600.0), "default": "I do not know" }),
            ),
            (2.0, json!({ "event": "concluded", "status": "failed", "message": "no" })),
            (3.0, json!({ "event": "retried", "position": 1, "by": "anna", "note": "it knows us now" })),
            (3.5, ended(1, 2, 2_500_000, report("Blocked."))),
            (4.0, json!({ "event": "cancel-asked", "by": "anna" })),
            (5.0, json!({ "event": "concluded", "status": "cancelled", "message": "anna ended it" })),
        ],
    );
    let text = plain(&screen(&view, Detail::Steps, at(60.0)));
    assert_eq!(
        below_header(&text),
        "
       1.00 s  ✔  1  firewall/block ip @edge  2.50 s (900 ms upstream, 2 of 3 attempts within 15m)
       1.50 s          authentication refused: who are you?
       3.50 s          Blocked.
       1.50 s  ·  2  asks whoever looks first  never ended
                       What now?
                       any text; without an answer by 2026-01-01 01:00:00 UTC: I do not know
       2.00 s  ✘     failed: no
       3.00 s  ▸     anna had the run go on from step 1: it knows us now
       4.00 s  ■     anna asked that the run end

■ cancelled: anna ended it
"
    );
    let mut ticker = Ticker::new(Detail::Steps);
    let later = view.entries.split_off(5);
    ticker.skip(&view.run, view.entries);
    let told: String = later.into_iter().map(|entry| ticker.tell(&view.run, entry)).collect();
    assert_eq!(
        plain(&told),
        "       3.50 s  ✔  1  firewall/block ip @edge  2.50 s (900 ms upstream, 2 of 3 attempts within 15m)
                       Blocked.
       4.00 s  ■     anna asked that the run end
"
    );
}
