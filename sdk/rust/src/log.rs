//! Lines for the run's log. The host scrubs secrets from them and bounds their number and length.
//!
//! ```
//! use palisade_sdk::{log, playbook::{Playbook, Run}, testing::PlaybookTest};
//!
//! fn handle(run: &Run) -> Result<String, String> {
//!     log::info(format!("This is about {}.", run.alert().name));
//!     Ok("Done.".into())
//! }
//!
//! let played = PlaybookTest::new(Playbook::new("example", "1.0.0", handle)).run();
//! assert_eq!(played.log, [(log::Level::Info, "This is about Test alert.".to_owned())]);
//! ```

pub use crate::bindings::connector::palisade::plugin::log::Level;
use crate::host;

/// Of use only to the plugin's author.
pub fn debug(message: impl AsRef<str>) {
    host::log::write(Level::Debug, message.as_ref());
}

/// Worth reading afterwards.
pub fn info(message: impl AsRef<str>) {
    host::log::write(Level::Info, message.as_ref());
}

/// Unexpected, and handled.
pub fn warn(message: impl AsRef<str>) {
    host::log::write(Level::Warn, message.as_ref());
}

/// Unexpected, and not handled.
pub fn error(message: impl AsRef<str>) {
    host::log::write(Level::Error, message.as_ref());
}
