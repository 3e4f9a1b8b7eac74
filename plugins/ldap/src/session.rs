//! One connection: TLS, then bind, then operations one after the other.
//!
//! It ends by closing the stream. An unbind (RFC 4511, section 4.3) has no answer, so after a change the host could not
//! tell it from a change that nobody heard the end of.

use palisade_sdk::{Failure, connector::Call, tcp::TcpStream};

use crate::{
    Configuration,
    ber::{self, Malformed},
    configuration::Security,
    entry::Entry,
    filter::Filter,
    message::{self, Change, Outcome, Response, Scope, Search},
};

/// Bytes of one message of a server: an entry with a photograph and thousands of values is far below.
const MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How much one read of the stream asks for, in bytes.
const READ_BYTES: u32 = 64 * 1024;

/// Entries that one page asks for: Active Directory gives at most 1,000.
const PAGE_ENTRIES: usize = 500;

/// The id of messages that answer no request (RFC 4511, section 4.4).
const UNSOLICITED: u32 = 0;

/// A connection that is bound.
pub(crate) struct Session {
    stream: TcpStream,
    /// What was received and not read yet.
    buffer: Vec<u8>,
    /// Id of the last request.
    id: u32,
}

/// What a search found.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// There are more.
    pub(crate) more: bool,
}

impl Session {
    pub(crate) fn open(call: &Call<Configuration>) -> Result<Self, Failure> {
        let Configuration { server, security, username, password, .. } = &call.configuration;
        // A name or a password that is empty binds as nobody, and succeeds (RFC 4513, section 5.1.2).
        if username.is_empty() || password.as_ref().is_empty() {
            return Err(Failure::invalid("the asset's `username` or `password` is empty"));
        }
        let stream = call.tcp().connect_to(server, security.port())?;
        let mut session = Self { stream, buffer: Vec::new(), id: 0 };
        if *security == Security::StartTls {
            session.ask_for_tls()?;
        }
        session.stream.start_tls()?;
        match session.request(message::bind(username, password.as_ref()))? {
            Response::Bound(outcome) => outcome.check()?,
            other => return Err(unexpected(&other)),
        }
        Ok(session)
    }

    fn ask_for_tls(&mut self) -> Result<(), Failure> {
        match self.request(message::start_tls())? {
            Response::Extended(outcome) => outcome.check()?,
            other => return Err(unexpected(&other)),
        }
        // What came in plain beyond the answer is a stranger's, and must not pass for the server's.
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(Failure::upstream("the server sent more before TLS began"))
        }
    }

    /// The entry of this name, if there is one that fits the filter.
    pub(crate) fn entry(
        &mut self,
        dn: &str,
        filter: Filter,
        attributes: &[&str],
    ) -> Result<Option<Entry>, Failure> {
        let search = Search { base: dn, scope: Scope::Base, filter, attributes };
        match self.search(&search, 1) {
            Ok(page) => Ok(page.entries.into_iter().next()),
            Err(Failure::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The first entries that fit, at most `max`.
    pub(crate) fn search(&mut self, search: &Search<'_>, max: usize) -> Result<Page, Failure> {
        let mut entries = Vec::new();
        let mut cookie = Vec::new();
        loop {
            // One more than are wanted, to know whether there are more.
            let count = (max + 1 - entries.len()).min(PAGE_ENTRIES) as u32;
            self.send(message::search(search), Some(message::page(count, &cookie)))?;
            let outcome;
            (outcome, cookie) = self.page(&mut entries, max)?;
            let limited = outcome.code == Outcome::SIZE_LIMIT_EXCEEDED;
            if !limited {
                outcome.check()?;
            }
            if limited || cookie.is_empty() || entries.len() > max {
                let more = limited || entries.len() > max;
                entries.truncate(max);
                return Ok(Page { entries, more });
            }
        }
    }

    fn page(&mut self, entries: &mut Vec<Entry>, max: usize) -> Result<(Outcome, Vec<u8>), Failure> {
        loop {
            match self.receive()? {
                Response::Entry(_) if entries.len() > max => {
                    return Err(Failure::upstream("the server sends more entries than a page has"));
                }
                Response::Entry(entry) => entries.push(entry),
                Response::Reference => {}
                Response::SearchDone(outcome, cookie) => return Ok((outcome, cookie)),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Changes an entry: everything, or nothing.
    pub(crate) fn modify(&mut self, dn: &str, changes: &[Change<'_>]) -> Result<Outcome, Failure> {
        match self.request(message::modify(dn, changes))? {
            Response::Modified(outcome) => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    fn request(&mut self, operation: Vec<u8>) -> Result<Response, Failure> {
        self.send(operation, None)?;
        self.receive()
    }

    fn send(&mut self, operation: Vec<u8>, control: Option<Vec<u8>>) -> Result<(), Failure> {
        self.id += 1;
        self.stream.write(&message::message(self.id, operation, control))
    }

    fn receive(&mut self) -> Result<Response, Failure> {
        loop {
            // Told at once from another protocol, whose bytes may announce a length that never comes.
            if self.buffer.first().is_some_and(|tag| *tag != ber::SEQUENCE) {
                return Err(Malformed.into());
            }
            let length = ber::first_length(&self.buffer)?;
            if length.is_some_and(|length| length > MESSAGE_BYTES_MAX) {
                return Err(Failure::upstream(format!(
                    "the server's answer has a message of more than {MESSAGE_BYTES_MAX} bytes"
                )));
            }
            if let Some(length) = length.filter(|length| *length <= self.buffer.len()) {
                let (id, response) = message::read(&self.buffer[..length])?;
                self.buffer.drain(..length);
                return match (id, response) {
                    (id, response) if id == self.id => Ok(response),
                    (UNSOLICITED, Response::Extended(outcome)) => {
                        Err(Failure::Unavailable(format!("the server disconnects: {}", outcome.words)))
                    }
                    _ => Err(Failure::upstream("the server answers another request")),
                };
            }
            let bytes = self.stream.read(READ_BYTES)?;
            if bytes.is_empty() {
                return Err(Failure::Unavailable("the server closed the connection".into()));
            }
            self.buffer.extend_from_slice(&bytes);
        }
    }
}

fn unexpected(response: &Response) -> Failure {
    let name = match response {
        Response::Entry(_) | Response::Reference | Response::SearchDone(..) => "a search",
        Response::Bound(_) => "a bind",
        Response::Modified(_) => "a change",
        Response::Extended(_) => "an extended request",
    };
    Failure::upstream(format!("the server answers {name} that it was not asked for"))
}
