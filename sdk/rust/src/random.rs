//! Randomness as the host gives it; a replayed playbook sees the bytes of its first run.
//!
//! ```
//! use palisade_sdk::{playbook::{Playbook, Run}, random, testing::PlaybookTest};
//!
//! fn handle(_: &Run) -> Result<String, String> {
//!     let bytes: [u8; 4] = random::bytes(4).try_into().map_err(|_| "four bytes were asked for")?;
//!     Ok(format!("{:08x}", u32::from_be_bytes(bytes)))
//! }
//!
//! // In a test the bytes count from 0.
//! let played = PlaybookTest::new(Playbook::new("example", "1.0.0", handle)).run();
//! assert_eq!(played.result, Ok("00010203".into()));
//! ```

use crate::host;

/// `count` random bytes, at most 4096.
pub fn bytes(count: u32) -> Vec<u8> {
    host::random::bytes(count)
}
