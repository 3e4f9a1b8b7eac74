//! What answers a connector in a trial, in place of every system it declares: a cassette, or nothing in particular, with
//! or without a fault from some step on.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use palisade_egress::{HttpError, Peer, TcpError, Upstream};

use crate::{
    cassette::{Answer, Authorization, Body, Cassette, Conversation, Exchange, Nothing, Request, Turn},
    fault::Fault,
    matching,
};

/// What stands in for every system.
#[derive(Clone)]
pub(crate) struct System(Arc<Mutex<Play>>);

/// How far it is.
#[derive(Default)]
struct Play {
    exchanges: Vec<Exchange>,
    streams: VecDeque<Conversation>,
    /// Whether every request must be the next of the cassette.
    strict: bool,
    /// Whether there is a cassette at all.
    scripted: bool,
    /// From this step on this goes wrong.
    fault: Option<(usize, Fault)>,
    /// Answers so far: to a request, or in a stream.
    steps: usize,
    /// Exchanges so far.
    exchanged: usize,
    /// Those of the cassette that were taken, where their order does not matter.
    used: BTreeSet<usize>,
    /// Whether the fault struck, and whether the first time was in a stream.
    struck: Option<bool>,
    /// What was not as the cassette says.
    amiss: Vec<String>,
}

impl System {
    /// Answers every request and stream with nothing in particular.
    pub(crate) fn fake() -> Self {
        Self::new(Play::default())
    }

    /// Answers exactly the requests of a cassette, whose labels are filled in.
    pub(crate) fn strict(cassette: &Cassette) -> Self {
        Self::new(Play { strict: true, ..Self::script(cassette) })
    }

    /// Answers as a cassette does, whatever the order.
    pub(crate) fn lenient(cassette: &Cassette) -> Self {
        Self::new(Self::script(cassette))
    }

    /// The same, but from this step on something goes wrong.
    pub(crate) fn with_fault(self, step: usize, fault: Fault) -> Self {
        self.play().fault = Some((step, fault));
        self
    }

    /// The cassette from its beginning.
    pub(crate) fn rewind(&self, cassette: &Cassette) {
        *self.play() = Self::script(cassette);
    }

    fn new(play: Play) -> Self {
        Self(Arc::new(Mutex::new(play)))
    }

    fn script(cassette: &Cassette) -> Play {
        Play {
            exchanges: cassette.exchanges.clone(),
            streams: cassette.streams.clone().into(),
            scripted: true,
            ..Play::default()
        }
    }

    /// Answers so far.
    pub(crate) fn steps(&self) -> usize {
        self.play().steps
    }

    /// Whether the fault struck, and if so, whether first in a stream.
    pub(crate) fn struck(&self) -> Option<bool> {
        self.play().struck
    }

    /// What was not as the cassette says, its unused parts included.
    pub(crate) fn amiss(&self) -> Vec<String> {
        let play = self.play();
        let mut amiss = play.amiss.clone();
        if let Some(exchange) = play.exchanges.get(play.exchanged).filter(|_| play.strict && amiss.is_empty())
        {
            amiss.push(format!("it never sent {} {}", exchange.request.method, exchange.request.url));
        }
        if let Some(stream) = play.streams.front().filter(|_| play.strict && amiss.is_empty()) {
            amiss.push(format!("it never opened a stream to {}:{}", stream.host, stream.port));
        }
        amiss
    }

    fn play(&self) -> MutexGuard<'_, Play> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upstream for System {
    fn exchange(&self, request: &http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        self.play().exchange(request)
    }

    fn connect(&self, host: &str, port: u16) -> Result<Box<dyn Peer>, TcpError> {
        let turns = self.play().connect(host, port)?;
        Ok(Box::new(Line {
            system: self.clone(),
            turns,
            sent: Vec::new(),
            due: VecDeque::new(),
            name: format!("{host}:{port}"),
        }))
    }
}

impl Play {
    fn exchange(&mut self, request: &http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let usual = self.usual(request);
        let step = self.steps;
        self.steps += 1;
        if let Some((from, fault)) = self.fault.filter(|(from, _)| step >= *from)
            && let Some(answer) = fault.answer(usual.as_ref().and_then(|usual| usual.as_ref().ok()))
        {
            // A fault that strikes only where a body is read may strike later than it could.
            if self.struck.is_some() || step == from {
                self.struck.get_or_insert(false);
                return answer;
            }
        }
        usual.unwrap_or_else(|| Ok(nothing_in_particular(self.scripted)))
    }

    /// What the cassette says of this request; none if it says nothing.
    fn usual(&mut self, request: &http::Request<Bytes>) -> Option<Result<http::Response<Bytes>, HttpError>> {
        let next = self.exchanged;
        self.exchanged += 1;
        if self.strict {
            let Some(expected) = self.exchanges.get(next) else {
                self.amiss.push(format!(
                    "it sent {} {}, which is not in it",
                    request.method(),
                    request.uri()
                ));
                return None;
            };
            if let Some(why) = differs(&expected.request, request) {
                self.amiss.push(format!("request {}: {why}", next + 1));
                return None;
            }
            return Some(answer(&expected.response));
        }
        let index = self.likeliest(request)?;
        self.used.insert(index);
        self.exchanges.get(index).map(|exchange| answer(&exchange.response))
    }

    /// The exchange that a request is most likely of, whatever the order: the next one that is exactly it, or at least asks
    /// the same path; if there is none left, the last one of those that were.
    fn likeliest(&self, request: &http::Request<Bytes>) -> Option<usize> {
        let exactly = |exchange: &Exchange| differs(&exchange.request, request).is_none();
        let path = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let roughly = |exchange: &Exchange| {
            exchange.request.method == request.method().as_str()
                && matching::text(&path(&exchange.request.url), &path(&request.uri().to_string()))
        };
        let of = |fits: &dyn Fn(&Exchange) -> bool, is_used: bool| {
            let mut indices = (0..self.exchanges.len())
                .filter(|index| self.used.contains(index) == is_used && fits(&self.exchanges[*index]));
            if is_used { indices.next_back() } else { indices.next() }
        };
        of(&exactly, false)
            .or_else(|| of(&roughly, false))
            .or_else(|| of(&exactly, true))
            .or_else(|| of(&roughly, true))
    }

    fn connect(&mut self, host: &str, port: u16) -> Result<VecDeque<Turn>, TcpError> {
        if let Some((from, Fault::Unreachable)) = self.fault
            && self.steps >= from
        {
            self.struck.get_or_insert(true);
            return Err(TcpError::Unreachable("no connection to the fake".to_owned()));
        }
        match self.streams.pop_front() {
            Some(stream) if stream.host == host && stream.port == port => Ok(stream.turns.into()),
            Some(stream) => {
                self.amiss.push(format!(
                    "it opened a stream to {host}:{port}, not to {}:{}",
                    stream.host, stream.port
                ));
                Ok(stream.turns.into())
            }
            None => {
                if self.strict {
                    self.amiss.push(format!("it opened a stream to {host}:{port}, which is not in it"));
                }
                Ok(VecDeque::new())
            }
        }
    }

    /// What a read of a stream gets in place of `usual`, and whether more of it follows; none if nothing goes wrong here.
    fn garble(&mut self, usual: Option<&[u8]>) -> Option<(Result<Vec<u8>, TcpError>, bool)> {
        let step = self.steps;
        self.steps += 1;
        let (from, fault) = self.fault?;
        let garbled = (step >= from).then(|| fault.bytes(usual))??;
        self.struck.get_or_insert(true);
        Some(garbled)
    }
}

/// The other end of a stream.
struct Line {
    system: System,
    name: String,
    turns: VecDeque<Turn>,
    /// What the connector sent since the last answer.
    sent: Vec<u8>,
    /// What it has not read yet.
    due: VecDeque<u8>,
}

impl Line {
    /// Goes past what the connector was to send, to the next answer or the beginning of TLS.
    fn settle(&mut self) {
        let mut expected = Vec::new();
        let mut anything = false;
        while let Some(turn @ (Turn::Sends(_) | Turn::Anything)) = self.turns.front() {
            match turn {
                Turn::Sends(bytes) => expected.extend(bytes.read().unwrap_or_default()),
                _ => anything = true,
            }
            self.turns.pop_front();
        }
        let sent = std::mem::take(&mut self.sent);
        let same = match (std::str::from_utf8(&expected), std::str::from_utf8(&sent)) {
            (Ok(expected), Ok(sent)) => matching::text(expected, sent),
            _ => expected == sent,
        };
        let mut play = self.system.play();
        if play.strict && !anything && !same {
            let (sent, expected) = (String::from_utf8_lossy(&sent), String::from_utf8_lossy(&expected));
            play.amiss.push(format!("to {}: it sent {sent:?}, not {expected:?}", self.name));
        }
    }
}

impl Peer for Line {
    fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        self.sent.extend_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, max: usize) -> Result<Vec<u8>, TcpError> {
        if self.due.is_empty() {
            self.settle();
            let usual = match self.turns.front() {
                Some(Turn::Answers(bytes)) => bytes.read().ok(),
                _ => None,
            };
            // Where the end of the stream is the end of the text, half of it is a text.
            let ends = self.turns.len() == 1
                && usual.as_deref().is_some_and(|usual| std::str::from_utf8(usual).is_ok());
            match self.system.play().garble(usual.as_deref().filter(|_| !ends)) {
                Some((Ok(bytes), true)) => {
                    self.due.extend(bytes);
                }
                Some((Ok(bytes), false)) => {
                    self.due.extend(bytes);
                    self.turns.clear();
                }
                Some((Err(error), _)) => return Err(error),
                None => {
                    self.due.extend(usual.unwrap_or_default());
                    self.turns.pop_front_if(|turn| matches!(turn, Turn::Answers(_)));
                }
            }
        }
        let count = max.min(self.due.len());
        Ok(self.due.drain(..count).collect())
    }

    fn start_tls(&mut self) -> Result<(), TcpError> {
        self.settle();
        let is_tls = self.turns.pop_front_if(|turn| *turn == Turn::Tls).is_some();
        let mut play = self.system.play();
        if play.strict && !is_tls {
            play.amiss.push(format!("to {}: it began TLS where the cassette has none", self.name));
        }
        Ok(())
    }
}

/// What a connector leaves unsaid is seen when it closes the stream.
impl Drop for Line {
    fn drop(&mut self) {
        let says = |turn: &Turn| matches!(turn, Turn::Sends(_) | Turn::Anything);
        if !self.sent.is_empty() || self.turns.front().is_some_and(says) {
            self.settle();
        }
    }
}

/// How a request differs from the expected one.
fn differs(expected: &Request, request: &http::Request<Bytes>) -> Option<String> {
    let url = request.uri().to_string();
    if expected.method != request.method().as_str() || !same_url(&expected.url, &url) {
        return Some(format!("it is {} {url}, not {} {}", request.method(), expected.method, expected.url));
    }
    let header = |name: &str| {
        request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    for (name, value) in &expected.headers {
        match header(name) {
            Some(seen) if matching::text(value, &seen) => {}
            Some(seen) => return Some(format!("the header field {name} is {seen:?}, not {value:?}")),
            None => return Some(format!("it has no header field {name}")),
        }
    }
    if let Some(authorization) = &expected.authorization {
        let value = match authorization {
            Authorization::Basic { user, password } => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Authorization::Bearer(token) => format!("Bearer {token}"),
        };
        if header(AUTHORIZATION.as_str()).is_none_or(|seen| !matching::text(&value, &seen)) {
            return Some("it has other credentials".to_owned());
        }
    }
    let body = String::from_utf8_lossy(request.body());
    let same = match &expected.body {
        None => body.is_empty(),
        Some(Body::Text(text)) => matching::text(text, &body),
        Some(Body::Json { json }) => {
            serde_json::from_str(&body).is_ok_and(|seen| matching::json(json, &seen))
        }
        Some(exactly @ Body::Base64 { .. }) => exactly.bytes() == *request.body(),
        Some(Body::Contains { contains }) => {
            contains.iter().all(|part| matching::text(&format!("[any]{part}[any]"), &body))
        }
    };
    (!same).then(|| {
        format!("its body is {body}, not {}", serde_json::to_string(&expected.body).unwrap_or_default())
    })
}

/// A URL without a path has the path `/`, and one of the usual port has none.
fn same_url(expected: &str, seen: &str) -> bool {
    let normal = |url: &str| url.parse::<http::Uri>().map_or_else(|_| url.to_owned(), |uri| uri.to_string());
    let port = |url: &str| match url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) {
        Some((host, path)) => format!("https://{}/{path}", host.strip_suffix(":443").unwrap_or(host)),
        None => url.to_owned(),
    };
    matching::text(&port(&normal(expected)), &port(&normal(seen))) || matching::text(expected, seen)
}

fn answer(answer: &Answer) -> Result<http::Response<Bytes>, HttpError> {
    let response = match answer {
        Answer::Response(response) => response,
        Answer::Nothing(Nothing::Timeout) => {
            return Err(HttpError::Timeout("the fake does not answer".to_owned()));
        }
        Answer::Nothing(Nothing::Reset) => {
            return Err(HttpError::Unreachable("the fake ended the connection before its answer".to_owned()));
        }
        Answer::Nothing(Nothing::Unreachable) => {
            return Err(HttpError::Unreachable("no connection to the fake".to_owned()));
        }
    };
    let body = response.body.as_ref().map(Body::bytes).unwrap_or_default();
    let mut filled = http::Response::new(Bytes::from(body));
    *filled.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
    if matches!(response.body, Some(Body::Json { .. })) {
        filled.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            filled.headers_mut().insert(name, value);
        }
    }
    Ok(filled)
}

/// Where a cassette has no more to say, there is nothing; a fake that knows nothing says an empty yes.
fn nothing_in_particular(scripted: bool) -> http::Response<Bytes> {
    let (status, kind, body) = if scripted {
        (StatusCode::NOT_FOUND, "text/plain", "The cassette has no answer to this request.")
    } else {
        (StatusCode::OK, "application/json", "{}")
    };
    let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cassette_that_is_played_in_another_order_goes_on_where_it_was() {
        let exchange = |path: &str, text: &str| {
            json!({
                "request": { "method": "GET", "url": format!("https://a.example/{path}") },
                "response": { "status": 200, "body": text }
            })
        };
        let cassette = serde_json::from_value(json!({
            "action": "a",
            "exchanges": [
                exchange("session", "open"),
                exchange("job", "under way"),
                exchange("job?last", "nearly"),
                exchange("job", "done")
            ],
            "outcome": { "failure": "upstream" }
        }));
        let system = System::lenient(&cassette.unwrap());
        let ask = |path: &str| {
            let request = http::Request::get(format!("https://a.example/{path}")).body(Bytes::new()).unwrap();
            let answer = system.exchange(&request).unwrap();
            (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
        };
        let ok = |text: &str| (200, text.to_owned());
        assert_eq!(ask("job"), ok("under way"));
        assert_eq!(ask("session"), ok("open"));
        // What is asked exactly like this comes before what has only the path.
        assert_eq!(ask("job"), ok("done"));
        assert_eq!(ask("session"), ok("open"));
        assert_eq!(ask("job?other"), ok("nearly"));
        assert_eq!(ask("job"), ok("done"));
        assert_eq!(ask("nothing").0, 404);
    }
}
