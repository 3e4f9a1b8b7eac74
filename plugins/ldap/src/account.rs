//! Disabling and enabling accounts.

use palisade_sdk::{
    Failure, clock,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration,
    configuration::{Directory, DisabledBy},
    entry::Entry,
    find,
    message::{Change, Outcome},
    session::Session,
};

/// The bit of `userAccountControl` that disables an account ([MS-ADTS], section 2.2.16, `ADS_UF_ACCOUNT_DISABLE`).
const ACCOUNT_DISABLE: i32 = 2;

/// The time that means locked for good (slapo-ppolicy(5)).
const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// The first day that is sure to mean expired: 0 is no expiration to some (shadow(5)).
const EXPIRED: &str = "1";

/// How often a change is tried while others change the same flags.
const TRIES: u32 = 3;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct User {
    /// Name of the account, or its distinguished name; for Active Directory also its user principal name.
    #[schemars(length(min = 1))]
    user: String,
}

/// An account, and what was done to it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Account {
    /// Distinguished name of the account.
    dn: String,
    /// Whether it is disabled now.
    disabled: bool,
    /// Whether that was changed.
    changed: bool,
    /// Attribute that says so.
    attribute: &'static str,
    /// Its value before, if it had one. Enabling does not bring back an expiry that disabling replaced.
    previous: Option<String>,
}

pub(crate) fn disable(call: &Call<Configuration>, User { user }: User) -> Result<Done<Account>, Failure> {
    set(call, &user, true)
}

pub(crate) fn enable(call: &Call<Configuration>, User { user }: User) -> Result<Done<Account>, Failure> {
    set(call, &user, false)
}

/// The attribute that says whether an account is disabled.
pub(crate) fn attribute(configuration: &Configuration) -> &'static str {
    match (configuration.directory, configuration.disabled_by) {
        (Directory::ActiveDirectory, _) => "userAccountControl",
        (Directory::OpenLdap, DisabledBy::PwdAccountLockedTime) => "pwdAccountLockedTime",
        (Directory::OpenLdap, DisabledBy::ShadowExpire) => "shadowExpire",
    }
}

/// Whether an account is disabled, if its entry tells.
pub(crate) fn is_disabled(configuration: &Configuration, entry: &Entry) -> Option<bool> {
    let value = entry.text(attribute(configuration));
    match (configuration.directory, configuration.disabled_by) {
        (Directory::ActiveDirectory, _) => Some(value?.parse::<i32>().ok()? & ACCOUNT_DISABLE != 0),
        (Directory::OpenLdap, DisabledBy::PwdAccountLockedTime) => Some(value == Some(LOCKED_FOR_GOOD)),
        (Directory::OpenLdap, DisabledBy::ShadowExpire) => {
            let Some(value) = value else { return Some(false) };
            let day = value.parse::<i64>().ok()?;
            let today = i64::try_from(clock::now_ms() / DAY_MS).ok()?;
            Some((1..=today).contains(&day))
        }
    }
}

fn set(call: &Call<Configuration>, user: &str, disabled: bool) -> Result<Done<Account>, Failure> {
    let configuration = &call.configuration;
    let attribute = attribute(configuration);
    let mut session = Session::open(call)?;
    for _ in 0..TRIES {
        let entry = find::user(&mut session, configuration, user, &[attribute])?;
        let previous = entry.text(attribute).map(str::to_owned);
        let Some(is_disabled) = is_disabled(configuration, &entry) else {
            return Err(Failure::upstream(format!(
                "`{}` shows no usable `{attribute}`: it is no account, or the asset's user may not read it",
                entry.dn
            )));
        };
        let changed = is_disabled != disabled;
        if changed {
            let outcome = change(&mut session, configuration, &entry, disabled)?;
            if outcome.code == Outcome::NO_SUCH_ATTRIBUTE {
                continue;
            }
            outcome.check()?;
        }
        let state = if disabled { "disabled" } else { "enabled" };
        let message = if changed {
            format!("The account {} is {state} now.", entry.dn)
        } else {
            format!("The account {} was {state} already.", entry.dn)
        };
        let account = Account { dn: entry.dn, disabled, changed, attribute, previous };
        return Ok(Done::success(message, account).fact("disabled", disabled).fact("changed", changed));
    }
    Err(Failure::upstream(format!("others keep changing `{attribute}` of `{user}` at the same time")))
}

fn change(
    session: &mut Session,
    configuration: &Configuration,
    entry: &Entry,
    disabled: bool,
) -> Result<Outcome, Failure> {
    let attribute = attribute(configuration);
    let value = match (configuration.directory, configuration.disabled_by) {
        (Directory::ActiveDirectory, _) => return flip(session, attribute, entry),
        (_, DisabledBy::PwdAccountLockedTime) => LOCKED_FOR_GOOD,
        (_, DisabledBy::ShadowExpire) => EXPIRED,
    };
    session.modify(&entry.dn, &[Change::Replace(attribute, disabled.then_some(value))])
}

/// Turns the one bit. The flags that were read are deleted by value, so that nothing happens (`noSuchAttribute`) if
/// somebody has changed another of them since.
fn flip(session: &mut Session, attribute: &str, entry: &Entry) -> Result<Outcome, Failure> {
    let old = entry.text(attribute).unwrap_or_default();
    let new =
        old.parse::<i32>().map_or_else(|_| String::new(), |flags| (flags ^ ACCOUNT_DISABLE).to_string());
    session.modify(&entry.dn, &[Change::Delete(attribute, old), Change::Add(attribute, &new)])
}
