//! What an action acts on, and lists of it.
//!
//! No connector says which of its parameters is the target, and none would be believed. So every text in the parameters
//! is looked at, nested ones too, as everything that it can be: an address or a network, a host, a user, a device. Names
//! of parameters are not looked at, and neither are words within a sentence.
//!
//! A list is asked one of two questions. Whether it is *touched*: some value may be what it names. That is enough to
//! refuse, and to ask. Or whether it *covers*: every value is surely what it names. Nothing less lets an action through,
//! so that a harmless value beside the true target helps nobody.

mod address;
mod aim;
mod device;
mod host;
mod text;
mod user;

use std::fmt;

use self::aim::Value;
pub(crate) use self::{
    address::Entry as Network, aim::Aims, device::Entry as Device, host::Entry as Host, user::Entry as User,
};
use crate::values::{OneOf, Quoted, Words};

/// What a section of the file lists.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) networks: Option<OneOf<Network>>,
    pub(crate) hosts: Option<OneOf<Host>>,
    pub(crate) users: Option<OneOf<User>>,
    pub(crate) devices: Option<OneOf<Device>>,
}

/// Lists of what actions act on.
#[derive(Debug)]
pub(crate) struct Targets {
    /// The only parameters that are looked at; all if none are named.
    parameters: Option<Vec<Words>>,
    networks: Option<address::Networks>,
    hosts: Option<host::Listed>,
    users: Option<user::Listed>,
    devices: Option<device::Listed>,
}

impl Targets {
    /// Nothing if nothing is listed.
    pub(crate) fn new(parameters: Option<OneOf<Words>>, lists: Lists) -> Option<Self> {
        let Lists { networks, hosts, users, devices } = lists;
        if networks.is_none() && hosts.is_none() && users.is_none() && devices.is_none() {
            return None;
        }
        Some(Self {
            parameters: parameters.map(|OneOf(names)| names),
            networks: networks.map(|OneOf(entries)| entries.into()),
            hosts: hosts.map(|OneOf(entries)| entries.into()),
            users: users.map(|OneOf(entries)| entries.into()),
            devices: devices.map(|OneOf(entries)| entries.into()),
        })
    }

    /// The first value that may be what is listed. Too many values to look at may be anything.
    pub(crate) fn touched_by<'a>(&self, aims: &'a Aims<'_>) -> Option<Touch<'a>> {
        let Some(values) = aims.values() else { return Some(Touch::Unread) };
        values.iter().filter(|value| self.looks_at(value)).find_map(|value| {
            let (list, entry) = self.listing(value)?;
            Some(Touch::Value { value, list, entry })
        })
    }

    /// Whether there are values, and all of them are surely what is listed.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub(crate) fn cover<'a>(&self, aims: &'a Aims<'_>) -> Result<(), Uncovered<'a>> {
        let values = aims.values().ok_or(Uncovered::Unread)?;
        let mut looked_at = values.iter().filter(|value| self.looks_at(value)).peekable();
        if looked_at.peek().is_none() {
            return Err(Uncovered::Nothing);
        }
        looked_at.find(|value| !self.covers(value)).map_or(Ok(()), |value| Err(Uncovered::Value(value)))
    }

    fn looks_at(&self, value: &Value) -> bool {
        self.parameters.as_ref().is_none_or(|names| names.iter().any(|Words(name)| *name == *value.parameter))
    }

    fn listing(&self, value: &Value) -> Option<(&'static str, String)> {
        let network =
            || value.blocks().find_map(|block| self.networks.as_ref()?.touched_by(block)).map(str::to_owned);
        let host = || value.hosts.names.iter().find_map(|name| self.hosts.as_ref()?.touched_by(name));
        let user =
            || value.users.iter().find_map(|user| self.users.as_ref()?.touched_by(user)).map(str::to_owned);
        let device = || self.devices.as_ref()?.entry(&value.device).map(str::to_owned);
        None.or_else(|| network().map(|entry| ("networks", entry)))
            .or_else(|| host().map(|entry| ("hosts", entry)))
            .or_else(|| user().map(|entry| ("users", entry)))
            .or_else(|| device().map(|entry| ("devices", entry)))
    }

    fn covers(&self, value: &Value) -> bool {
        let Value { hosts, users, device, .. } = value;
        let only_addresses = hosts.usual && hosts.names.is_empty() && !hosts.addresses.is_empty();
        let only_names = hosts.usual && hosts.addresses.is_empty() && !hosts.names.is_empty();
        let network =
            |listed: &address::Networks| only_addresses && value.blocks().all(|block| listed.cover(block));
        let host = |listed: &host::Listed| only_names && hosts.names.iter().all(|name| listed.cover(name));
        let user = |listed: &user::Listed| !users.is_empty() && users.iter().all(|user| listed.cover(user));
        self.networks.as_ref().is_some_and(network)
            || self.hosts.as_ref().is_some_and(host)
            || self.users.as_ref().is_some_and(user)
            || self.devices.as_ref().is_some_and(|listed| listed.entry(device).is_some())
    }
}

/// A value that may be what a list names.
pub(crate) enum Touch<'a> {
    /// This one.
    Value {
        value: &'a Value,
        /// Name of the list.
        list: &'static str,
        /// Its entry.
        entry: String,
    },
    /// There are too many to tell.
    Unread,
}

impl Touch<'_> {
    /// Name of the list, if it is a certain one.
    pub(crate) fn list(&self) -> Option<&'static str> {
        match self {
            Self::Value { list, .. } => Some(list),
            Self::Unread => None,
        }
    }
}

impl fmt::Display for Touch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { value, list, entry } => write!(f, "{value}, and {list} names {}", Quoted(entry)),
            Self::Unread => f.write_str(UNREAD),
        }
    }
}

/// Why it is not sure that an action acts only on what is listed.
pub(crate) enum Uncovered<'a> {
    /// There is nothing to act on.
    Nothing,
    /// This is something else, or may be.
    Value(&'a Value),
    /// There are too many values to tell.
    Unread,
}

impl fmt::Display for Uncovered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("its parameters name no target"),
            Self::Value(value) => write!(f, "{value}, which is not surely one of the targets"),
            Self::Unread => f.write_str(UNREAD),
        }
    }
}

const UNREAD: &str = "its parameters have too many values to look at each";
