//! Randomness as the host gives it; a replayed playbook sees the bytes of its first run.

use crate::host;

/// `count` random bytes, at most 4096.
pub fn bytes(count: u32) -> Vec<u8> {
    host::random::bytes(count)
}
