//! What was asked of the lab, for tests to reason on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::call::Call;
use crate::limits::{LEDGER_BODY_BYTES, LEDGER_ENTRIES};
use crate::{Mail, System, story};

/// Headers whose values the ledger keeps; of the others it keeps the names.
const KEPT_VALUES: [&str; 6] =
    ["accept", "authorization", "content-type", "user-agent", "wsmanidentify", "x-correlation-id"];

/// One request and how it was answered.
///
/// It holds credentials in full: they are the lab's own, and a test must be able to tell where they went.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When the lab was done with it.
    pub at: Timestamp,
    /// The system that was asked.
    pub system: System,
    /// HTTP method; `WHOIS` for a WHOIS query, `MAIL` for a message over SMTP.
    pub method: String,
    /// Host name in lower case, without port.
    pub host: String,
    /// Path, percent-encoded; for WHOIS, the query line; for SMTP, the recipients, separated by commas.
    pub path: String,
    /// Query without `?`, percent-encoded; empty for none.
    pub query: String,
    /// Names of all headers, in lower case, in the order they came.
    pub header_names: Vec<String>,
    /// Values of a few headers: `accept`, `authorization`, `content-type`, `user-agent`, `wsmanidentify` and
    /// `x-correlation-id`.
    pub header_values: BTreeMap<String, String>,
    /// The body as text, its first 16 KiB.
    pub body: String,
    /// Status of the answer, for SMTP the reply's code; nothing if there was none.
    pub status: Option<u16>,
    /// Whether the credentials were right; nothing where none are asked for, or a fault came first.
    pub authenticated: Option<bool>,
    /// Whether a fault decided the answer.
    pub fault: bool,
}

impl Entry {
    pub(crate) fn of_call(system: System, call: &Call) -> Entry {
        let kept = KEPT_VALUES.iter().filter_map(|name| {
            let value = call.headers.get(*name)?;
            Some(((*name).to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        let body = &call.body[..call.body.len().min(LEDGER_BODY_BYTES)];
        Entry {
            at: Timestamp::now(),
            system,
            method: call.method.to_string(),
            host: call.host.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            header_names: call.headers.keys().map(|name| name.as_str().to_owned()).collect(),
            header_values: kept.collect(),
            body: String::from_utf8_lossy(body).into_owned(),
            status: None,
            authenticated: None,
            fault: false,
        }
    }

    pub(crate) fn of_whois(server: &str, query: &str) -> Entry {
        Entry::of_stream(System::Whois, "WHOIS", server, query.to_owned(), String::new())
    }

    /// Only who is authenticated comes so far as to send a message.
    pub(crate) fn of_mail(mail: &Mail) -> Entry {
        let body = mail.text.chars().take(LEDGER_BODY_BYTES).collect();
        let recipients = mail.recipients.join(",");
        let entry = Entry::of_stream(System::Smtp, "MAIL", story::MAIL_HOST, recipients, body);
        Entry { authenticated: Some(true), ..entry }
    }

    /// What came over a protocol that is not HTTP.
    fn of_stream(system: System, method: &str, host: &str, path: String, body: String) -> Entry {
        Entry {
            at: Timestamp::now(),
            system,
            method: method.to_owned(),
            host: host.to_owned(),
            path,
            query: String::new(),
            header_names: Vec::new(),
            header_values: BTreeMap::new(),
            body,
            status: None,
            authenticated: None,
            fault: false,
        }
    }
}

/// The ledger is not whole: it was full, and requests went unrecorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger holds {LEDGER_ENTRIES} requests and missed {missed} more: clear it before a long run")]
pub struct Overflow {
    /// Requests that were not recorded.
    pub missed: u64,
}

/// All requests since the start or the last [`clear`](Ledger::clear), oldest first.
///
/// It is bounded. Once it has missed a request it can no longer be read, so that no test draws a conclusion from a
/// part of the truth.
#[derive(Debug, Default)]
pub struct Ledger {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    entries: Vec<Entry>,
    missed: u64,
}

impl Ledger {
    /// All entries.
    ///
    /// # Errors
    /// [`Overflow`] when requests went unrecorded.
    pub fn entries(&self) -> Result<Vec<Entry>, Overflow> {
        let pages = self.pages();
        if pages.missed > 0 {
            return Err(Overflow { missed: pages.missed });
        }
        Ok(pages.entries.clone())
    }

    /// The entries of one system.
    ///
    /// # Errors
    /// [`Overflow`] when requests went unrecorded.
    pub fn of(&self, system: System) -> Result<Vec<Entry>, Overflow> {
        let mut entries = self.entries()?;
        entries.retain(|entry| entry.system == system);
        Ok(entries)
    }

    /// The entries from this index on, so that a program which looks often need not copy everything each time.
    ///
    /// # Errors
    /// [`Overflow`] when requests went unrecorded.
    pub fn from(&self, index: usize) -> Result<Vec<Entry>, Overflow> {
        let pages = self.pages();
        if pages.missed > 0 {
            return Err(Overflow { missed: pages.missed });
        }
        Ok(pages.entries.get(index..).unwrap_or_default().to_vec())
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.pages() = Pages::default();
    }

    pub(crate) fn record(&self, entry: Entry) {
        let mut pages = self.pages();
        if pages.entries.len() < LEDGER_ENTRIES {
            pages.entries.push(entry);
        } else {
            pages.missed += 1;
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_missed_something_cannot_be_read() {
        let ledger = Ledger::default();
        for _ in 0..LEDGER_ENTRIES {
            ledger.record(Entry::of_whois("whois.iana.org", "com"));
        }
        assert_eq!(ledger.entries().unwrap().len(), LEDGER_ENTRIES);
        ledger.record(Entry::of_whois("whois.iana.org", "com"));
        assert_eq!(ledger.entries().unwrap_err(), Overflow { missed: 1 });
        ledger.clear();
        assert!(ledger.entries().unwrap().is_empty());
    }
}
