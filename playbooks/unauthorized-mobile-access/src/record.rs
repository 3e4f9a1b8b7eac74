//! What is known of the user from before.

use casework::text::{counted, line};
use palisade_sdk::playbook::{Earlier, ListEntry, Run, Severity};

use crate::{EXECUTIVES, REPEAT_OFFENDERS, profile::Profile, settings::Settings, user, violation::Violation};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The user's record.
#[derive(Debug)]
pub(crate) struct Record {
    /// Earlier violations in the window, or why they cannot be counted.
    pub(crate) earlier: Result<u32, String>,
    /// The entry among the repeat offenders.
    pub(crate) listed: Option<ListEntry>,
    /// The entry among the executives, or why nobody can say whether there is one.
    pub(crate) executive: Result<Option<ListEntry>, String>,
    /// From so many on, one is a repeat offender.
    violations: u32,
    window_days: u64,
}

impl Record {
    pub(crate) fn look_up(run: &Run, settings: &Settings, violation: &Violation, profile: &Profile) -> Self {
        let names = names(violation, profile);
        // Who has care taken of it is meant whatever the domain; who is suspected must be meant exactly.
        let loosely = names.iter().map(|name| user::local_part(name)).filter(|name| !name.is_empty());
        let executive = find(run, EXECUTIVES, names.iter().copied().chain(loosely));
        let listed = find(run, REPEAT_OFFENDERS, names.iter().copied());
        Self {
            earlier: count(run, settings, violation, profile).map_err(|why| line(&why)),
            // Without the list, what is counted decides.
            listed: listed.unwrap_or_default(),
            executive: executive.map_err(|why| line(&why)),
            violations: settings.repeat_offender_violations,
            window_days: settings.window_days,
        }
    }

    pub(crate) fn is_repeat_offender(&self) -> bool {
        self.listed.is_some() || self.earlier.as_ref().is_ok_and(|count| *count >= self.violations)
    }

    /// The record in a few words.
    pub(crate) fn sentence(&self) -> String {
        let window = counted(self.window_days, "day");
        let earlier = match &self.earlier {
            Ok(count) => format!("{} in {window}", counted(u64::from(*count), "earlier violation")),
            Err(why) => format!("earlier violations are not known: {why}"),
        };
        match &self.listed {
            Some(entry) => {
                let note = line(&entry.note);
                let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
                format!("{earlier}; among the repeat offenders{note}")
            }
            None => earlier,
        }
    }
}

/// By which the user may stand in a list.
fn names<'a>(violation: &'a Violation, profile: &'a Profile) -> Vec<&'a str> {
    let device = profile.device.as_ref().ok();
    // With a user of its management's, the alert's counts only if it is the same.
    let alerted = violation.user.as_ref().map(|alerted| alerted.name.as_str());
    let alerted = alerted.filter(|name| profile.owner().is_none_or(|owner| user::is_same(owner, name)));
    let mut names: Vec<&str> = [
        profile.owner(),
        device.and_then(|device| device.mail.as_deref()),
        alerted.map(user::account),
        profile.person.as_ref().ok().and_then(|person| person.mail.as_deref()),
    ]
    .into_iter()
    .flatten()
    .filter(|name| !name.is_empty())
    .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn find<'a>(
    run: &Run,
    list: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<Option<ListEntry>, String> {
    for name in names {
        if let Some(entry) = run.find_in(list, name)? {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// Earlier alerts with the same label about this user, those of the same visit left out. Who was found to be authorized is
/// informational, and does not count.
fn count(run: &Run, settings: &Settings, violation: &Violation, profile: &Profile) -> Result<u32, String> {
    let alert = run.alert();
    let alerted = violation.user.as_ref();
    let (field, value) = match (profile.owner(), alerted) {
        // Earlier alerts of this source have the same spelling as this one.
        (Some(owner), Some(alerted)) if user::is_same(owner, &alerted.name) => {
            (alerted.field, alerted.name.as_str())
        }
        (Some(owner), _) => ("sourceUserName", owner),
        (None, Some(alerted)) => (alerted.field, alerted.name.as_str()),
        (None, None) => return Err("nobody says whose device it is".to_owned()),
    };
    let count = |ms: u64| {
        run.count_earlier(&Earlier {
            label: &alert.label,
            field,
            value,
            since_ms: alert.received.saturating_sub(ms),
            severity: Severity::Low,
        })
    };
    let all = count(settings.window_days.saturating_mul(DAY_MS))?;
    let same_visit = match settings.same_visit_seconds {
        0 => 0,
        seconds => count(seconds.saturating_mul(1_000))?,
    };
    Ok(all.saturating_sub(same_visit))
}
