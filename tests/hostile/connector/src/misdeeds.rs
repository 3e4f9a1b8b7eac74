//! Misdeeds of one call.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

use palisade_sdk::{
    Failure,
    bindings::connector::{
        Outcome,
        palisade::plugin::{http, log},
    },
};
use serde_json::Value;

pub(crate) fn compute_without_end() -> ! {
    loop {
        black_box(());
    }
}

pub(crate) fn call_the_host_without_end() -> ! {
    loop {
        log::write(log::Level::Debug, "again");
    }
}

pub(crate) fn eat_memory() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Every frame is on the engine's own stack alone.
pub(crate) fn recurse() -> u64 {
    static DEPTH: AtomicU64 = AtomicU64::new(0);
    let depth = DEPTH.fetch_add(1, Ordering::Relaxed);
    // An end that is never reached, and work after the return: else the compiler would make it a loop.
    if depth == u64::MAX { depth } else { recurse().rotate_left(7).wrapping_mul(depth | 3) }
}

/// Every frame has a part on the stack that Rust keeps in the instance's memory, and that one is shorter.
#[allow(unconditional_recursion, reason = "that is its purpose")]
pub(crate) fn recurse_with_locals(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    black_box(recurse_with_locals(depth + 1)) ^ frame[3]
}

/// So many bytes of good JSON, allocated once: it must be the host's bound that ends it, not the memory's.
pub(crate) fn json_of(bytes: usize) -> String {
    let (before, after) = ("{\"text\": \"", "\"}");
    let mut json = String::with_capacity(bytes);
    json.push_str(before);
    json.extend(std::iter::repeat_n('x', bytes - before.len() - after.len()));
    json.push_str(after);
    json
}

/// Waits in the host for a server that takes its time.
pub(crate) fn sleep(configuration: &Value) -> Result<Outcome, Failure> {
    let request = http::Request {
        method: "GET".to_owned(),
        url: format!("{}/slow", configuration["url"].as_str().unwrap_or_default()),
        headers: Vec::new(),
        authorization: None,
        body: Vec::new(),
        timeout_ms: None,
    };
    match http::send(&request) {
        Ok(response) => super::done(&response.status.to_string()),
        Err(error) => Err(super::request::failure(error)),
    }
}

pub(crate) fn flood_the_log() -> Result<Outcome, Failure> {
    log::write(log::Level::Info, &format!("\u{1b}[2J\r\n{}", "x".repeat(1 << 20)));
    for line in 0..10_000 {
        log::write(log::Level::Info, &line.to_string());
    }
    super::done("flooded")
}

/// Tells what stands for the secret, wherever it can.
pub(crate) fn tell(secret: &str) -> Result<Outcome, Failure> {
    log::write(log::Level::Info, &format!("it is {secret}"));
    super::done(secret)
}
