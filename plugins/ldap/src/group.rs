//! Groups and their members.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration,
    configuration::{Directory, MemberAttribute},
    entry::Entry,
    filter::Filter,
    find,
    message::Change,
    session::Session,
};

/// How many members a list has at most.
const MEMBERS_MAX: usize = 10_000;

/// Asks for no attributes (RFC 4511, section 4.5.1.8).
const NO_ATTRIBUTES: &[&str] = &["1.1"];

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Group {
    /// Name of the group, or its distinguished name.
    #[schemars(length(min = 1))]
    group: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Membership {
    /// Name of the user, or its distinguished name; for Active Directory also its user principal name.
    #[schemars(length(min = 1))]
    user: String,
    /// Name of the group, or its distinguished name.
    #[schemars(length(min = 1))]
    group: String,
}

/// Who belongs to a group.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Members {
    /// Distinguished name of the group.
    group: String,
    /// Its direct members, at most 10,000: distinguished names, or names of users where the asset's `member_attribute` is
    /// `memberUid`. Active Directory leaves out those whose primary group it is.
    members: Vec<String>,
    /// Whether there are more.
    truncated: bool,
}

/// A member, and what was done to it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Member {
    /// Distinguished name of the group.
    group: String,
    /// Distinguished name of the user.
    user: String,
    /// Whether the user is a member now.
    member: bool,
    /// Whether that was changed.
    changed: bool,
}

pub(crate) fn list_members(
    call: &Call<Configuration>,
    Group { group }: Group,
) -> Result<Done<Members>, Failure> {
    let mut session = Session::open(call)?;
    let group = find::group(&mut session, &call.configuration, &group, NO_ATTRIBUTES)?.dn;
    let (members, truncated) = read_members(&mut session, &call.configuration, &group)?;
    let message =
        format!("Members of {group}: {}{}.", members.len(), if truncated { " and more" } else { "" });
    let total = members.len();
    Ok(Done::success(message, Members { group, members, truncated }).fact("total", total))
}

pub(crate) fn add(
    call: &Call<Configuration>,
    Membership { user, group }: Membership,
) -> Result<Done<Member>, Failure> {
    set(call, &user, &group, true)
}

pub(crate) fn remove(
    call: &Call<Configuration>,
    Membership { user, group }: Membership,
) -> Result<Done<Member>, Failure> {
    set(call, &user, &group, false)
}

/// Active Directory hands out long lists in ranges, and says in the attribute's name which one it is (Microsoft,
/// "Attribute Range Retrieval").
fn read_members(
    session: &mut Session,
    configuration: &Configuration,
    group: &str,
) -> Result<(Vec<String>, bool), Failure> {
    let attribute = configuration.member_attribute().name();
    let mut members: Vec<String> = Vec::new();
    loop {
        let asked = match configuration.directory {
            Directory::ActiveDirectory => format!("{attribute};range={}-*", members.len()),
            Directory::OpenLdap => attribute.to_owned(),
        };
        let entry = session.entry(group, Filter::present("objectClass"), &[&asked])?;
        let Some((name, values)) = entry.as_ref().and_then(|entry| entry.attribute(attribute)) else {
            return Ok((members, false));
        };
        members.extend(values.iter().map(|value| String::from_utf8_lossy(value).into_owned()));
        let last = !name.contains(";range=") || name.ends_with("-*");
        if members.len() > MEMBERS_MAX || last {
            let truncated = members.len() > MEMBERS_MAX;
            members.truncate(MEMBERS_MAX);
            return Ok((members, truncated));
        }
    }
}

fn set(call: &Call<Configuration>, user: &str, group: &str, member: bool) -> Result<Done<Member>, Failure> {
    let configuration = &call.configuration;
    let attribute = configuration.member_attribute();
    let mut session = Session::open(call)?;
    let user = find::user(&mut session, configuration, user, &[configuration.user_attribute()])?;
    let group = find::group(&mut session, configuration, group, NO_ATTRIBUTES)?.dn;
    let value = member_value(configuration, &user)?;

    // Asked beforehand, because servers refuse what is so already with different codes.
    let is_member = Filter::equal(attribute.name(), value);
    let changed = session.entry(&group, is_member, NO_ATTRIBUTES)?.is_some() != member;
    if changed {
        let change = match member {
            true => Change::Add(attribute.name(), value),
            false => Change::Delete(attribute.name(), value),
        };
        session.modify(&group, &[change])?.check()?;
    }
    let message = match (member, changed) {
        (true, true) => format!("Added {} to {group}.", user.dn),
        (true, false) => format!("{} was a member of {group} already.", user.dn),
        (false, true) => format!("Removed {} from {group}.", user.dn),
        (false, false) => format!("{} was no member of {group}.", user.dn),
    };
    Ok(Done::success(message, Member { group, user: user.dn, member, changed }).fact("changed", changed))
}

/// What a group says of this user.
fn member_value<'a>(configuration: &Configuration, user: &'a Entry) -> Result<&'a str, Failure> {
    match configuration.member_attribute() {
        MemberAttribute::Member | MemberAttribute::UniqueMember => Ok(&user.dn),
        MemberAttribute::MemberUid => {
            let attribute = configuration.user_attribute();
            let name = user.text(attribute);
            name.ok_or_else(|| Failure::not_found(format!("`{}` shows no `{attribute}`", user.dn)))
        }
    }
}
