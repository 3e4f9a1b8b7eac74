//! Runs, and what waits in them for a person.

use palisade_model::{
    alert::Escalation,
    approval::{Approval, AtDeadline},
    journal::Divergence,
    prompt::{Answers, ESCALATION, Prompt, Task, ToDo},
    run::{Mode, Parent, Position, Run, RunStatus},
};
use palisade_store::contract::samples::{at, digest, name};
use serde_json::json;

use crate::{assert_every, check};

/// A run that has only begun.
pub(crate) fn run() -> Run {
    Run {
        id: 17,
        alert: 7,
        playbook: name("c2-contain"),
        digest: digest(0xab),
        parent: None,
        mode: Mode::Live,
        undoes: None,
        status: RunStatus::Running,
        due: None,
        attention: 0,
        started: "2026-01-02T03:04:05.678901234Z".parse().unwrap(),
        finished: None,
        message: String::new(),
        entries: 1,
        epoch: 1,
        imported: false,
    }
}

#[test]
fn runs() {
    let waiting = Run {
        parent: Some(Parent { run: 12, position: 4, depth: 1 }),
        status: RunStatus::Waiting,
        due: Some(at(1_767_330_000)),
        attention: 2,
        entries: 40,
        epoch: 3,
        ..run()
    };
    let ended = RunStatus::ALL.map(|status| Run {
        status,
        finished: status.is_final().then(|| at(1_767_330_000)),
        message: "Blocked at the firewall.".to_owned(),
        imported: status.is_final(),
        ..run()
    });
    let all: Vec<_> = [run(), waiting].into_iter().chain(ended).collect();
    assert_every!(
        RunStatus { Running, Waiting, Paused, InDoubt, Nondeterministic, Succeeded, Failed, Cancelled },
        all.iter().map(|run| run.status)
    );
    check("runs.json", &all);
}

#[test]
fn runs_of_each_mode() {
    let modes = [Mode::Live, Mode::Safe, Mode::Plan];
    assert_every!(Mode { Live, Safe, Plan }, modes);
    let undoes = Run { undoes: Some(16), ..run() };
    check(
        "runs-2.json",
        &modes.into_iter().map(|mode| Run { mode, ..run() }).chain([undoes]).collect::<Vec<_>>(),
    );
}

/// A question for each kind of answer.
pub(crate) fn prompts() -> Vec<Prompt> {
    let choices = vec!["isolate".to_owned(), "leave".to_owned()];
    let answers = [
        (Answers::Choice { choices }, json!("leave")),
        (Answers::Text, json!("")),
        (Answers::Number { least: -1, most: 24 }, json!(8)),
    ];
    let to = [None, Some("Ada".to_owned()), Some("tier 2".to_owned())];
    answers
        .into_iter()
        .zip(to)
        .map(|((answer, default), to)| Prompt {
            to,
            question: "What about host \"db-1\"?".to_owned(),
            answer,
            deadline: at(1_767_330_000),
            default,
        })
        .collect()
}

#[test]
fn tasks() {
    let prompts = prompts();
    assert_every!(Answers { Choice, Text, Number }, prompts.iter().map(|prompt| &prompt.answer));
    let divergence = Divergence { at_entry: 9, expected: "random 8".to_owned(), actual: "log".to_owned() };
    let message = "The connection broke after the request had left.".to_owned();
    let what = [ToDo::Look(divergence), ToDo::Decide { message }];
    let tasks: Vec<_> = (0..)
        .zip(what.into_iter().chain(prompts.into_iter().map(ToDo::Answer)))
        .map(|(position, what)| task(position, what))
        .collect();
    check("tasks.json", &tasks);

    let escalation = |to| ToDo::TakeOver(Escalation { to, summary: "Two hosts, one relay.".to_owned() });
    let escalations = [None, Some("tier 2".to_owned())].map(|to| task(ESCALATION, escalation(to)));
    let approvals =
        (10..).zip(approvals()).map(|(position, approval)| task(position, ToDo::Approve(approval)));
    let later: Vec<_> = approvals.chain(escalations).collect();
    assert_every!(
        ToDo { Answer, Decide, Look, Approve, TakeOver },
        tasks.iter().chain(&later).map(|task| &task.what)
    );
    check("tasks-2.json", &later);
}

fn task(position: Position, what: ToDo) -> Task {
    let (playbook, since) = (name("c2-contain"), at(1_767_323_046));
    Task { run: 17, position, playbook, alert: 7, since, what }
}

/// An action that waits for consent, with every content.
pub(crate) fn approvals() -> Vec<Approval> {
    let ends = [(None, AtDeadline::Deny), (Some("tier 2".to_owned()), AtDeadline::Allow)];
    assert_every!(AtDeadline { Deny, Allow }, ends.iter().map(|(_, end)| end));
    ends.into_iter()
        .map(|(to, at_deadline)| Approval {
            connector: "firewall".to_owned(),
            action: "block ip".to_owned(),
            asset: name("edge"),
            parameters: json!({ "ip": "203.0.113.7" }),
            undo_after_ms: to.is_some().then_some(3_600_000),
            rule: "contain needs consent".to_owned(),
            to,
            deadline: at(1_767_330_000),
            at_deadline,
        })
        .collect()
}
