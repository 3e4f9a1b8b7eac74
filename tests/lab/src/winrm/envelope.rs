//! The SOAP envelope of a request, checked as DSP0226 §5 asks.

use roxmltree::{Document, Node};

use super::fault::Fault;
use super::{ADDRESSING, ANONYMOUS, IDENTITY, MICROSOFT, SOAP, WSMAN};

/// Smallest `MaxEnvelopeSize` that a service must accept (DSP0226, R6.2-3), in bytes.
const SMALLEST_ENVELOPE: usize = 8192;

/// `MaxEnvelopeSizekb` of a Windows server, in bytes.
const LARGEST_ENVELOPE: usize = 500 * 1024;

/// Headers that the service understands.
const UNDERSTOOD: [(&str, &[&str]); 3] = [
    (ADDRESSING, &["To", "Action", "MessageID", "ReplyTo", "FaultTo", "From", "RelatesTo"]),
    (WSMAN, &["ResourceURI", "SelectorSet", "MaxEnvelopeSize", "OperationTimeout", "Locale", "OptionSet"]),
    (MICROSOFT, &["DataLocale", "SessionId", "OperationID", "SequenceId", "ActivityId"]),
];

/// A request that may be processed.
pub(crate) enum Message<'a> {
    /// The server shall tell what it is; needs no headers (DSP0226 §11).
    Identify,
    /// An operation on a resource.
    Operation(Operation<'a>),
}

pub(crate) struct Operation<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) action: &'a str,
    pub(crate) resource_uri: &'a str,
    pub(crate) selectors: Vec<(&'a str, &'a str)>,
    /// Bytes that the answer's envelope may have.
    pub(crate) max_envelope: usize,
    /// The one element of the body, if any.
    pub(crate) body: Option<Node<'a, 'a>>,
}

/// A refusal, with the identifier of the message it answers where that could be read.
pub(crate) struct Refusal {
    pub(crate) fault: Fault,
    pub(crate) relates_to: Option<String>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal { fault, relates_to: None }
    }
}

/// Reads and checks a request.
pub(crate) fn read<'a>(document: &'a Document<'a>) -> Result<Message<'a>, Refusal> {
    let envelope = document.root_element();
    if envelope.tag_name().name() != "Envelope" {
        return Err(Fault::INVALID_XML.into());
    }
    if envelope.tag_name().namespace() != Some(SOAP) {
        return Err(Fault::VERSION_MISMATCH.into());
    }
    let body = child(envelope, SOAP, "Body").ok_or(Fault::SCHEMA)?;
    let body = body.children().find(Node::is_element);
    if body.is_some_and(|body| body.has_tag_name((IDENTITY, "Identify"))) {
        return Ok(Message::Identify);
    }
    let header = child(envelope, SOAP, "Header").ok_or(Fault::HEADER_REQUIRED)?;
    // Read first, for every later refusal relates to it.
    let message_id = only_text(header, ADDRESSING, "MessageID")?.ok_or(Fault::HEADER_REQUIRED)?;
    let refuse = |fault| Refusal { fault, relates_to: Some(message_id.to_owned()) };
    operation(header, body, message_id).map(Message::Operation).map_err(refuse)
}

fn operation<'a>(
    header: Node<'a, 'a>,
    body: Option<Node<'a, 'a>>,
    message_id: &'a str,
) -> Result<Operation<'a>, Fault> {
    if !(message_id.starts_with("uuid:") || message_id.starts_with("urn:uuid:")) {
        return Err(Fault::HEADER_INVALID);
    }
    for block in header.children().filter(Node::is_element) {
        let must =
            block.attribute((SOAP, "mustUnderstand")).is_some_and(|must| must == "true" || must == "1");
        if block.has_tag_name((WSMAN, "FragmentTransfer")) {
            return Err(Fault::unsupported("FragmentLevelAccess"));
        }
        if must && !understood(block) {
            return Err(Fault::MUST_UNDERSTAND);
        }
    }
    let to = only_text(header, ADDRESSING, "To")?.ok_or(Fault::HEADER_REQUIRED)?;
    if !(to.starts_with("https://") || to.starts_with("http://")) {
        return Err(Fault::HEADER_INVALID);
    }
    let action = only_text(header, ADDRESSING, "Action")?.ok_or(Fault::HEADER_REQUIRED)?;
    let reply_to = only(header, ADDRESSING, "ReplyTo")?.ok_or(Fault::HEADER_REQUIRED)?;
    let reply_to = only_text(reply_to, ADDRESSING, "Address")?.ok_or(Fault::HEADER_INVALID)?;
    if reply_to != ANONYMOUS {
        return Err(Fault::unsupported("AddressingMode"));
    }
    let resource_uri = only_text(header, WSMAN, "ResourceURI")?.ok_or(Fault::RESOURCE_URI)?;
    if let Some(timeout) = only_text(header, WSMAN, "OperationTimeout")?
        && !timeout.starts_with("PT")
        && !timeout.starts_with("P0")
    {
        return Err(Fault::HEADER_INVALID);
    }
    Ok(Operation {
        message_id,
        action,
        resource_uri,
        selectors: selectors(header)?,
        max_envelope: max_envelope(header)?,
        body,
    })
}

fn selectors<'a>(header: Node<'a, 'a>) -> Result<Vec<(&'a str, &'a str)>, Fault> {
    let Some(set) = only(header, WSMAN, "SelectorSet")? else { return Ok(Vec::new()) };
    let mut selectors: Vec<(&str, &str)> = Vec::new();
    for selector in set.children().filter(|node| node.has_tag_name((WSMAN, "Selector"))) {
        let name = selector.attribute("Name").ok_or(Fault::SCHEMA)?;
        if selectors.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(Fault::SELECTORS_DUPLICATE);
        }
        selectors.push((name, selector.text().unwrap_or_default()));
    }
    Ok(selectors)
}

fn max_envelope(header: Node<'_, '_>) -> Result<usize, Fault> {
    let Some(text) = only_text(header, WSMAN, "MaxEnvelopeSize")? else { return Ok(LARGEST_ENVELOPE) };
    match text.parse::<usize>() {
        Err(_) => Err(Fault::HEADER_INVALID),
        Ok(size) if size < SMALLEST_ENVELOPE => Err(Fault::ENVELOPE_TOO_SMALL),
        // Windows' own clients ask for 512,000, which is 500 KiB by their count.
        Ok(size) if size > LARGEST_ENVELOPE => Err(Fault::ENVELOPE_TOO_LARGE),
        Ok(size) => Ok(size),
    }
}

fn understood(block: Node<'_, '_>) -> bool {
    let name = block.tag_name();
    UNDERSTOOD
        .iter()
        .any(|(namespace, names)| name.namespace() == Some(*namespace) && names.contains(&name.name()))
}

pub(crate) fn child<'a>(parent: Node<'a, 'a>, namespace: &str, name: &str) -> Option<Node<'a, 'a>> {
    parent.children().find(|node| node.has_tag_name((namespace, name)))
}

/// The child of this name; two of them are one too many.
fn only<'a>(parent: Node<'a, 'a>, namespace: &str, name: &str) -> Result<Option<Node<'a, 'a>>, Fault> {
    let mut named = parent.children().filter(|node| node.has_tag_name((namespace, name)));
    let first = named.next();
    if named.next().is_some() {
        return Err(Fault::HEADER_INVALID);
    }
    Ok(first)
}

/// The trimmed text of the child of this name; nothing if there is none or it is empty.
fn only_text<'a>(parent: Node<'a, 'a>, namespace: &str, name: &str) -> Result<Option<&'a str>, Fault> {
    let text = only(parent, namespace, name)?.and_then(|node| node.text()).map(str::trim);
    Ok(text.filter(|text| !text.is_empty()))
}
