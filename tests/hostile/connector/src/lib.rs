//! A connector that tries everything a connector must not get away with.
//!
//! It is written against the bare contract, because the SDK would not let it misbehave like this. The name of an action
//! says what it does; `request` and `read` send whatever their parameters say, so that tests of the way out need no
//! action of their own. What `describe` does is chosen by [`variant`].
#![cfg(target_arch = "wasm32")]

mod careless;
mod descriptor;
mod keeping;
mod misdeeds;
mod request;
mod streams;
mod variant;

use palisade_sdk::{
    Failure, Status,
    bindings::connector::{self as world, palisade::plugin::types::Report},
};
use serde_json::{Value, json};

struct Hostile;

impl world::Guest for Hostile {
    fn describe() -> world::Descriptor {
        palisade_sdk::hand_panics_to_log();
        descriptor::describe()
    }

    fn invoke(call: world::Invocation) -> Result<world::Outcome, Failure> {
        palisade_sdk::hand_panics_to_log();
        let parameters = parse(&call.parameters)?;
        let configuration = parse(&call.configuration)?;
        let secret = configuration["token"].as_str().unwrap_or_default();
        match call.action.as_str() {
            "behave" => done("fine"),
            "loop" => misdeeds::compute_without_end(),
            "call the host without end" => misdeeds::call_the_host_without_end(),
            "eat memory" => misdeeds::eat_memory(),
            "recurse" => done(&misdeeds::recurse().to_string()),
            "recurse with locals" => done(&misdeeds::recurse_with_locals(1).to_string()),
            "panic" => panic!("there is no cheese left"),
            "sleep" => misdeeds::sleep(&configuration),
            "return too much" => answer("{}", misdeeds::json_of(100 << 20)),
            "report at length" => answer("{}", misdeeds::json_of(5 << 20)),
            "fail at length" => Err(Failure::Unavailable(format!("\u{1b}[2J{}", "x".repeat(1 << 20)))),
            "break its own schema" => answer("{}", r#"{"text": 7}"#),
            "summarize in a list" => answer("[]", r#"{"text": ""}"#),
            "answer in XML" => answer("{}", "<text/>"),
            "return a huge token" => Ok(world::Outcome::Pending(world::Pending {
                after_ms: 100,
                token: "x".repeat(1 << 20),
                message: String::new(),
            })),
            "flood the log" => misdeeds::flood_the_log(),
            "open streams" => streams::open_many(&configuration),
            "keep" => keeping::keep(&parameters),
            "recall" => keeping::recall(&parameters),
            "keep without end" => keeping::keep_without_end(&parameters),
            "read file" => keeping::read(&parameters),
            "read files without end" => keeping::read_without_end(),
            "comply" => careless::comply(&call, &parameters, &configuration),
            "linger" => careless::linger(&call, &parameters, &configuration),
            "take time" => careless::take_time(&call, &parameters, &configuration),
            "look up" => careless::look_up(&parameters, &configuration),
            "count" => careless::count(&parameters),
            "converse" => careless::converse(&parameters, &configuration),
            "tell the placeholder" => misdeeds::tell(secret),
            "request" | "read" | "verify as told" | "panic in verify" | "change in verify"
            | "lie in verify" => request::send(&parameters, secret).and_then(|answer| done(&answer)),
            other => Err(Failure::invalid(format!("no action `{other}`"))),
        }
    }

    fn verify(call: world::Invocation) -> Result<world::Verdict, Failure> {
        palisade_sdk::hand_panics_to_log();
        let parameters = parse(&call.parameters)?;
        let configuration = parse(&call.configuration)?;
        let secret = configuration["token"].as_str().unwrap_or_default();
        match call.action.as_str() {
            "verify as told" => Ok(match parameters["verdict"].as_str() {
                Some("happened") => world::Verdict::Happened(report("{}", r#"{"text": "found"}"#)),
                Some("did not happen") => world::Verdict::DidNotHappen,
                _ => world::Verdict::Unknown("the system keeps no record".to_owned()),
            }),
            "panic in verify" => panic!("nobody wrote it down"),
            "change in verify" => request::send(&parameters, secret).map(world::Verdict::Unknown),
            "comply" => careless::verify(&parameters, &configuration),
            "lie in verify" => Ok(world::Verdict::Happened(report("{}", r#"{"text": 7}"#))),
            other => Ok(world::Verdict::Unknown(format!("`{other}` has no way to find out"))),
        }
    }
}

world::export!(Hostile with_types_in world);

fn parse(json: &str) -> Result<Value, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::invalid(error.to_string()))
}

fn done(text: &str) -> Result<world::Outcome, Failure> {
    answer("{}", json!({ "text": text }).to_string())
}

fn answer(summary: &str, data: impl Into<String>) -> Result<world::Outcome, Failure> {
    Ok(world::Outcome::Done(report(summary, data)))
}

fn report(summary: &str, data: impl Into<String>) -> Report {
    Report {
        status: Status::Success,
        message: "It is done.".to_owned(),
        summary: summary.to_owned(),
        data: data.into(),
    }
}
