//! Tests of all rooms together: a real host, real components, and a lab of vendor systems.
//!
//! Two test programs use this crate: `engine` calls components within its own process, where every branch of a
//! connector and every misdeed of a plugin can be had in milliseconds; `host` starts the real `palisade serve` and
//! speaks to it as operators and sources do.

mod assets;
pub mod binary;
pub mod built;
mod disk;
mod host;
mod http;
mod script;
mod site;
pub mod wait;
mod workshop;

pub use ::script::{Kind, OFFENDERS, Operation, Severity, WATCHED};
pub use disk::BrokenDisk;
pub use host::{ALLOW_ALL, Host};
pub use http::{Answer, Request};
pub use script::Script;
pub use site::Site;
pub use workshop::Workshop;
