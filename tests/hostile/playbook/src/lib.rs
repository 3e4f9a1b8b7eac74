//! A playbook that tries everything a playbook must not get away with.
//!
//! It is written against the bare contract. What it does is chosen by the name of the alert; what it says of itself, by
//! [`variant`].
#![cfg(target_arch = "wasm32")]

mod variant;

use std::hint::black_box;

use palisade_sdk::{
    bindings::{
        connector::palisade::plugin::types::Identity,
        playbook::{
            self as world,
            palisade::plugin::{actions, alerts, playbook_descriptor::Need, playbooks, prompts, steps},
        },
    },
    clock,
};

use crate::variant::variant;

/// Actions of the hostile connector that it may start.
const NEEDS: [&str; 4] = ["behave", "sleep", "panic", "loop"];

struct Hostile;

impl world::Guest for Hostile {
    fn describe() -> world::Descriptor {
        world::Descriptor {
            identity: Identity {
                name: "hostile-playbook".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                description: "Tries everything that it must not get away with.".to_owned(),
                publisher: "Palisade".to_owned(),
            },
            labels: labels(),
            needs: needs(),
            starts: vec!["hostile-playbook".to_owned()],
            configuration: r#"{"type":"object","properties":{}}"#.to_owned(),
            lists: Vec::new(),
            manual_minutes: 0,
        }
    }

    fn run() -> Result<String, String> {
        palisade_sdk::hand_panics_to_log();
        match alerts::get().name.as_str() {
            "behave" => told(steps::wait(start("behave"))),
            "loop" => loop {
                black_box(());
            },
            "ask for the time without end" => loop {
                clock::now_ms();
            },
            "eat memory" => {
                let mut eaten = Vec::new();
                loop {
                    eaten.push(black_box(vec![1_u8; 1 << 20]));
                }
            }
            "panic" => panic!("there is no plan left"),
            "wait for nothing" => told(steps::wait(7)),
            "wait for any of nothing" => Ok(steps::wait_any(&[]).to_string()),
            "wait for too many" => {
                let first = start("behave");
                Ok(steps::wait_any(&vec![first; 1 << 20]).to_string())
            }
            "start what it did not declare" => told(steps::wait(start("eat memory"))),
            "start what does not parse" => told(steps::wait(actions::start(&actions::Request {
                parameters: "{".to_owned(),
                ..request("behave")
            }))),
            "start a thousand" => {
                let started: Vec<_> = (0..1_000).map(|_| start("sleep")).collect();
                let good = started.iter().filter(|id| steps::wait(**id).is_ok()).count();
                Ok(format!("{good} ended well"))
            }
            "start ten thousand" => {
                for _ in 0..10_000 {
                    start("behave");
                }
                Ok("it started ten thousand".to_owned())
            }
            "start with huge parameters" => loop {
                let parameters = format!("{{\"text\": \"{}\"}}", "x".repeat(4 << 20));
                actions::start(&actions::Request { parameters, ..request("eat memory") });
            },
            "leave an action behind" => {
                start("sleep");
                Ok("it did not wait".to_owned())
            }
            "ask a thousand" => {
                let asked: Vec<_> = (0..1_000).map(|_| prompts::ask(&prompt())).collect();
                let good = asked.iter().filter(|id| steps::wait(**id).is_ok()).count();
                Ok(format!("{good} were answered"))
            }
            "ask at length" => told(steps::wait(prompts::ask(&prompts::Prompt {
                question: "x".repeat(4 << 20),
                ..prompt()
            }))),
            "ask with a default that is no answer" => told(steps::wait(prompts::ask(&prompts::Prompt {
                default: "\"maybe\"".to_owned(),
                ..prompt()
            }))),
            "ask with a default that does not parse" => {
                told(steps::wait(prompts::ask(&prompts::Prompt { default: "{".to_owned(), ..prompt() })))
            }
            "start itself" => told(steps::wait(playbooks::start("hostile-playbook"))),
            "start a playbook it did not declare" => {
                told(steps::wait(playbooks::start("suspicious-outbound-connections")))
            }
            "wait for the end of time" => Ok(format!("{:?}", steps::wait_until(&[], u64::MAX))),
            "trust that it works" => match steps::wait(start("behave")) {
                Ok(report) => Ok(report.message),
                Err(_) => panic!("it always works"),
            },
            "speak like a program" => Ok("Some(7)".to_owned()),
            "start what panics" => told(steps::wait(start("panic"))),
            "add a huge note" => {
                alerts::add_note("huge", &"x".repeat(10 << 20));
                Ok("it wrote".to_owned())
            }
            "add a huge artifact" => {
                let cef = format!("{{\"message\": \"{}\"}}", "x".repeat(10 << 20));
                alerts::add_artifact("huge", "event", &cef).map(|id| format!("it is artifact {id}"))
            }
            "change without end" => loop {
                alerts::set_owner(Some("nobody"));
            },
            other => Err(format!("no misdeed `{other}`")),
        }
    }
}

world::export!(Hostile with_types_in world);

fn needs() -> Vec<Need> {
    let need = |connector: &str, action: &str| Need {
        connector: connector.to_owned(),
        action: action.to_owned(),
        parameters: None,
        data: None,
    };
    let mut needs: Vec<_> = NEEDS.iter().map(|action| need("hostile", action)).collect();
    match variant() {
        "needs a stranger" => needs.push(need("stranger", "help")),
        "needs what nobody can" => needs.push(need("hostile", "be kind")),
        "says what passes" => {
            needs[0].parameters = Some(r#"{"type": "object", "properties": {}}"#.to_owned());
            needs[0].data = Some(
                r#"{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}"#
                    .to_owned(),
            );
        }
        "promises a text" => {
            needs[0].parameters = Some(
                r#"{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}"#
                    .to_owned(),
            );
        }
        "reads a list" => {
            needs[0].data =
                Some(r#"{"type": "object", "properties": {"text": {"type": "array"}}}"#.to_owned());
        }
        _ => {}
    }
    needs
}

fn labels() -> Vec<String> {
    let more = (variant() == "runs on more").then_some("everything");
    ["hostile"].into_iter().chain(more).map(str::to_owned).collect()
}

fn start(action: &str) -> steps::StepId {
    actions::start(&request(action))
}

fn request(action: &str) -> actions::Request {
    actions::Request {
        connector: "hostile".to_owned(),
        action: action.to_owned(),
        asset: None,
        parameters: "{}".to_owned(),
        undo_after_ms: None,
    }
}

fn prompt() -> prompts::Prompt {
    prompts::Prompt {
        to: None,
        question: "Shall we?".to_owned(),
        answer: prompts::Answer::Choice(vec!["yes".to_owned(), "no".to_owned()]),
        time_limit_ms: 100,
        default: "\"no\"".to_owned(),
    }
}

fn told(result: Result<steps::Report, steps::Failure>) -> Result<String, String> {
    result.map(|report| report.message).map_err(|failure| failure.sentence())
}
