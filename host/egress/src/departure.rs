//! Whether a request that may change something left, and whether it was answered.

use std::{
    error::Error,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

/// What a call has sent that may change something.
#[derive(Default)]
pub(crate) struct Departures {
    any: AtomicBool,
    unanswered: AtomicUsize,
}

impl Departures {
    /// Whether one began to leave.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Whether one began to leave and was not answered.
    pub(crate) fn unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed) > 0
    }

    /// One leaves, and waits for its answer.
    pub(crate) fn leave(&self) {
        self.any.store(true, Ordering::Relaxed);
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// One of those that left was answered.
    pub(crate) fn answer(&self) {
        self.unanswered.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An HTTP request that may change something, from before it has a connection to its answer. Dropped anywhere between,
/// as when its time is up, it counts as unanswered if it could have begun to leave.
pub(crate) struct Departure<'a> {
    departures: &'a Departures,
    /// Tells whether the client gave the request a connection: with it, it may leave at any moment.
    connection: CaptureConnection,
    /// The client gave the request back as it was.
    stayed: bool,
    answered: bool,
}

impl<'a> Departure<'a> {
    pub(crate) fn new<B>(departures: &'a Departures, request: &mut http::Request<B>) -> Self {
        Self { departures, connection: capture_connection(request), stayed: false, answered: false }
    }

    /// The client failed; perhaps before it wrote anything.
    pub(crate) fn failed<'e>(&mut self, mut causes: impl Iterator<Item = &'e (dyn Error + 'static)>) {
        // hyper calls a request canceled only if it was never processed: a pooled connection that had ended meanwhile.
        self.stayed =
            causes.any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled));
    }

    /// The whole answer is here.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if self.stayed || self.connection.connection_metadata().is_none() {
            return;
        }
        self.departures.leave();
        if self.answered {
            self.departures.answer();
        }
    }
}
