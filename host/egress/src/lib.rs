//! Every way out of the host, and whatever else a connector reaches outside of its instance.
//!
//! A connector has no sockets and no files. It describes a request, and this crate decides, sends and answers. Nothing
//! here knows of WebAssembly; [`Gate`] is all that calls on one asset reach and share, [`Call`] what one invocation of an
//! action may do through it.
//!
//! # The story of one request
//!
//! 1. The URL is read in the one strict way that leaves no second reading (`url`); the method and the header fields must
//!    be a request's, and not the host's business (`outgoing`).
//! 2. A capability of the connector must name the server and the method (`policy`). Servers that the operator did not
//!    configure are spoken to over https on port 443 only.
//! 3. An action that investigates or tests sends safe methods and the reads that it declared (`call`).
//! 4. Placeholders become secrets, only where a capability for exactly this server says (`outgoing`, `secrets`). The
//!    host adds its own header fields.
//! 5. The asset waits its turn, then a pooled connection is used or a new one made: the connect-to rule, the name's
//!    addresses, the check of each, TCP to exactly a checked address, TLS for the original name (`dial`, `tls`).
//! 6. A GET or HEAD that is redirected starts again at 2 with the new URL. It keeps a secret only if the capability
//!    that let the secret go to the first server covers the new one as well (`exchange`).
//! 7. The response is read within bounds of size and time, and the asset's secrets are taken out (`exchange`, `scrub`).
//!
//! From 5 to 7 it is noted whether a request that may change something could have begun to leave, and whether its answer
//! came (`departure`).
//!
//! A stream of raw TCP goes through 2 and 5, and its reads through the scrubbing of 7 (`tcp`); inside it the host cannot
//! look.
//!
//! A file is read in pieces, from the one directory that the operator keeps for files (`files`). What calls on an asset
//! keep for one another stays in the gate (`state`), and dies with it.
//!
//! A program that tries a connector may put something else in place of the network in 5, and watch both ends (`outside`).
//!
//! # What is promised
//!
//! - A request whose method is not safe (RFC 9110, section 9.2.1) is never sent a second time by this crate.
//! - A secret that is not revealed reaches only servers and places that a capability names, and never the connector.
//! - An address outside the public internet is connected to only if the asset's network grants it.
//! - No error, and nothing that [`Call::scrub`] returns, contains a secret, or what the asset keeps as confidential.
//! - Nothing outside of the directory for files is opened, and in it only what the asset's configuration names in a field
//!   that the connector declares.
//! - Calls on other assets neither see nor change what an asset keeps.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod call;
mod connector;
mod departure;
mod dial;
mod exchange;
mod files;
mod gate;
mod http;
pub mod limits;
mod outgoing;
mod outside;
mod plan;
mod policy;
mod scrub;
mod secrets;
mod servers;
mod state;
mod tcp;
mod tls;
mod url;

pub use call::Call;
pub use files::FileError;
pub use gate::{Gate, GateError};
pub use http::{Authorization, HttpError, Request, Response};
pub use outside::{Outside, Peer, StreamEvent, Upstream, Watch};
pub use plan::Plan;
pub use state::StateError;
pub use tcp::{Stream, TcpError};
pub use tls::{CaError, client_config};
pub use url::{NotAUrl, Origin, Scheme, Url};
