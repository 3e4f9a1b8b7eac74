//! The asset's resolver, over TCP or over HTTPS.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use palisade_sdk::{Failure, connector::Call, random, tcp::TcpStream};

use crate::{
    Configuration,
    message::{self, Found},
    name::Name,
    record::RecordType,
};

/// Where resolvers listen.
pub(crate) const PORT: u16 = 53;

/// The media type of a message (RFC 8484, section 6).
const MEDIA_TYPE: &str = "application/dns-message";

/// Looks up the records of one type; nothing if there is no such name.
pub(crate) fn ask(
    call: &Call<Configuration>,
    name: &Name,
    record_type: RecordType,
) -> Result<Option<Found>, Failure> {
    match (&call.configuration.resolver, &call.configuration.doh_url) {
        (Some(resolver), None) => {
            let id = random::bytes(2).iter().fold(0, |id, byte| id << 8 | u16::from(*byte));
            let question = message::question(id, name, record_type)?;
            let answer = over_tcp(&call.tcp().connect_to(resolver, PORT)?, &question)?;
            message::read(&answer, id, name, record_type)
        }
        (None, Some(url)) => {
            // The same question is then the same URL, which caches need (RFC 8484, section 4.1).
            let id = 0;
            let question = message::question(id, name, record_type)?;
            let answer = over_https(call, url, &question)?;
            message::read(&answer, id, name, record_type)
        }
        _ => Err(Failure::invalid("the asset needs either `resolver` or `doh_url`")),
    }
}

/// Two bytes of length stand before each message, and leave together with it (RFC 7766, section 8).
fn over_tcp(stream: &TcpStream, question: &[u8]) -> Result<Vec<u8>, Failure> {
    let length = u16::try_from(question.len()).map_err(|_| Failure::invalid("the question is too long"))?;
    stream.write(&[&length.to_be_bytes(), question].concat())?;
    let length = read_exactly(stream, 2)?;
    read_exactly(stream, usize::from(u16::from_be_bytes([length[0], length[1]])))
}

fn read_exactly(stream: &TcpStream, length: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let missing = u32::try_from(length - bytes.len()).unwrap_or(u32::MAX);
        let more = stream.read(missing)?;
        if more.is_empty() {
            return Err(Failure::Unavailable("the resolver closed the connection within its answer".into()));
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

fn over_https(call: &Call<Configuration>, url: &str, question: &[u8]) -> Result<Vec<u8>, Failure> {
    let request = call.http().get(url).query("dns", URL_SAFE_NO_PAD.encode(question));
    let response = request.header("accept", MEDIA_TYPE).send()?.ok()?;
    match response.header("content-type") {
        Some(MEDIA_TYPE) => Ok(response.body),
        other => Err(Failure::upstream(format!(
            "the server answers with {} and not with {MEDIA_TYPE}: `doh_url` may be wrong",
            other.unwrap_or("no content type")
        ))),
    }
}
