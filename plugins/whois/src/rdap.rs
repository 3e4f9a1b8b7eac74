//! RDAP: questions (RFC 9082) and answers (RFC 9083).

use palisade_sdk::{Failure, connector::Call, http::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Configuration, contact::Contact};

/// The media type of an answer.
const MEDIA_TYPE: &str = "application/rdap+json";

/// What a registry knows of a domain, as far as it is used.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DomainAnswer {
    pub(crate) ldh_name: Option<String>,
    pub(crate) status: Vec<String>,
    pub(crate) nameservers: Vec<Nameserver>,
    pub(crate) events: Vec<Event>,
    pub(crate) entities: Vec<Entity>,
    links: Vec<Link>,
}

/// What a registry knows of a network, as far as it is used.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkAnswer {
    pub(crate) name: Option<String>,
    pub(crate) start_address: Option<String>,
    pub(crate) end_address: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) status: Vec<String>,
    pub(crate) events: Vec<Event>,
    pub(crate) entities: Vec<Entity>,
    /// An extension that all registries of addresses use.
    #[serde(rename = "cidr0_cidrs")]
    pub(crate) cidrs: Vec<Cidr>,
    /// ARIN's own extension.
    #[serde(rename = "arin_originas0_originautnums")]
    pub(crate) origins: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nameserver {
    pub(crate) ldh_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    event_action: String,
    event_date: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Cidr {
    v4prefix: Option<String>,
    v6prefix: Option<String>,
    length: u8,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Entity {
    roles: Vec<String>,
    vcard_array: Value,
    entities: Vec<Self>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Link {
    rel: String,
    href: String,
    #[serde(rename = "type")]
    media_type: String,
}

impl DomainAnswer {
    /// Where the registrar answers for the domain itself, if the registry leaves that to it.
    pub(crate) fn registrar_url(&self) -> Option<&str> {
        let related = |link: &&Link| link.rel == "related" && link.media_type == MEDIA_TYPE;
        self.links.iter().find(related).map(|link| link.href.as_str())
    }
}

impl Cidr {
    pub(crate) fn text(&self) -> Option<String> {
        let prefix = self.v4prefix.as_ref().or(self.v6prefix.as_ref())?;
        Some(format!("{prefix}/{}", self.length))
    }
}

/// When this last happened, as the registry writes it.
pub(crate) fn date(events: &[Event], action: &str) -> Option<String> {
    events.iter().find(|event| event.event_action == action)?.event_date.clone()
}

/// The first entity with this role; the abuse contact often stands inside another entity.
pub(crate) fn contact(entities: &[Entity], role: &str) -> Option<Contact> {
    let own = entities.iter().find(|entity| entity.roles.iter().any(|it| it == role));
    match own {
        Some(entity) => Contact::from_jcard(&entity.vcard_array).published(),
        None => entities.iter().find_map(|entity| contact(&entity.entities, role)),
    }
}

/// Asks an RDAP server, `base` being its URL, about one object.
pub(crate) fn ask(
    call: &Call<Configuration>,
    base: &str,
    kind: &str,
    object: &str,
) -> Result<Response, Failure> {
    call.http().get(base).path(kind).segment(object).header("accept", MEDIA_TYPE).send()
}

/// Follows a link to another RDAP server.
pub(crate) fn follow<T: DeserializeOwned>(call: &Call<Configuration>, url: &str) -> Result<T, Failure> {
    call.http().get(url).header("accept", MEDIA_TYPE).send()?.ok_or_words(words)?.json()
}

/// A server says what is wrong as `{"title", "description": [...]}` (RFC 9083 section 6).
pub(crate) fn words(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Error {
        title: String,
        description: Vec<String>,
    }
    let error: Error = response.json().ok()?;
    let words = [&[error.title][..], &error.description].concat().join(": ");
    Some(words).filter(|words| !words.is_empty())
}
