use std::collections::VecDeque;

use serde_json::Value;

use crate::bindings::connector::palisade::plugin::http::{Authorization, Error, Request, Response};

/// One HTTP request that the connector must send next, and what it gets back.
///
/// Method, URL, authorization and body must be exactly as said; of the header fields only those that are said.
///
/// ```
/// use palisade_sdk::testing::{Exchange, HttpError};
/// use serde_json::json;
///
/// let created = Exchange::post("https://api.example.com/cases")
///     .bearer("placeholder")
///     .json(json!({ "title": "Look" }))
///     .answer_json(201, json!({ "id": 7 }));
/// let busy = Exchange::get("https://api.example.com/cases/7").answer(429, "").answer_header("retry-after", "30");
/// let away = Exchange::get("https://api.example.com/cases/7").fails(HttpError::Timeout("nothing in time".into()));
/// ```
#[derive(Clone, Debug)]
#[must_use = "an exchange does nothing until it is given to a test"]
pub struct Exchange {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    authorization: Option<Authorization>,
    body: Body,
    answer: Result<Response, Error>,
}

#[derive(Clone, Debug)]
enum Body {
    Exactly(String),
    Json(Value),
    Containing(Vec<String>),
}

impl Exchange {
    /// A `GET` of this URL, without a body.
    pub fn get(url: &str) -> Self {
        Self::request("GET", url)
    }

    /// A `POST` to this URL.
    pub fn post(url: &str) -> Self {
        Self::request("POST", url)
    }

    /// A request with this method. Unless told otherwise it has no body, and is answered by an empty 200.
    pub fn request(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            authorization: None,
            body: Body::Exactly(String::new()),
            answer: Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() }),
        }
    }

    /// It has this header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// It has this user and password.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.authorization = Some(Authorization::Basic((user.to_owned(), password.to_owned())));
        self
    }

    /// It has this Bearer token.
    pub fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(Authorization::Bearer(token.to_owned()));
        self
    }

    /// Its body is this text.
    pub fn body(mut self, body: &str) -> Self {
        self.body = Body::Exactly(body.to_owned());
        self
    }

    /// Its body is this JSON value.
    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Its body has this text somewhere.
    pub fn body_containing(mut self, part: &str) -> Self {
        match &mut self.body {
            Body::Containing(parts) => parts.push(part.to_owned()),
            body => *body = Body::Containing(vec![part.to_owned()]),
        }
        self
    }

    /// It is answered by this JSON value.
    pub fn answer_json(self, status: u16, body: impl Into<Value>) -> Self {
        self.answer(status, body.into().to_string()).answer_header("content-type", "application/json")
    }

    /// It is answered by this body.
    pub fn answer(mut self, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.answer = Ok(Response { status, headers: Vec::new(), body: body.into() });
        self
    }

    /// Its answer has this header field; comes after the answer.
    pub fn answer_header(mut self, name: &str, value: &str) -> Self {
        if let Ok(answer) = &mut self.answer {
            answer.headers.push((name.to_lowercase(), value.to_owned()));
        }
        self
    }

    /// It gets no answer.
    pub fn fails(mut self, error: Error) -> Self {
        self.answer = Err(error);
        self
    }

    pub(super) fn meet(self, request: &Request) -> Result<Response, Error> {
        let (method, url) = (&self.method, &self.url);
        assert_eq!((&request.method, &request.url), (method, url), "the wrong request");
        assert_eq!(request.authorization, self.authorization, "the authorization of {method} {url}");
        for field in self.headers {
            assert!(
                request.headers.contains(&field),
                "{method} {url} lacks {field:?}: {:?}",
                request.headers
            );
        }
        let body = String::from_utf8_lossy(&request.body);
        match self.body {
            Body::Exactly(expected) => assert_eq!(body, expected, "the body of {method} {url}"),
            Body::Json(expected) => {
                let body: Value = serde_json::from_str(&body).expect("the body is JSON");
                assert_eq!(body, expected, "the body of {method} {url}");
            }
            Body::Containing(parts) => {
                for part in parts {
                    assert!(body.contains(&part), "the body of {method} {url} lacks {part:?}: {body}");
                }
            }
        }
        self.answer
    }
}

/// One TCP stream that the connector must open next, turn by turn: what it must send, and what it then reads. After the
/// last turn the stream ends.
///
/// ```
/// use palisade_sdk::testing::Conversation;
///
/// let whois = Conversation::new("whois.example.net", 43, "example.org\r\n", "Holder: Example\r\n");
/// let mail = Conversation::new("mail.example.com", 587, "", "220 ready\r\n").then("STARTTLS\r\n", "220 go\r\n").then_tls();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a conversation does nothing until it is given to a test"]
pub struct Conversation {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) turns: VecDeque<Turn>,
}

#[derive(Clone, Debug)]
pub(super) enum Turn {
    Talk { sends: Vec<u8>, answer: Vec<u8> },
    Tls,
}

impl Conversation {
    /// A stream to this host and port, and its first turn. Where the server speaks first, nothing is sent in it.
    pub fn new(host: &str, port: u16, sends: impl Into<Vec<u8>>, answer: impl Into<Vec<u8>>) -> Self {
        Self { host: host.to_owned(), port, turns: VecDeque::new() }.then(sends, answer)
    }

    /// The next turn.
    pub fn then(mut self, sends: impl Into<Vec<u8>>, answer: impl Into<Vec<u8>>) -> Self {
        self.turns.push_back(Turn::Talk { sends: sends.into(), answer: answer.into() });
        self
    }

    /// Then the stream must be turned into TLS.
    pub fn then_tls(mut self) -> Self {
        self.turns.push_back(Turn::Tls);
        self
    }
}
