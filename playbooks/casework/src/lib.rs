//! What our playbooks do alike: look-ups side by side, a ticket about what was found, and words of others in a text of
//! ours. A library of playbooks; the host knows nothing of it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod lookup;
pub mod text;
mod ticket;
mod url;

pub use lookup::{Gap, Lookup};
pub use ticket::{CREATE_TICKET, SHORT_DESCRIPTION_CHARS_MAX, Ticket};
pub use url::host_of;
