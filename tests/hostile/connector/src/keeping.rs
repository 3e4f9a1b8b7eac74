//! The state of its asset, and files: more than there may be, and others than its own.

use palisade_sdk::{
    Failure,
    bindings::connector::{
        Outcome,
        palisade::plugin::{files, log, state},
    },
};
use serde_json::Value;

/// Keeps a value exactly as the parameters say, and tells it afterwards, wherever it can.
pub(crate) fn keep(parameters: &Value) -> Result<Outcome, Failure> {
    let text = |name: &str| parameters[name].as_str().unwrap_or_default();
    let time = parameters["time_to_live_ms"].as_u64().unwrap_or(60_000);
    let confidential = parameters["confidential"] == true;
    let kept = state::put(text("key"), text("value"), time, confidential);
    log::write(log::Level::Info, &format!("it is {}", text("value")));
    match kept {
        Ok(()) => super::done(&format!("kept {}", text("value"))),
        Err(why) => super::done(&why),
    }
}

/// Tells what is kept under a key; with `forget`, there is nothing any more.
pub(crate) fn recall(parameters: &Value) -> Result<Outcome, Failure> {
    let key = parameters["key"].as_str().unwrap_or_default();
    let value = state::get(key).unwrap_or_else(|| "nothing".to_owned());
    if parameters["forget"] == true {
        state::remove(key);
    }
    log::write(log::Level::Info, &value);
    super::done(&value)
}

/// Keeps values of this many bytes under new keys without end, and tells how far it came.
pub(crate) fn keep_without_end(parameters: &Value) -> Result<Outcome, Failure> {
    let value = "x".repeat(parameters["bytes"].as_u64().unwrap_or(1) as usize);
    for count in 0..100_000 {
        if let Err(why) = state::put(&count.to_string(), &value, u64::MAX, false) {
            return super::done(&format!("{count} kept, then: {why}"));
        }
    }
    super::done("a hundred thousand are kept")
}

/// Reads a file as the parameters say.
pub(crate) fn read(parameters: &Value) -> Result<Outcome, Failure> {
    let field = parameters["field"].as_str().unwrap_or_default();
    let size = files::size(field).map_err(failure)?;
    let offset = parameters["offset"].as_u64().unwrap_or(0);
    let length = parameters["length"].as_u64().unwrap_or(100) as u32;
    let bytes = files::read(field, offset, length).map_err(failure)?;
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
    super::done(&format!("{} of {size}: {start}", bytes.len()))
}

/// Reads all of the file again and again.
pub(crate) fn read_without_end() -> Result<Outcome, Failure> {
    let mut total = 0;
    loop {
        match files::read("list", 0, u32::MAX) {
            Ok(bytes) => total += bytes.len(),
            Err(error) => return super::done(&format!("{total} bytes, then: {}", words(error))),
        }
    }
}

fn failure(error: files::Error) -> Failure {
    match error {
        files::Error::Denied(message) => Failure::Denied(message),
        files::Error::Unreadable(message) => Failure::Unavailable(message),
    }
}

fn words(error: files::Error) -> String {
    let (files::Error::Denied(message) | files::Error::Unreadable(message)) = error;
    message
}
