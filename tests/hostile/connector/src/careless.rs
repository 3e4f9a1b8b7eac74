//! Work that is done as it should be, but for one thing: the parameter `but` is the name of the check of `palisade plugin
//! test` that it does not hold to.

use std::hint::black_box;

use palisade_sdk::{
    Failure, RateLimit, Status,
    bindings::connector::{
        self as world, Invocation, Outcome,
        palisade::plugin::{http, log, random, state, tcp, types::Report},
    },
    http::Response,
};
use serde_json::{Value, json};

use super::request::failure;

/// Bytes that are no more than an instance may have, and too many to be far from it.
const CLOSE: usize = 100 << 20;

type Answer = Result<http::Response, http::Error>;

/// One request that changes something, with the key of the call.
pub(crate) fn comply(
    call: &Invocation,
    parameters: &Value,
    configuration: &Value,
) -> Result<Outcome, Failure> {
    let but = but(parameters);
    match but {
        "reach" => drop(send("GET", "https://undeclared.example/", &json!({}), &[])),
        "memory" => drop(black_box(vec![0_u8; CLOSE])),
        "secrets" => log::write(log::Level::Info, &format!("it knocks with {}", configuration["token"])),
        "state" if state::get("session").is_some() => {
            return Err(Failure::upstream("the session is over"));
        }
        "state" => drop(state::put("session", "7", 60_000, false)),
        _ => {}
    }
    let path = if but == "cassettes" { "something else" } else { "work" };
    let salt = [("x-salt".to_owned(), format!("{:?}", random::bytes(4)))];
    let salt = if but == "same key" { &salt[..] } else { &[] };
    let ask = || send("POST", &at(configuration, path), &json!({ "key": call.idempotency_key }), salt);
    let mut answer = ask();
    if but == "time limit" {
        // Two waits of half a minute are all that it has time for.
        for _ in 0..2 {
            if let Err(http::Error::Timeout(_)) = answer {
                answer = ask();
            }
        }
    }
    match (but, &*situation(&answer)) {
        ("sound", "garbage") => panic!("this cannot happen"),
        ("status 429, seconds", "status 429, seconds") => Err(limited(None)),
        ("status 429, date", "status 429, date") => Err(limited(Some(1))),
        (but, situation) if but == situation && !but.is_empty() => super::done("whatever it was"),
        _ => {
            let found: Value = understood(answer)?.json()?;
            let message = if but == "sentences" { "Some(7)" } else { "It is done." };
            Ok(done(message, &json!({ "text": found["text"].as_str().unwrap_or_default() })))
        }
    }
}

/// The same, and until the host ends it if the system does not answer.
pub(crate) fn linger(
    call: &Invocation,
    parameters: &Value,
    configuration: &Value,
) -> Result<Outcome, Failure> {
    let answer = send("POST", &at(configuration, "work"), &json!({ "key": call.idempotency_key }), &[]);
    if but(parameters) == "time limit" && situation(&answer) == "timeout" {
        super::misdeeds::compute_without_end();
    }
    let found: Value = understood(answer)?.json()?;
    super::done(found["text"].as_str().unwrap_or_default())
}

/// Looks whether `comply` took effect.
pub(crate) fn verify(parameters: &Value, configuration: &Value) -> Result<world::Verdict, Failure> {
    if but(parameters) == "verify" {
        understood(send("POST", &at(configuration, "work"), &json!({}), &[]))?;
    }
    Ok(world::Verdict::Unknown("The system keeps no record.".to_owned()))
}

/// A job of the system.
pub(crate) fn take_time(
    call: &Invocation,
    parameters: &Value,
    configuration: &Value,
) -> Result<Outcome, Failure> {
    let but = but(parameters);
    let Some(token) = &call.resume else {
        let body = json!({ "key": call.idempotency_key });
        let begun: Value = understood(send("POST", &at(configuration, "jobs"), &body, &[]))?.json()?;
        let id = begun["id"].as_str().ok_or_else(|| Failure::upstream("the answer has no job"))?;
        let mut token = id.to_owned();
        if but == "pending" {
            state::put("job", id, 60_000, false).ok();
            token = "the one from before".to_owned();
        }
        return Ok(Outcome::Pending(world::Pending {
            after_ms: 100,
            token,
            message: format!("Job {id} is under way."),
        }));
    };
    let job = if but == "pending" {
        state::get("job").ok_or_else(|| Failure::not_found("there is no job"))?
    } else {
        token.clone()
    };
    if call.cancelled {
        assert!(but != "cancelled", "nobody ever cancels");
        understood(send("POST", &at(configuration, &format!("jobs/{job}/end")), &json!({}), &[]))?;
        return super::done("ended");
    }
    let found: Value = understood(get(&at(configuration, &format!("jobs/{job}"))))?.json()?;
    super::done(found["text"].as_str().unwrap_or_default())
}

/// One request that reads.
pub(crate) fn look_up(parameters: &Value, configuration: &Value) -> Result<Outcome, Failure> {
    if but(parameters) == "read-only" {
        send("POST", &at(configuration, "look-ups"), &json!({}), &[]).ok();
    }
    let answer = get(&at(configuration, "item"));
    if but(parameters) == "output" && situation(&answer) == "status 404" {
        return Ok(done("Nothing is known of it.", &json!({})));
    }
    let found: Value = understood(answer)?.json()?;
    super::done(found["text"].as_str().unwrap_or_default())
}

/// Takes everything that its schema allows, but not everything in it.
pub(crate) fn count(parameters: &Value) -> Result<Outcome, Failure> {
    let items = parameters["items"].as_array().map_or(0, Vec::len);
    assert!(items == 0, "nobody ever has {items} of them");
    super::done("none")
}

/// A stream of one line each way.
pub(crate) fn converse(parameters: &Value, configuration: &Value) -> Result<Outcome, Failure> {
    /// Bytes of a line.
    const LINE: usize = 1_024;
    let but = but(parameters);
    let host = configuration["host"].as_str().ok_or_else(|| Failure::invalid("the asset has no host"))?;
    let stream = match tcp::connect(host, 7) {
        Err(tcp::Error::Unreachable(_)) if but == "unreachable" => return super::done("nobody is there"),
        stream => stream.map_err(broken)?,
    };
    stream.write(b"hello\r\n").map_err(broken)?;
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let bytes = match stream.read(64) {
            Err(tcp::Error::Unreachable(_)) if but == "reset" => return super::done("it has hung up"),
            bytes => bytes.map_err(broken)?,
        };
        if bytes.is_empty() {
            return Err(Failure::Unavailable("the connection ended before the answer".to_owned()));
        }
        line.extend(bytes);
        if line.len() > LINE {
            return Err(Failure::upstream("the answer has no end"));
        }
    }
    if line.starts_with(b"welcome") {
        super::done("welcome")
    } else {
        Err(Failure::upstream("the answer is no welcome"))
    }
}

fn but(parameters: &Value) -> &str {
    parameters["but"].as_str().unwrap_or_default()
}

fn at(configuration: &Value, path: &str) -> String {
    let url = configuration["url"].as_str().unwrap_or_default();
    format!("{}/{}", url.trim_end_matches('/'), path.replace(' ', "-"))
}

fn get(url: &str) -> Answer {
    http::send(&request("GET", url, Vec::new(), &[]))
}

fn send(method: &str, url: &str, body: &Value, headers: &[(String, String)]) -> Answer {
    http::send(&request(method, url, body.to_string().into_bytes(), headers))
}

fn request(method: &str, url: &str, body: Vec<u8>, headers: &[(String, String)]) -> http::Request {
    http::Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.to_vec(),
        authorization: None,
        body,
        timeout_ms: None,
    }
}

/// The name of the check that is about such an answer; empty if it is a good one.
fn situation(answer: &Answer) -> String {
    let response = match answer {
        Ok(response) => response,
        Err(http::Error::TooLarge(_)) => return "huge".to_owned(),
        Err(http::Error::Timeout(_)) => return "timeout".to_owned(),
        Err(_) => return "no answer".to_owned(),
    };
    let after = response.headers.iter().find(|(name, _)| name == "retry-after").map(|(_, value)| value);
    match (response.status, serde_json::from_slice::<Value>(&response.body)) {
        (429, _) => {
            let is_number = after.is_some_and(|after| after.parse::<u64>().is_ok());
            format!("status 429, {}", if is_number { "seconds" } else { "date" })
        }
        (status @ 300.., _) => format!("status {status}"),
        (_, Ok(_)) => String::new(),
        (_, Err(_)) if response.body.starts_with(b"<") => "page".to_owned(),
        (_, Err(error)) if error.is_eof() => "truncated".to_owned(),
        (_, Err(_)) => "garbage".to_owned(),
    }
}

fn understood(answer: Answer) -> Result<Response, Failure> {
    Response::from(answer.map_err(failure)?).ok()
}

fn limited(retry_after_ms: Option<u64>) -> Failure {
    Failure::RateLimited(RateLimit { retry_after_ms, message: "It was asked too often.".to_owned() })
}

fn broken(error: tcp::Error) -> Failure {
    match error {
        tcp::Error::Denied(message) => Failure::Denied(message),
        tcp::Error::Unreachable(message) | tcp::Error::Tls(message) | tcp::Error::Timeout(message) => {
            Failure::Unavailable(message)
        }
    }
}

fn done(message: &str, data: &Value) -> Outcome {
    Outcome::Done(Report {
        status: Status::Success,
        message: message.to_owned(),
        summary: "{}".to_owned(),
        data: data.to_string(),
    })
}
