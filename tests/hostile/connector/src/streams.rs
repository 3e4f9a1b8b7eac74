//! Streams of raw TCP, more than a call may have.

use palisade_sdk::{
    Failure,
    bindings::connector::{Outcome, palisade::plugin::tcp},
};
use serde_json::Value;

/// Opens a hundred and tells how far it came, and why not further.
pub(crate) fn open_many(configuration: &Value) -> Result<Outcome, Failure> {
    let mut open = Vec::new();
    let host = configuration["host"].as_str().unwrap_or_default();
    let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let port = port.parse().map_err(|_| Failure::invalid("`host` needs a port"))?;
    for _ in 0..100 {
        match tcp::connect(host, port) {
            Ok(stream) => open.push(stream),
            Err(tcp::Error::Denied(why)) => return super::done(&format!("{} open, then: {why}", open.len())),
            Err(_) => return Err(Failure::Unavailable(format!("{} open, then none", open.len()))),
        }
    }
    super::done("a hundred are open")
}
