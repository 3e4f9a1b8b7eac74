//! Reading entries.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration, account,
    entry::{Found, is_withheld},
    filter::{Filter, is_description},
    find,
    message::{Scope, Search},
    session::Session,
};

/// How many entries a query gives unless told otherwise.
const RESULTS: u32 = 100;

/// How many entries a query may give: a thousand whole entries stay within the bytes that the host reads.
const RESULTS_MAX: u32 = 1_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct UserAttributes {
    /// Name of the user, or its distinguished name; for Active Directory also its user principal name.
    #[schemars(length(min = 1))]
    username: String,
    /// Attributes to read, for example `mail`; all that are kept for users unless said otherwise.
    #[serde(default = "all")]
    fields: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Query {
    /// Filter in the text form of RFC 4515, for example `(&(objectClass=person)(mail={}))`.
    #[schemars(length(min = 1))]
    filter: String,
    /// What stands in place of each `{}` in the filter, in order. Whatever an alert brings belongs here: it is escaped, and
    /// cannot change the filter. Without values, `{}` in the filter has no meaning.
    #[serde(default)]
    values: Vec<String>,
    /// Distinguished name below which to search; the asset's `base_dn` unless said otherwise.
    search_base: Option<String>,
    /// Attributes to read, for example `mail`; all that are kept for users unless said otherwise.
    #[serde(default = "all")]
    attributes: Vec<String>,
    /// How many entries at most.
    #[serde(default = "results")]
    #[schemars(range(min = 1, max = 1000))]
    max_results: u32,
}

/// A user.
#[derive(Serialize, JsonSchema)]
pub(crate) struct User {
    /// The user's entry.
    user: Found,
    /// Whether the account is disabled, by the attribute that the asset's `disable account` would change.
    disabled: Option<bool>,
}

/// What a query found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Entries {
    /// The entries.
    entries: Vec<Found>,
    /// Whether there are more.
    truncated: bool,
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

fn results() -> u32 {
    RESULTS
}

pub(crate) fn get_user_attributes(
    call: &Call<Configuration>,
    UserAttributes { username, fields }: UserAttributes,
) -> Result<Done<User>, Failure> {
    // An operational attribute, which `*` leaves out.
    let state = account::attribute(&call.configuration);
    let attributes: Vec<_> = attributes(&fields)?.into_iter().chain([state]).collect();
    let mut session = Session::open(call)?;
    let entry = find::user(&mut session, &call.configuration, &username, &attributes)?;
    let disabled = account::is_disabled(&call.configuration, &entry);
    let message = format!("Read the user {}.", entry.dn);
    let dn = entry.dn.clone();
    Ok(Done::success(message, User { user: entry.into(), disabled })
        .fact("dn", dn)
        .fact("disabled", disabled))
}

pub(crate) fn run(
    call: &Call<Configuration>,
    Query { filter, values, search_base, attributes, max_results }: Query,
) -> Result<Done<Entries>, Failure> {
    let filter = if values.is_empty() { Filter::parse(&filter)? } else { Filter::fill(&filter, &values)? };
    let base = search_base.as_deref().unwrap_or(&call.configuration.base_dn);
    let attributes = self::attributes(&attributes)?;
    let search = Search { base, scope: Scope::Subtree, filter, attributes: &attributes };
    let max = max_results.clamp(1, RESULTS_MAX) as usize;
    let page = Session::open(call)?.search(&search, max)?;
    let entries: Vec<_> = page.entries.into_iter().map(Found::from).collect();
    let total = entries.len();
    let message = format!("Entries found: {total}{}.", if page.more { " and more" } else { "" });
    Ok(Done::success(message, Entries { entries, truncated: page.more }).fact("total", total))
}

fn attributes(names: &[String]) -> Result<Vec<&str>, Failure> {
    names
        .iter()
        .map(|name| match name.as_str() {
            "*" | "+" => Ok(name.as_str()),
            name if is_withheld(name) => {
                Err(Failure::invalid(format!("`{name}` is a secret, which this connector never reads")))
            }
            name if is_description(name) => Ok(name),
            name => Err(Failure::invalid(format!("`{name}` is no attribute"))),
        })
        .collect()
}
