//! What a call would send, noted instead of sent.

use std::sync::{Mutex, PoisonError};

use palisade_model::{
    journal::PlannedRequest,
    limits::{PLANNED_BODY_BYTES, PLANNED_REQUESTS, URL_BYTES},
};

/// What a connector is told of a request that is only planned.
pub(crate) const NOT_SENT: &str = "safe mode: this request is planned, and not sent";

/// The requests of one call that would have changed something. Secrets are not in them.
#[derive(Debug, Default)]
pub struct Plan(Mutex<Vec<PlannedRequest>>);

impl Plan {
    /// What was noted so far.
    pub fn requests(&self) -> Vec<PlannedRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a request, scrubbed before. Of very many only the first are kept.
    pub(crate) fn note(&self, method: &str, url: String, body: String) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < PLANNED_REQUESTS {
            let (url, body) = (cut(url, URL_BYTES), cut(body, PLANNED_BODY_BYTES));
            requests.push(PlannedRequest { method: method.to_owned(), url, body });
        }
    }
}

fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push('…');
    }
    text
}
