use std::time::Duration;

use crate::host;

/// What a connector keeps for its later calls on the same asset: the token of a session, a cursor.
///
/// The host keeps it in memory and may forget it at any time; a connector must work without it. Calls of the same asset run
/// beside each other: each `get` and each `put` happens at once, but another call may come in between.
///
/// ```
/// use std::time::Duration;
///
/// use palisade_sdk::{connector::Call, log};
/// # struct Configuration {}
///
/// fn remember(call: &Call<Configuration>, token: &str) {
///     if let Err(why) = call.state().put_confidential("token", token, Duration::from_secs(600)) {
///         log::warn(format!("The next call signs in again: {why}"));
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct State {
    _private: (),
}

impl State {
    pub(super) fn new() -> Self {
        Self { _private: () }
    }

    /// The value kept under this key, if it is still there.
    pub fn get(self, key: &str) -> Option<String> {
        host::state::get(key)
    }

    /// Keeps a value for at most this time, and 24 h, in place of the one before.
    ///
    /// # Errors
    ///
    /// The host's reason not to keep it: it is too long, or there is too much.
    pub fn put(self, key: &str, value: &str, time_to_live: Duration) -> Result<(), String> {
        host::state::put(key, value, milliseconds(time_to_live), false)
    }

    /// Keeps a value that nobody must see, such as a token: the host scrubs it from everything that calls of the asset log
    /// or return from now on.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put); also when it is too short to be scrubbed, below 6 bytes.
    pub fn put_confidential(self, key: &str, value: &str, time_to_live: Duration) -> Result<(), String> {
        host::state::put(key, value, milliseconds(time_to_live), true)
    }

    /// Forgets the value of this key.
    pub fn remove(self, key: &str) {
        host::state::remove(key);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
