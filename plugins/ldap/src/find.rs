//! From what a person or an alert calls a user or a group to the one entry that is meant.

use palisade_sdk::Failure;

use crate::{
    Configuration,
    configuration::Directory,
    entry::Entry,
    filter::Filter,
    message::{Scope, Search},
    session::Session,
};

/// The user of this name, or of this distinguished name.
pub(crate) fn user(
    session: &mut Session,
    configuration: &Configuration,
    name: &str,
    attributes: &[&str],
) -> Result<Entry, Failure> {
    let named = Filter::equal(configuration.user_attribute(), name);
    let filter = match configuration.directory {
        Directory::ActiveDirectory => Filter::all([
            Filter::equal("objectCategory", "person"),
            Filter::equal("objectClass", "user"),
            Filter::any([named, Filter::equal("userPrincipalName", name)]),
        ]),
        Directory::OpenLdap => named,
    };
    one(session, configuration, "user", name, filter, attributes)
}

/// The group of this name, or of this distinguished name.
pub(crate) fn group(
    session: &mut Session,
    configuration: &Configuration,
    name: &str,
    attributes: &[&str],
) -> Result<Entry, Failure> {
    let filter = match configuration.directory {
        Directory::ActiveDirectory => Filter::all([
            Filter::equal("objectCategory", "group"),
            Filter::any([Filter::equal("sAMAccountName", name), Filter::equal("cn", name)]),
        ]),
        Directory::OpenLdap => Filter::all([
            Filter::equal("objectClass", configuration.member_attribute().group_class()),
            Filter::equal("cn", name),
        ]),
    };
    one(session, configuration, "group", name, filter, attributes)
}

/// Neither names of users nor of groups have a `=`, and every distinguished name has one.
fn one(
    session: &mut Session,
    configuration: &Configuration,
    kind: &str,
    name: &str,
    filter: Filter,
    attributes: &[&str],
) -> Result<Entry, Failure> {
    let missing = || Failure::not_found(format!("there is no {kind} `{name}`"));
    if name.is_empty() {
        return Err(Failure::invalid(format!("the {kind} has no name")));
    }
    if name.contains('=') {
        return session.entry(name, Filter::present("objectClass"), attributes)?.ok_or_else(missing);
    }
    let search = Search { base: &configuration.base_dn, scope: Scope::Subtree, filter, attributes };
    let page = session.search(&search, 1)?;
    if page.more {
        return Err(Failure::invalid(format!(
            "more than one {kind} is called `{name}`: use a distinguished name"
        )));
    }
    page.entries.into_iter().next().ok_or_else(missing)
}
