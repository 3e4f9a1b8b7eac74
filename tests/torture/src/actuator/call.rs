use bytes::Bytes;
use http::{Method, request::Parts};
use percent_encoding::percent_decode_str;
use script::Kind;
use serde::Deserialize;

/// A request that the system understands.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) method: Method,
    /// Whose call it is; for a look at a job or for a note, its key.
    pub(super) tag: String,
    pub(super) key: Option<String>,
    pub(super) seen: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    tag: String,
    key: Option<String>,
    seen: Option<String>,
}

impl Call {
    /// Nothing if the system has nothing there, or the body is not what it takes.
    pub(super) fn read(head: &Parts, body: &Bytes) -> Option<Self> {
        let mut body: Body =
            if body.is_empty() { Body::default() } else { serde_json::from_slice(body).ok()? };
        let header = head.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
        let path: Vec<_> = head.uri.path().trim_start_matches('/').split('/').map(decoded).collect();
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        let kind = match (&head.method, path.as_slice()) {
            (&Method::PUT, ["switches", name]) => {
                (*name).clone_into(&mut body.tag);
                Kind::Switch
            }
            (&Method::DELETE, ["switches", name]) => {
                (*name).clone_into(&mut body.tag);
                Kind::Off
            }
            (&Method::POST, ["tickets"]) => Kind::Ticket,
            (&Method::POST, ["pages"]) => Kind::Page,
            (&Method::POST, ["notes"]) => Kind::Note,
            (&Method::GET, ["notes"]) => {
                body.tag = decoded(head.uri.query()?.strip_prefix("key=")?);
                body.key = Some(body.tag.clone());
                Kind::Note
            }
            (&Method::POST, ["jobs"]) => Kind::Job,
            (&Method::GET, ["jobs", key]) => {
                (*key).clone_into(&mut body.tag);
                body.key = Some(body.tag.clone());
                Kind::Job
            }
            (&Method::GET, ["facts", tag]) => {
                (*tag).clone_into(&mut body.tag);
                Kind::Facts
            }
            _ => return None,
        };
        let key = body.key.or(header.map(str::to_owned));
        Some(Self { kind, method: head.method.clone(), tag: body.tag, key, seen: body.seen })
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}
