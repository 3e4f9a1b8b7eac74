//! Tests of all rooms together: a real host, real components, and a lab of vendor systems.
//!
//! Two test programs use this crate: `engine` calls components within its own process, where every branch of a
//! connector and every misdeed of a plugin can be had in milliseconds; `host` starts the real `palisade serve` and
//! speaks to it as operators and sources do.

pub mod built;
mod host;
mod http;
mod site;
pub mod wait;

pub use host::Host;
pub use http::{Answer, Request};
pub use site::Site;
