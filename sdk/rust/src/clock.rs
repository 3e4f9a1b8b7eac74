//! Time as the host gives it; a replayed playbook sees the time of its first run.

use crate::host;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> u64 {
    host::clock::now()
}
