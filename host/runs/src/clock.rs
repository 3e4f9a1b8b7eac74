//! The host's time.

use std::{
    sync::{LazyLock, Mutex, PoisonError},
    time::Instant,
};

use palisade_model::{SignedDuration, Timestamp};

/// The time: the machine's, except that it never goes back while the host runs.
///
/// When the machine's clock is set back, this one goes on from where it was, so that a timer of a minute takes a minute
/// and a journal reads forward; when the clock is set forward, or the machine wakes from sleep, it follows. After a
/// start it is the machine's again.
pub(crate) fn now() -> Timestamp {
    static LATEST: LazyLock<Mutex<(Timestamp, Instant)>> =
        LazyLock::new(|| Mutex::new((Timestamp::now(), Instant::now())));
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let elapsed = SignedDuration::try_from(latest.1.elapsed()).unwrap_or_default();
    let carried_on = latest.0.checked_add(elapsed).unwrap_or(latest.0);
    *latest = (Timestamp::now().max(carried_on), Instant::now());
    latest.0
}

/// The time in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(now().as_millisecond()).unwrap_or(0)
}
