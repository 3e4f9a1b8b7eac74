use palisade_sdk::{
    Failure,
    connector::Call,
    http::{Request, Response},
};
use serde::Deserialize;

use crate::{Configuration, configuration::Credentials};

/// The management port, with proof of who is calling.
pub(crate) struct Server<'a> {
    call: &'a Call<Configuration>,
    credentials: Credentials<'a>,
}

impl<'a> Server<'a> {
    pub(crate) fn new(call: &'a Call<Configuration>) -> Result<Self, Failure> {
        Ok(Self { call, credentials: call.configuration.credentials()? })
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        self.call.http().get(&self.call.configuration.url).path(path)
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        self.call.http().post(&self.call.configuration.url).path(path)
    }

    /// Sends the request and asks for JSON; without that Splunk answers in XML.
    pub(crate) fn send(&self, request: Request) -> Result<Response, Failure> {
        self.attempt(request)?.ok_or_words(words)
    }

    /// The same for who has something to say to a status that is an error.
    pub(crate) fn attempt(&self, request: Request) -> Result<Response, Failure> {
        let request = request.query("output_mode", "json");
        match self.credentials {
            Credentials::Token(token) => request.bearer(token),
            Credentials::Basic { user, password } => request.basic(user, password),
        }
        .send()
    }
}

/// What Splunk says beside an answer, or instead of one.
#[derive(Deserialize)]
pub(crate) struct Message {
    /// `FATAL`, `ERROR`, `WARN`, `INFO` and others.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// Errors come as `{"messages": [{"type", "text"}]}`.
pub(crate) fn words(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        messages: Vec<Message>,
    }
    let answer: Answer = response.json().ok()?;
    let texts: Vec<_> = answer.messages.into_iter().map(|message| message.text).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}
