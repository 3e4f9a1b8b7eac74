//! What our playbooks do alike: look-ups side by side, a ticket about what was found, and words of others in a text of
//! ours. A library of playbooks; the host knows nothing of it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod age;
mod handover;
mod level;
mod lookup;
mod owner;
pub mod text;
mod ticket;
mod url;

pub use address::is_internal;
pub use handover::{escalate, raise_severity};
pub use level::Level;
pub use lookup::{Gap, Lookup};
pub use owner::{Owner, OwnerOfDomain, OwnerOfNetwork};
pub use ticket::{SHORT_DESCRIPTION_CHARS_MAX, Ticket, create_ticket, file_ticket};
pub use url::host_of;
