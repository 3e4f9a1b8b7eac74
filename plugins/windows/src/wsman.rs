use palisade_sdk::{Failure, UpstreamError, connector::Call, http::Response};
use roxmltree::{Document, Node};

use crate::{Configuration, envelope, item::Item, server::Server};

/// Where WinRM listens.
pub(crate) const PATH: &str = "/wsman";

/// How many items of one query are read: far more than a healthy server has processes or sessions.
const ITEMS_MAX: usize = 10_000;

/// WinRM on one server.
pub(crate) struct Wsman<'a> {
    call: &'a Call<Configuration>,
    url: String,
}

impl<'a> Wsman<'a> {
    pub(crate) fn new(call: &'a Call<Configuration>, server: &Server) -> Self {
        Self { call, url: format!("{}{PATH}", server.url) }
    }

    /// The service's product version.
    pub(crate) fn identify(&self) -> Result<String, Failure> {
        let answer = self.send(envelope::identify())?;
        let document = parse(&answer)?;
        let version = find(document.root(), "ProductVersion").and_then(|node| node.text());
        version.map(str::to_owned).ok_or_else(|| Failure::upstream("the server does not say what it is"))
    }

    /// The instances that a WQL query finds.
    pub(crate) fn query(&self, wql: &str) -> Result<Vec<Item>, Failure> {
        Ok(self.ask(wql)?)
    }

    /// The same, where the server's own no is told from an answer that makes no sense.
    pub(crate) fn ask(&self, wql: &str) -> Result<Vec<Item>, Refused> {
        let mut items = Vec::new();
        let mut request = envelope::enumerate(&self.url, wql);
        loop {
            let answer = self.send(request)?;
            let document = parse(&answer)?;
            let before = items.len();
            if let Some(found) = find(document.root(), "Items") {
                let instances = found.children().filter(Node::is_element);
                items.extend(instances.take(ITEMS_MAX + 1 - before).map(Item::read));
            }
            if items.len() > ITEMS_MAX {
                return Err(Failure::upstream(format!("`{wql}` finds more than {ITEMS_MAX} items")).into());
            }

            let context = find(document.root(), "EnumerationContext").and_then(|node| node.text());
            match context.map(str::trim).filter(|context| !context.is_empty()) {
                Some(context) if find(document.root(), "EndOfSequence").is_none() => {
                    // The first answer may be empty, a later one may not: it would never end.
                    if items.len() == before && before > 0 {
                        return Err(Failure::upstream(format!("`{wql}` goes on without finding more")).into());
                    }
                    request = envelope::pull(&self.url, context);
                }
                _ => return Ok(items),
            }
        }
    }

    fn send(&self, envelope: String) -> Result<String, Refused> {
        let Configuration { username, password, .. } = &self.call.configuration;
        let request = self.call.http().post(&self.url).basic(username, password);
        let response = request.body("application/soap+xml;charset=UTF-8", envelope).send()?;
        if let Some(fault) = fault(&response) {
            return Err(Refused::Fault(fault));
        }
        Ok(response.ok_or_words(refusal)?.text())
    }
}

/// Why a query has no result.
pub(crate) enum Refused {
    /// The server says so, in a fault.
    Fault(Failure),
    /// It does not answer, or not in WS-Management.
    Otherwise(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Otherwise(failure)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let (Refused::Fault(failure) | Refused::Otherwise(failure)) = refused;
        failure
    }
}

/// What the server answers instead of a result (SOAP 1.2 section 5.4).
fn fault(response: &Response) -> Option<Failure> {
    let text = response.text();
    let document = Document::parse(&text).ok()?;
    let fault = find(document.root(), "Fault")?;
    let of = |name| find(fault, name).and_then(|node| node.text()).map(str::trim);
    let message = of("Message").or(of("Text")).unwrap_or("no reason given").to_owned();
    let denied = fault.descendants().any(|node| {
        node.tag_name().name() == "Value"
            && node.text().is_some_and(|code| code.trim().ends_with(":AccessDenied"))
    });
    Some(match denied {
        true => Failure::Authentication(message),
        false => Failure::Upstream(UpstreamError { http_status: Some(response.status), message }),
    })
}

/// WinRM refuses credentials without a body, and says in a header what it would take.
fn refusal(response: &Response) -> Option<String> {
    if response.status != 401 {
        return None;
    }
    let schemes: Vec<_> =
        response.headers("www-authenticate").filter_map(|offer| offer.split(' ').next()).collect();
    Some(match schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic")) {
        true => "WinRM refuses this user and password".to_owned(),
        false => format!("WinRM does not allow Basic authentication, but {}", schemes.join(", ")),
    })
}

fn parse(text: &str) -> Result<Document<'_>, Failure> {
    Document::parse(text).map_err(|error| Failure::upstream(format!("the answer is no XML: {error}")))
}

/// The first element of this name; every name that is looked for is unique in its message.
fn find<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|node| node.is_element() && node.tag_name().name() == name)
}
