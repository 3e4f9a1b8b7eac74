//! Whose device it is: what its management and the directory say.

use std::collections::BTreeMap;

use casework::{Gap, Lookup};
use palisade_sdk::playbook::{Need, Run};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    mdm::{Device, Mdm},
    user,
    violation::Violation,
};

/// Device and user.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) device: Result<Device, Gap>,
    pub(crate) person: Result<Person, Gap>,
}

/// A user in the directory.
#[derive(Debug, Default)]
pub(crate) struct Person {
    pub(crate) dn: String,
    pub(crate) name: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) manager: Option<String>,
    pub(crate) disabled: Option<bool>,
}

/// The answer of `ldap: get user attributes`.
#[derive(Deserialize, JsonSchema)]
struct Found {
    user: Entry,
    disabled: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
struct Entry {
    dn: String,
    attributes: BTreeMap<String, Vec<Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Value {
    Text(String),
    Binary {},
}

impl Profile {
    /// Device and user are looked up side by side. Whose device it is is for its management to say: if that names another
    /// user than the alert, the directory is asked about that one.
    pub(crate) fn look_up(run: &Run, mdm: Mdm, violation: &Violation) -> Self {
        let device = mdm.start_look_up(run, violation.device.as_deref());
        let alerted = violation.user.as_ref().map(|alerted| alerted.name.as_str());
        let of_alerted = start(run, alerted);
        let device = match device {
            Some(lookup) => mdm.finish_look_up(lookup),
            None => Err(Gap { line: "The alert names no device.".to_owned(), is_unknown: true }),
        };
        let owner = device.as_ref().ok().and_then(|device| device.user.as_deref());
        let of_owner = owner.filter(|owner| !alerted.is_some_and(|alerted| user::is_same(alerted, owner)));
        let person = match start(run, of_owner).or(of_alerted) {
            Some(lookup) => lookup.wait::<Found>().map(Person::from),
            None => Err(Gap { line: "Nobody says whose device it is.".to_owned(), is_unknown: true }),
        };
        Self { device, person }
    }

    /// Whose device it is, as its management says.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.device.as_ref().ok()?.user.as_deref()
    }
}

/// The directory's word on a user.
const GET_USER: (&str, &str) = ("ldap", "get user attributes");

/// What this playbook needs of the directory.
pub(crate) fn need() -> Need {
    Need::new(GET_USER.0, GET_USER.1).sends_texts(["username"]).reads::<Found>()
}

fn start(run: &Run, name: Option<&str>) -> Option<Lookup> {
    Lookup::start(run, GET_USER.0, GET_USER.1, "username", name.map(user::account))
}

impl From<Found> for Person {
    fn from(Found { user, disabled }: Found) -> Self {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| match user.attributes.get(*name)?.first()? {
                Value::Text(text) => Some(text.clone()),
                Value::Binary {} => None,
            })
        };
        Self {
            name: first(&["displayName", "cn"]),
            mail: first(&["mail"]),
            title: first(&["title"]),
            manager: first(&["manager"]),
            disabled,
            dn: user.dn,
        }
    }
}
