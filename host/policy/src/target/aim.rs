//! The values in an action's parameters, each read as everything that it can be.

use std::{cell::OnceCell, fmt, rc::Rc};

use serde_json::{Number, Value as Json};

use super::{
    address::{Addresses, Block},
    device,
    host::Hosts,
    text::folded,
    user::{self, User},
};
use crate::{
    limits::{QUOTED_CHARS, VALUES_MAX},
    values::Quoted,
};

/// What one action may act on. Read when it is first asked for, and once.
pub(crate) struct Aims<'a> {
    parameters: &'a Json,
    read: OnceCell<Option<Vec<Value>>>,
}

impl<'a> Aims<'a> {
    pub(crate) fn of(parameters: &'a Json) -> Self {
        Self { parameters, read: OnceCell::new() }
    }

    /// Every value; none if there are more than [`VALUES_MAX`].
    pub(super) fn values(&self) -> Option<&[Value]> {
        let read = || {
            let mut found = Found::default();
            found.walk(self.parameters, &Place::default()).then_some(found.values)
        };
        self.read.get_or_init(read).as_deref()
    }
}

/// One value, and what it can be.
#[derive(Debug)]
pub(crate) struct Value {
    /// The parameter that it is in.
    pub(super) parameter: Rc<str>,
    place: String,
    text: String,
    /// As an address, a network or a host.
    pub(super) hosts: Hosts,
    /// As an account.
    pub(super) users: Vec<User>,
    /// As a device.
    pub(super) device: String,
}

impl Value {
    /// Every address that it is or names.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.hosts.addresses.iter().flat_map(|addresses| &addresses.blocks)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its parameter {} is {}", Quoted(&self.place), Quoted(&self.text))
    }
}

/// Where a value stands, for a person: `hosts[2].name`.
#[derive(Clone, Default)]
struct Place {
    parameter: Rc<str>,
    path: String,
}

impl Place {
    fn field(&self, key: &str) -> Self {
        let top = self.path.is_empty();
        let parameter = if top { key.into() } else { Rc::clone(&self.parameter) };
        self.below(parameter, if top { "" } else { "." }, key)
    }

    fn item(&self, index: usize) -> Self {
        self.below(Rc::clone(&self.parameter), "", &format!("[{index}]"))
    }

    /// Cut, as each value has one and a key can be long.
    fn below(&self, parameter: Rc<str>, separator: &str, step: &str) -> Self {
        let path =
            self.path.chars().chain(separator.chars()).chain(step.chars()).take(QUOTED_CHARS + 1).collect();
        Self { parameter, path }
    }
}

#[derive(Default)]
struct Found {
    values: Vec<Value>,
}

impl Found {
    /// Whether all were taken.
    fn walk(&mut self, json: &Json, place: &Place) -> bool {
        match json {
            Json::Null | Json::Bool(_) => true,
            Json::Number(number) => self.push(whole(number), Hosts::default(), place),
            Json::String(text) => self.text(text, place),
            Json::Array(items) => {
                items.iter().enumerate().all(|(index, item)| self.walk(item, &place.item(index)))
            }
            Json::Object(fields) => fields.iter().all(|(key, field)| self.walk(field, &place.field(key))),
        }
    }

    fn text(&mut self, text: &str, place: &Place) -> bool {
        // Browsers and many libraries drop these from a URL before they read it.
        let broken = ['\n', '\r', '\t'];
        let joined = text.trim().contains(broken).then(|| folded(&text.replace(broken, "")));
        text.split(['\n', '\r']).all(|line| self.line(&folded(line), place))
            && joined.is_none_or(|joined| self.piece(joined, place))
    }

    fn line(&mut self, line: &str, place: &Place) -> bool {
        if user::distinguished(line).is_some() {
            return self.piece(line.to_owned(), place);
        }
        line.split([',', ';']).all(|piece| {
            let piece = piece.trim();
            let words = || piece.split(' ');
            let addresses = piece.contains(' ') && words().all(|word| Addresses::read(word).is_some());
            (!addresses || words().all(|word| self.piece(word.to_owned(), place)))
                && self.piece(piece.to_owned(), place)
        })
    }

    fn piece(&mut self, text: String, place: &Place) -> bool {
        if text.is_empty() {
            return true;
        }
        let hosts = Hosts::read(&text);
        self.push(text, hosts, place)
    }

    fn push(&mut self, text: String, hosts: Hosts, place: &Place) -> bool {
        if self.values.len() == VALUES_MAX {
            return false;
        }
        self.values.push(Value {
            parameter: Rc::clone(&place.parameter),
            place: place.path.clone(),
            hosts,
            users: User::read(&text),
            device: device::key(&text),
            text,
        });
        true
    }
}

/// A number as an identifier is written: `77.0` is 77, as JSON Schema has it.
fn whole(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}
