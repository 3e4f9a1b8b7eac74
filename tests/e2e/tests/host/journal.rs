//! Reading what a run says of itself.

use palisade_e2e::Host;
use palisade_model::Timestamp;
use serde_json::Value;

/// The entries of this kind, in order.
pub(crate) fn entries<'a>(run: &'a Value, event: &str) -> Vec<&'a Value> {
    run["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == event).collect()
}

/// The one entry of this kind.
pub(crate) fn entry<'a>(run: &'a Value, event: &str) -> &'a Value {
    match entries(run, event).as_slice() {
        [one] => one,
        several => panic!("{} times {event}: {run:#}", several.len()),
    }
}

/// How the run stands, and its last word.
pub(crate) fn end(run: &Value) -> (&str, &str) {
    (run["run"]["status"].as_str().unwrap(), run["run"]["message"].as_str().unwrap_or_default())
}

/// The times of its entries, in their order.
pub(crate) fn times(run: &Value) -> Vec<Timestamp> {
    let entries = run["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["at"].as_str().unwrap().parse().unwrap()).collect()
}

/// Checks that a run makes the same calls again.
pub(crate) fn replays(host: &Host, run: u64) {
    let replay = host.palisade(&["run", "replay", &run.to_string()]);
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stdout));
}
