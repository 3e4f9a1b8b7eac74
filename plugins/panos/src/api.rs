use palisade_sdk::{
    Failure, UpstreamError,
    connector::Call,
    http::{Request, Response},
};
use roxmltree::{Document, Node};

use crate::{Configuration, xml};

/// Carries the key; in the URL it would end up in logs.
pub(crate) const KEY_HEADER: &str = "x-pan-key";

const PATH: &str = "/api/";

/// Codes of "PAN-OS XML API Error Codes" in the vendor's documentation.
pub(crate) const OBJECT_NOT_PRESENT: u16 = 7;
const REFERENCE_COUNT_NOT_ZERO: u16 = 10;
const OBJECT_NOT_FOUND: u16 = 13;
const OPERATION_NOT_POSSIBLE: u16 = 14;

/// The XML API of one firewall.
pub(crate) struct Firewall<'a> {
    pub(crate) call: &'a Call<Configuration>,
}

/// One answer: the firewall says yes or no in the XML, most often with HTTP status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    success: bool,
    pub(crate) code: Option<u16>,
    /// The firewall's own words.
    pub(crate) words: String,
    text: String,
}

impl<'a> Firewall<'a> {
    pub(crate) fn new(call: &'a Call<Configuration>) -> Self {
        Self { call }
    }

    /// An operational command that reads.
    pub(crate) fn operate(&self, command: &str) -> Result<Answer, Failure> {
        self.send(self.get().query("type", "op").query("cmd", command))
    }

    /// A part of the running configuration.
    pub(crate) fn running(&self, xpath: &str) -> Result<Answer, Failure> {
        self.send(self.get().query("type", "config").query("action", "show").query("xpath", xpath))
    }

    /// A part of the candidate configuration.
    pub(crate) fn candidate(&self, xpath: &str) -> Result<Answer, Failure> {
        self.send(self.get().query("type", "config").query("action", "get").query("xpath", xpath))
    }

    /// Adds to the candidate configuration; what is there stays as it is.
    pub(crate) fn set(&self, xpath: &str, element: &str) -> Result<(), Failure> {
        let form = [("type", "config"), ("action", "set"), ("xpath", xpath), ("element", element)];
        self.send(self.post().form(form))?.ok().map(drop)
    }

    /// Moves an entry of the candidate configuration to the top of its list.
    pub(crate) fn move_to_top(&self, xpath: &str) -> Result<(), Failure> {
        let form = [("type", "config"), ("action", "move"), ("xpath", xpath), ("where", "top")];
        match self.send(self.post().form(form))? {
            // It is there.
            Answer { code: Some(OPERATION_NOT_POSSIBLE), .. } => Ok(()),
            answer => answer.ok().map(drop),
        }
    }

    /// Deletes from the candidate configuration, if it is there. What something else refers to stays.
    pub(crate) fn delete(&self, xpath: &str) -> Result<(), Failure> {
        let form = [("type", "config"), ("action", "delete"), ("xpath", xpath)];
        match self.send(self.post().form(form))? {
            answer if answer.is_absence() => Ok(()),
            Answer { code: Some(REFERENCE_COUNT_NOT_ZERO), words, .. } => Err(Failure::upstream(format!(
                "something else in the firewall's configuration uses it; take it out there first: {words}"
            ))),
            answer => answer.ok().map(drop),
        }
    }

    /// Asks for a commit of this administrator's changes.
    pub(crate) fn commit(&self) -> Result<Answer, Failure> {
        let administrator = xml::escaped(&self.call.configuration.administrator);
        let command =
            format!("<commit><partial><admin><member>{administrator}</member></admin></partial></commit>");
        self.send(self.post().form([("type", "commit"), ("action", "partial"), ("cmd", &command)]))
    }

    fn get(&self) -> Request {
        self.call.http().get(&self.call.configuration.url).path(PATH)
    }

    fn post(&self) -> Request {
        self.call.http().post(&self.call.configuration.url).path(PATH)
    }

    fn send(&self, request: Request) -> Result<Answer, Failure> {
        let request = request.header(KEY_HEADER, &self.call.configuration.api_key);
        Answer::read(request.send()?.ok_or_words(words)?.text())
    }
}

impl Answer {
    fn read(text: String) -> Result<Self, Failure> {
        let document = parse(&text)?;
        let response = document.root_element();
        if !response.has_tag_name("response") {
            return Err(Failure::upstream(
                "the answer is none of the XML API: is the asset's URL the firewall's?",
            ));
        }
        let success = response.attribute("status") == Some("success");
        let code = response.attribute("code").and_then(|code| code.parse().ok());
        let words = message(response).unwrap_or_else(|| "no reason given".to_owned());
        Ok(Self { success, code, words, text })
    }

    /// This answer, if it is a yes.
    pub(crate) fn ok(self) -> Result<Self, Failure> {
        if self.success {
            return Ok(self);
        }
        let Self { code, words, .. } = self;
        Err(match code {
            // Session timed out, unauthorized, forbidden.
            Some(16 | 22 | 403) => Failure::Authentication(words),
            Some(OBJECT_NOT_PRESENT | OBJECT_NOT_FOUND) => Failure::NotFound(words),
            // Bad xpath, invalid object, invalid or malformed command, bad request.
            Some(6 | 12 | 17 | 18 | 400) => Failure::InvalidParameters(words),
            Some(code) => Failure::Upstream(UpstreamError {
                http_status: None,
                message: format!("{words} (PAN-OS code {code})"),
            }),
            None => Failure::upstream(words),
        })
    }

    /// Like [`ok`](Self::ok), but nothing where the firewall has no such object.
    pub(crate) fn ok_if_present(self) -> Result<Option<Self>, Failure> {
        if self.is_absence() { Ok(None) } else { self.ok().map(Some) }
    }

    /// A firewall has several ways to say that there is nothing, some of them successes, and one without a code.
    fn is_absence(&self) -> bool {
        matches!(self.code, Some(OBJECT_NOT_PRESENT | OBJECT_NOT_FOUND)) || self.words == "No such node"
    }

    pub(crate) fn document(&self) -> Result<Document<'_>, Failure> {
        parse(&self.text)
    }
}

fn parse(text: &str) -> Result<Document<'_>, Failure> {
    Document::parse(text).map_err(|error| Failure::upstream(format!("the answer is no XML: {error}")))
}

/// The API says what is wrong as `<msg>`, with or without `<line>`s, in or out of `<result>`.
fn message(response: Node<'_, '_>) -> Option<String> {
    let message = xml::find(response, "msg")?;
    let lines: Vec<_> =
        message.descendants().filter(|node| node.has_tag_name("line")).filter_map(xml::text).collect();
    if lines.is_empty() { xml::text(message) } else { Some(lines.join("; ")) }
}

fn words(response: &Response) -> Option<String> {
    let text = response.text();
    let document = Document::parse(&text).ok()?;
    message(document.root_element())
}
