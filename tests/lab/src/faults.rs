//! Faults that a test arms: what networks and vendors do on bad days.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::System;
use crate::limits::{DELAY, FAULTS};

/// A fault for requests to one system.
///
/// As JSON: `{"system": "shodan", "path_prefix": "/shodan/host", "times": 2, "kind": {"status": {"code": 503}}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The system it befalls.
    pub system: System,
    /// Only requests whose path begins like this; for WHOIS, the query line; for SMTP, the
    /// recipients of a message, separated by commas.
    #[serde(default)]
    pub path_prefix: Option<String>,
    /// How often; until cleared if nothing.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    pub kind: FaultKind,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// This status instead of the answer, and the request has no effect. Only for HTTP.
    Status {
        /// HTTP status, 200 to 599.
        code: u16,
        /// Body; without it, the vendor's own where it is known, else none.
        #[serde(default)]
        body: Option<String>,
        /// Value of `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// TCP reset before the system has seen the request.
    ResetBeforeResponse,
    /// TCP reset after the system has done what was asked.
    ResetAfterEffect,
    /// No answer while the connection lives, and no effect.
    Hang,
    /// No answer while the connection lives, after the system has done what was asked.
    HangAfterEffect,
    /// The answer comes this much later.
    Slow {
        /// Milliseconds, at most one hour.
        ms: u64,
    },
    /// A body that is neither text nor what its content type says, and no effect.
    Garbage,
    /// A body of this many bytes, without a length announced, and no effect.
    Huge {
        /// Bytes.
        bytes: u64,
    },
    /// `302 Found` to this place, and no effect. Only for HTTP.
    Redirect {
        /// Value of `Location`.
        location: String,
    },
}

/// Why a fault was not armed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There are too many.
    #[error("{FAULTS} faults are armed already: clear them first")]
    TooMany,
    /// No such status.
    #[error("{0} is not an HTTP status between 200 and 599")]
    Status(u16),
    /// Not a header value.
    #[error("{0:?} cannot stand in a Location header")]
    Location(String),
    /// Too long.
    #[error("a delay of {0} ms is longer than one hour")]
    Delay(u64),
    /// It would never strike.
    #[error("a fault that strikes zero times is none")]
    Never,
    /// WHOIS and SMTP know neither statuses of HTTP nor redirects.
    #[error("this kind of fault needs HTTP, and this system does not speak it")]
    NotHttp,
}

/// The armed faults; the first that fits a request befalls it.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Mutex<Vec<Fault>>,
    /// How many are armed, so that a request in quiet times takes no lock.
    count: AtomicUsize,
}

impl Faults {
    /// Arms a fault.
    ///
    /// # Errors
    /// [`FaultError`] when it makes no sense or there are too many.
    pub fn arm(&self, fault: Fault) -> Result<(), FaultError> {
        check(&fault)?;
        let mut armed = self.armed();
        if armed.len() >= FAULTS {
            return Err(FaultError::TooMany);
        }
        armed.push(fault);
        self.count.store(armed.len(), Ordering::Release);
        Ok(())
    }

    /// The faults that are still armed.
    pub fn list(&self) -> Vec<Fault> {
        self.armed().clone()
    }

    /// Disarms all faults.
    pub fn clear(&self) {
        let mut armed = self.armed();
        armed.clear();
        self.count.store(0, Ordering::Release);
    }

    /// The fault that befalls this request, if any; uses it up once.
    pub(crate) fn strike(&self, system: System, path: &str) -> Option<FaultKind> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut armed = self.armed();
        let fits = |fault: &Fault| {
            fault.system == system
                && fault.path_prefix.as_deref().is_none_or(|prefix| path.starts_with(prefix))
        };
        let index = armed.iter().position(fits)?;
        let kind = armed[index].kind.clone();
        if let Some(times) = &mut armed[index].times {
            *times -= 1;
            if *times == 0 {
                armed.remove(index);
                self.count.store(armed.len(), Ordering::Release);
            }
        }
        Some(kind)
    }

    fn armed(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(fault: &Fault) -> Result<(), FaultError> {
    let http = fault.system.is_http();
    match &fault.kind {
        _ if fault.times == Some(0) => Err(FaultError::Never),
        FaultKind::Status { .. } | FaultKind::Redirect { .. } if !http => Err(FaultError::NotHttp),
        FaultKind::Status { code, .. }
            if StatusCode::from_u16(*code).is_err() || !(200..600).contains(code) =>
        {
            Err(FaultError::Status(*code))
        }
        FaultKind::Redirect { location } if HeaderValue::from_str(location).is_err() => {
            Err(FaultError::Location(location.clone()))
        }
        FaultKind::Slow { ms } if u128::from(*ms) > DELAY.as_millis() => Err(FaultError::Delay(*ms)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_where_and_as_often_as_told() {
        let faults = Faults::default();
        let json = r#"{"system": "shodan", "path_prefix": "/shodan", "times": 1, "kind": "hang"}"#;
        faults.arm(serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(faults.strike(System::Rdap, "/shodan/host/1"), None);
        assert_eq!(faults.strike(System::Shodan, "/api-info"), None);
        assert_eq!(faults.strike(System::Shodan, "/shodan/host/1"), Some(FaultKind::Hang));
        assert_eq!(faults.strike(System::Shodan, "/shodan/host/1"), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_without_sense_is_refused() {
        let arm = |json| Faults::default().arm(serde_json::from_str(json).unwrap());
        let status = r#"{"system": "whois", "kind": {"status": {"code": 500}}}"#;
        assert_eq!(arm(status), Err(FaultError::NotHttp));
        let status = r#"{"system": "rdap", "kind": {"status": {"code": 100}}}"#;
        assert_eq!(arm(status), Err(FaultError::Status(100)));
    }
}
