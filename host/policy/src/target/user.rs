//! People, as directories, mail and Windows write them.

use std::collections::HashMap;

use serde::Deserialize;

use super::text::{bare, escaped, folded};
use crate::values::Words;

/// Where an account is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Realm {
    /// Not said: it may be anywhere.
    Any,
    /// `@acme.example`.
    Domain(String),
    /// `ACME\`.
    Windows(String),
    /// The values of the distinguished name behind the first one.
    Entry(Vec<String>),
}

impl Realm {
    /// Whether the two may be one place. Those of different kinds cannot be compared.
    fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Domain(one), Self::Domain(other)) | (Self::Windows(one), Self::Windows(other)) => {
                one == other
            }
            (Self::Entry(one), Self::Entry(other)) => one == other,
            _ => true,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }
}

/// One reading of a text as an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    name: String,
    realm: Realm,
}

impl User {
    /// Every reading of a folded text.
    pub(super) fn read(text: &str) -> Vec<Self> {
        let text = text.strip_prefix("mailto:").unwrap_or(text);
        // `Jane Doe <ceo@acme.example>`, RFC 5322, section 3.4.
        let text = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((_, address)) => address.trim(),
            None => text,
        };
        match distinguished(text) {
            Some(name) => Self::of_entry(name),
            None => Self::of_account(text).into_iter().collect(),
        }
    }

    fn of_account(text: &str) -> Option<Self> {
        let (windows, name) = match text.rsplit_once('\\') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, text),
        };
        let (name, realm) = match (name.rsplit_once('@'), windows) {
            (Some((name, domain)), _) => (name, Realm::Domain(domain.trim_end_matches('.').to_owned())),
            (None, Some(domain)) => (name, Realm::Windows(domain.to_owned())),
            (None, None) => (name, Realm::Any),
        };
        (!name.is_empty()).then(|| Self { name: name.to_owned(), realm })
    }

    fn of_entry(mut name: Vec<Vec<String>>) -> Vec<Self> {
        let first = name.remove(0);
        let rest: Vec<_> = name.into_iter().flatten().collect();
        let place = |user: Self| match user.realm {
            Realm::Any if !rest.is_empty() => Self { realm: Realm::Entry(rest.clone()), ..user },
            _ => user,
        };
        first.iter().filter_map(|value| Self::of_account(value)).map(place).collect()
    }
}

/// The values of a distinguished name, each of its parts by itself (RFC 4514): the attributes' names have too many
/// spellings to tell by them which value is the account. Nothing if it is none.
pub(super) fn distinguished(text: &str) -> Option<Vec<Vec<String>>> {
    let mut parts = vec![vec![Vec::new()]];
    let mut rest = text;
    let mut quoted = false;
    while let Some(next) = rest.chars().next() {
        let mut after = &rest[next.len_utf8()..];
        let part = parts.last_mut()?;
        match next {
            '"' => quoted = !quoted,
            ',' | ';' if !quoted => parts.push(vec![Vec::new()]),
            '+' if !quoted => part.push(Vec::new()),
            '\\' => {
                let (byte, behind) = match escaped(after) {
                    Some(escaped) => escaped,
                    None => (*after.as_bytes().first().filter(|byte| byte.is_ascii())?, &after[1..]),
                };
                part.last_mut()?.push(byte);
                after = behind;
            }
            _ => part.last_mut()?.extend_from_slice(&rest.as_bytes()[..next.len_utf8()]),
        }
        rest = after;
    }
    parts.into_iter().map(|part| part.into_iter().map(|bytes| value(&bytes)).collect()).collect()
}

/// The value of `attribute=value`.
fn value(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    let (attribute, value) = text.split_once('=')?;
    let attribute = attribute.trim();
    let named = !attribute.is_empty()
        && attribute.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let value = value.trim();
    // A value in BER (RFC 4514, section 2.4): a tag and a length of one byte each, and the text.
    let encoded = value.strip_prefix('#').and_then(palisade_model::unhex);
    let value = match encoded.as_deref() {
        Some([_, _, text @ ..]) => folded(&String::from_utf8_lossy(text)),
        _ => folded(value),
    };
    (named && !value.is_empty()).then_some(value)
}

/// An entry of a list in the file, in any form that is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Words")]
pub(crate) struct Entry {
    text: String,
    users: Vec<User>,
}

impl TryFrom<Words> for Entry {
    type Error = String;

    fn try_from(Words(text): Words) -> Result<Self, String> {
        let users = User::read(&folded(&text));
        if users.is_empty() || text.contains('*') {
            return Err(format!(
                "{text:?} is not a user: write ceo, ceo@acme.example, ACME\\ceo or a distinguished name"
            ));
        }
        Ok(Self { text, users })
    }
}

/// A list of users in the file.
#[derive(Debug)]
pub(super) struct Listed {
    /// By name without accents: the users, and the entry as it is written.
    names: HashMap<String, Vec<(User, String)>>,
}

impl From<Vec<Entry>> for Listed {
    fn from(entries: Vec<Entry>) -> Self {
        let mut names: HashMap<_, Vec<_>> = HashMap::new();
        for Entry { text, users } in entries {
            for user in users {
                names.entry(bare(&user.name)).or_default().push((user, text.clone()));
            }
        }
        Self { names }
    }
}

impl Listed {
    /// The entry that this account may be.
    pub(super) fn touched_by(&self, user: &User) -> Option<&str> {
        let entries = self.names.get(&bare(&user.name))?;
        let (_, entry) = entries.iter().find(|(listed, _)| listed.realm.may_be(&user.realm))?;
        Some(entry)
    }

    /// Whether this account is surely listed.
    pub(super) fn cover(&self, user: &User) -> bool {
        let is_it = |listed: &User| listed.name == user.name && listed.realm.covers(&user.realm);
        self.names
            .get(&bare(&user.name))
            .is_some_and(|entries| entries.iter().any(|(listed, _)| is_it(listed)))
    }
}
