//! The system acted on: switches, tickets, pages, notes and jobs over HTTP, and a ledger of every request.
//!
//! | request | repeated |
//! |---|---|
//! | `PUT /switches/{name}` | changes nothing |
//! | `POST /tickets`, `POST /jobs` | with the same `idempotency-key`: changes nothing, and is answered as the first was |
//! | `POST /pages` | is another page |
//! | `POST /notes` | is another note; `GET /notes?key=` finds out |
//! | `GET /jobs/{key}`, `GET /facts/{n}` | reads |

mod call;
mod ledger;
mod mishaps;
mod server;
mod system;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use palisade_e2e::{Request, wait};
use tokio::{net::TcpListener, runtime::Runtime};

use self::system::System;
pub use self::{
    ledger::{Came, Entry, Ledger},
    mishaps::Mishaps,
};

/// A running system on a free port of 127.0.0.1. It lives through every kill of the host.
pub struct Actuator {
    address: SocketAddr,
    system: Arc<System>,
    open: Arc<AtomicUsize>,
    /// Dropped, it ends all connections.
    _runtime: Runtime,
}

impl Actuator {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is no port or no thread for it.
    pub fn start(mishaps: Mishaps) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let (system, open) = (Arc::new(System::new(mishaps)), Arc::default());
        runtime.spawn(server::accept(listener, Arc::clone(&system), Arc::clone(&open)));
        Ok(Self { address, system, open, _runtime: runtime })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// All that happened so far.
    pub fn ledger(&self) -> Ledger {
        self.system.ledger().clone()
    }

    /// How many requests it has taken.
    pub fn arrived(&self) -> usize {
        self.system.ledger().entries().len()
    }

    /// Whether an operation took effect so far.
    pub fn has(&self, tag: &str) -> bool {
        self.system.ledger().effects(tag) > 0
    }

    /// Forgets everything, as if it were new.
    pub fn forget(&self) {
        *self.system.ledger() = Ledger::default();
    }

    /// Waits until nothing is under way that a host sent which is dead by now. Only then "it did not happen" is true for
    /// good, and only then a person or `GET /notes` may say so.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn drain(&self) {
        // Connections are accepted in order: when this one has been answered, all earlier ones are counted.
        let probe = Request::new("GET", "/").try_send(&self.address.to_string());
        assert!(probe.is_some(), "the system acted on does not answer");
        wait::until("the connections of the dead host end", || (self.open.load(SeqCst) == 0).then_some(()));
    }
}
