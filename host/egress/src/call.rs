//! What one invocation of one action may do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use palisade_model::{action::Effect, limits::TCP_STREAMS, plugin::Read};
use serde_json::Value;

use crate::{
    departure::{Departure, Departures},
    exchange,
    files::{FileError, OpenFiles},
    gate::Gate,
    http::{Authorization, HttpError, Request, Response},
    outside::StreamEvent,
    plan::Plan,
    scrub::Reader,
    secrets::Placeholders,
    state::StateError,
    tcp::{Stream, TcpError},
    url::Url,
};

/// What one invocation of one action may do through its asset's [`Gate`].
///
/// Its placeholders are its own: those of another call mean nothing here.
pub struct Call {
    pub(crate) gate: Arc<Gate>,
    pub(crate) placeholders: Arc<Placeholders>,
    effect: Effect,
    reads: Vec<Read>,
    configuration: Value,
    files: OpenFiles,
    ledger: Arc<Ledger>,
    /// Where what would change something is noted instead of sent; none if it is sent.
    plan: Option<Arc<Plan>>,
}

/// What a call has used up; its streams, which may outlive a borrow of the call, count into it as well.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Nanoseconds spent waiting for the other side.
    upstream: AtomicU64,
    /// Open streams.
    pub(crate) streams: AtomicUsize,
    /// Bytes read from all streams.
    pub(crate) read: AtomicUsize,
    /// What left that may change something.
    pub(crate) departures: Departures,
}

/// Counts the time until it is dropped, also when the wait is cancelled.
pub(crate) struct Wait<'a> {
    ledger: &'a Ledger,
    began: Instant,
}

impl Ledger {
    pub(crate) fn wait(&self) -> Wait<'_> {
        Wait { ledger: self, began: Instant::now() }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let nanoseconds = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.ledger.upstream.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl Call {
    pub(crate) fn new(
        gate: Arc<Gate>,
        effect: Effect,
        reads: Vec<Read>,
        configuration: Value,
        placeholders: Placeholders,
    ) -> Self {
        let placeholders = Arc::new(placeholders);
        let reads =
            reads.into_iter().map(|read| Read { path: path_of(&read, &configuration), ..read }).collect();
        Self {
            gate,
            placeholders,
            effect,
            reads,
            configuration,
            files: OpenFiles::default(),
            ledger: Arc::default(),
            plan: None,
        }
    }

    /// The same call, which only plans: a request that may change something is noted and denied to the connector, and so is
    /// every stream.
    pub(crate) fn planning(self, plan: Arc<Plan>) -> Self {
        Self { plan: Some(plan), ..self }
    }

    /// The asset's configuration as the connector gets it: with the schema's defaults, and with a placeholder for each
    /// secret that was not revealed.
    pub fn configuration(&self) -> &Value {
        &self.configuration
    }

    /// Sends one request and waits for its whole response. See the crate's documentation for what happens on the way.
    ///
    /// # Errors
    ///
    /// [`HttpError`]; every status of a response that did arrive is a success here.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let wait = self.ledger.wait();
        let watched = self.gate.outside.watch.as_ref().map(|watch| (watch, self.scrub_request(&request)));
        let answer = exchange::send(self, request).await.map_err(|error| error.map(|text| self.scrub(text)));
        if let Some((watch, request)) = watched {
            let answer = answer.clone().map(|response| self.scrub_response(response));
            watch.exchange(&request, &answer, wait.began.elapsed());
        }
        answer
    }

    /// Opens a stream. It counts against [`TCP_STREAMS`] until it is dropped.
    ///
    /// # Errors
    ///
    /// [`TcpError`], `Denied` among them when there are too many streams.
    pub async fn connect(&self, host: &str, port: u16) -> Result<Stream, TcpError> {
        let _wait = self.ledger.wait();
        let number = self.gate.streams.fetch_add(1, Ordering::Relaxed);
        let stream = Stream::open(self, &self.ledger, number, host, port).await;
        let stream = stream.map_err(|error| error.map(|text| self.scrub(text)));
        if let Some(watch) = &self.gate.outside.watch {
            watch.stream(number, StreamEvent::Opened { host, port, error: stream.as_ref().err() });
        }
        stream
    }

    /// Bytes of the file that this configuration field names.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub async fn file_size(&self, field: &str) -> Result<u64, FileError> {
        self.files.size(&self.gate.files, field).await
    }

    /// Reads from this place of the file on: as many bytes as asked for, at most
    /// [`FILE_READ_BYTES`](palisade_model::limits::FILE_READ_BYTES), and fewer only at its end.
    ///
    /// # Errors
    ///
    /// [`FileError`], `Denied` once the call has read
    /// [`FILE_TOTAL_BYTES`](palisade_model::limits::FILE_TOTAL_BYTES).
    pub async fn read_file(&self, field: &str, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
        self.files.read(&self.gate.files, field, offset, length).await
    }

    /// What calls on the asset have kept under this key, if it is still there.
    pub fn kept(&self, key: &str) -> Option<String> {
        self.gate.state.get(key, Instant::now())
    }

    /// Keeps a value under this key for at most this time, and
    /// [`STATE_TIME_MAX`](palisade_model::limits::STATE_TIME_MAX). A confidential one is scrubbed from now on.
    ///
    /// # Errors
    ///
    /// [`StateError`]; what was kept stays as it was.
    pub fn keep(
        &self,
        key: &str,
        value: String,
        time: Duration,
        confidential: bool,
    ) -> Result<(), StateError> {
        self.gate.state.put(key, value, time, confidential, Instant::now())
    }

    /// Forgets the value of this key.
    pub fn forget(&self, key: &str) {
        self.gate.state.remove(key);
    }

    /// The text with `[secret:FIELD]` in place of every secret of the asset and every placeholder of this call, and
    /// `[state:KEY]` in place of the confidential values of its state.
    pub fn scrub(&self, text: String) -> String {
        let scrubber = &self.gate.scrubber;
        let confidential = self.gate.state.confidential();
        let text = scrubber.for_everyone(text, confidential.iter().map(|value| &**value));
        scrubber.placeholders(text, &self.placeholders)
    }

    /// The request with a label in place of every secret and every placeholder.
    fn scrub_request(&self, request: &Request) -> Request {
        let clean = |text: &String| self.scrub(text.clone());
        Request {
            method: request.method.clone(),
            url: clean(&request.url),
            headers: request.headers.iter().map(|(name, value)| (name.clone(), clean(value))).collect(),
            authorization: request.authorization.as_ref().map(|authorization| match authorization {
                Authorization::Basic { user, password } => {
                    Authorization::Basic { user: clean(user), password: clean(password) }
                }
                Authorization::Bearer(token) => Authorization::Bearer(clean(token)),
            }),
            body: self.scrub_bytes(request.body.clone()),
            timeout: request.timeout,
        }
    }

    /// The response without what was revealed to the connector, and may come back to it.
    fn scrub_response(&self, response: Response) -> Response {
        let clean = |(name, value)| (name, self.scrub(value));
        Response {
            headers: response.headers.into_iter().map(clean).collect(),
            body: self.scrub_bytes(response.body),
            ..response
        }
    }

    fn scrub_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.scrub(text).into_bytes(),
            Err(bytes) => self.gate.scrubber.bytes(bytes.into_bytes(), Reader::Everyone),
        }
    }

    /// The time spent so far waiting for the other side. A call does one thing at a time, so its waits never overlap.
    pub fn upstream(&self) -> Duration {
        Duration::from_nanos(self.ledger.upstream.load(Ordering::Relaxed))
    }

    /// Whether a request that may change something began to leave: one with an unsafe method that is no declared read, or
    /// bytes on a stream of an action that mutates.
    pub fn may_have_changed(&self) -> bool {
        self.ledger.departures.any()
    }

    /// Whether such a request was not answered: an HTTP request without a whole response, or a stream on which nothing
    /// came back after the last bytes that were written. Nobody knows whether it took effect.
    pub fn is_unanswered(&self) -> bool {
        self.ledger.departures.unanswered()
    }

    /// Watches a request that may change something.
    pub(crate) fn departure<B>(&self, path: &str, request: &mut http::Request<B>) -> Option<Departure<'_>> {
        (!self.reads(request.method(), path)).then(|| Departure::new(&self.ledger.departures, request))
    }

    /// Whether the action's effect lets it send this.
    pub(crate) fn check_effect(&self, method: &http::Method, path: &str) -> Result<(), HttpError> {
        if self.effect.mutates() || self.reads(method, path) {
            return Ok(());
        }
        Err(HttpError::Denied(format!(
            "an action that only reads may not send {method} {path}; if the request changes nothing, the connector's \
             author has to declare it under the action's reads"
        )))
    }

    /// Whether this request is only planned; then it is noted.
    pub(crate) fn plans(&self, method: &http::Method, url: &Url, body: &[u8]) -> bool {
        let Some(plan) = self.plan.as_ref().filter(|_| !self.reads(method, &url.path)) else { return false };
        let query = url.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let place = self.scrub(format!("{}{}{query}", url.origin, url.path));
        plan.note(method.as_str(), place, self.scrub(String::from_utf8_lossy(body).into_owned()));
        true
    }

    /// Whether a stream is only planned; then it is noted. What would be said on it nobody can know.
    pub(crate) fn plans_stream(&self, host: &str, port: u16) -> bool {
        let Some(plan) = &self.plan else { return false };
        plan.note("TCP", format!("{host}:{port}"), String::new());
        true
    }

    fn reads(&self, method: &http::Method, path: &str) -> bool {
        let declared = |read: &Read| read.method == method.as_str() && read.path == path;
        method.is_safe() || self.reads.iter().any(declared)
    }

    /// Whether the action's effect forbids it to change anything, or it is only planned.
    pub(crate) fn only_reads(&self) -> bool {
        !self.effect.mutates() || self.plan.is_some()
    }
}

/// The path of a declared read for this asset: a segment `{field}` is what its configuration has there. One that is no
/// text, or has anything beside the unreserved characters of RFC 3986, stands for nothing, and the read for none.
fn path_of(read: &Read, configuration: &Value) -> String {
    let segment = |segment: &str| {
        let field = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let value = field.and_then(|field| configuration.get(field)?.as_str());
        let plain = |value: &&str| {
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !value.is_empty() && !matches!(*value, "." | "..") && value.bytes().all(unreserved)
        };
        value.filter(plain).unwrap_or(segment).to_owned()
    };
    read.path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// One of the [`TCP_STREAMS`] of a call, given back when dropped.
pub(crate) struct Slot(Arc<Ledger>);

impl Slot {
    pub(crate) fn take(ledger: &Arc<Ledger>) -> Result<Self, TcpError> {
        if ledger.streams.fetch_add(1, Ordering::Relaxed) >= TCP_STREAMS {
            ledger.streams.fetch_sub(1, Ordering::Relaxed);
            return Err(TcpError::Denied(format!(
                "a call may have {TCP_STREAMS} open streams, and it has them"
            )));
        }
        Ok(Self(Arc::clone(ledger)))
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_may_name_a_field_of_the_asset_and_nothing_else() {
        let configuration =
            serde_json::json!({ "tenant": "acme.example", "bad": "a/b", "up": "..", "port": 1 });
        for (declared, meant) in [
            ("/{tenant}/token", "/acme.example/token"),
            ("/v1/{bad}/x", "/v1/{bad}/x"),
            ("/{up}/admin", "/{up}/admin"),
            ("/{port}", "/{port}"),
            ("/{nothing}", "/{nothing}"),
            ("/x{tenant}", "/x{tenant}"),
        ] {
            let read = Read { method: "POST".into(), path: declared.into() };
            assert_eq!(path_of(&read, &configuration), meant);
        }
    }

    /// What the engine relies on: a call is driven from any thread.
    #[test]
    fn its_futures_may_move_between_threads() {
        fn check<T: Send>(_: impl FnOnce(&'static Call, Request) -> T) {}
        check(|call, request| call.send(request));
        check(|call, _| call.connect("a.example", 1));
    }
}
