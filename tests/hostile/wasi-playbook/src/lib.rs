//! A playbook that looks through Wasi for whatever differs between two runs, and concludes with what it saw.
#![cfg(target_arch = "wasm32")]

use palisade_sdk::playbook::{Playbook, Run};

use crate::bindings::wasi::{
    clocks::{monotonic_clock, wall_clock},
    io::poll,
    random::{insecure, insecure_seed, random},
};

mod bindings {
    #![allow(unsafe_code, reason = "the canonical ABI passes raw pointers; the generator upholds its rules")]
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code has its own style")]

    wit_bindgen::generate!({ path: "wasi.wit", generate_all });
}

/// Longer than any test waits.
const HOUR: u64 = 3_600_000_000_000;

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    // The instance, and what it leaks, lives for one call.
    let description: &str = format!("It is {} ms since 1970.", wall_clock_ms()).leak();
    Playbook::new("hostile-wasi-playbook", env!("CARGO_PKG_VERSION"), handle)
        .about(description)
        .publisher("Palisade")
        .label("wasi")
}

fn handle(run: &Run) -> Result<String, String> {
    if run.alert().name == "hoard timers" {
        let hoard: Vec<_> = (0..1_000_000).map(|_| monotonic_clock::subscribe_duration(HOUR)).collect();
        return Ok(format!("It has {} timers.", hoard.len()));
    }
    if run.alert().name == "draw too much" {
        return Ok(format!("It has {} bytes.", random::get_random_bytes(1 << 30).len()));
    }
    let began = monotonic_clock::now();
    let turns = turns_during(&monotonic_clock::subscribe_duration(1_000_000));
    monotonic_clock::subscribe_duration(HOUR).block();
    monotonic_clock::subscribe_instant(HOUR).block();
    let (long, short) =
        (monotonic_clock::subscribe_duration(HOUR), monotonic_clock::subscribe_duration(1_000_000));
    let first = poll::poll(&[&long, &short]);
    Ok(format!(
        "{} ms; began at {began}, ended at {}; {turns} turns; first of two timers: {first:?}; drew {:?} {:x} {:?} {:x?}",
        wall_clock_ms(),
        monotonic_clock::now(),
        random::get_random_bytes(8),
        random::get_random_u64(),
        insecure::get_insecure_random_bytes(8),
        insecure_seed::insecure_seed(),
    ))
}

fn wall_clock_ms() -> u64 {
    let now = wall_clock::now();
    now.seconds * 1_000 + u64::from(now.nanoseconds) / 1_000_000
}

/// How often this asks whether the timer has gone off, until it has: a clock for those who have none.
fn turns_during(timer: &poll::Pollable) -> u64 {
    let mut turns = 0;
    while !timer.ready() {
        turns += 1;
    }
    turns
}
