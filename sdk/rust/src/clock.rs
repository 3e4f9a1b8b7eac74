//! Time as the host gives it; a replayed playbook sees the time of its first run.
//!
//! ```
//! use palisade_sdk::{clock, playbook::{Playbook, Run}, testing::PlaybookTest};
//!
//! fn handle(_: &Run) -> Result<String, String> {
//!     Ok(format!("It is {} ms after 1970.", clock::now_ms()))
//! }
//!
//! // In a test it is the beginning of 2026, until the playbook waits.
//! let played = PlaybookTest::new(Playbook::new("example", "1.0.0", handle)).run();
//! assert_eq!(played.result, Ok("It is 1767225600000 ms after 1970.".into()));
//! ```

use crate::host;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> u64 {
    host::clock::now()
}
