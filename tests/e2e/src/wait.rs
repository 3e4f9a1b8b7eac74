//! Waiting for what another process does.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes on a slow machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// Time between two looks.
const POLL: Duration = Duration::from_millis(20);

/// Looks until there is something, and gives it.
///
/// # Panics
///
/// If nothing comes; the message says what was waited for.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        thread::sleep(POLL);
    }
}
