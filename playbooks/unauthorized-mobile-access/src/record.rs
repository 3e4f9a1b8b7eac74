//! What is known of the user from before.

use casework::text::{counted, line};
use palisade_sdk::playbook::{Earlier, ListEntry, Run, Severity};

use crate::{EXECUTIVES, REPEAT_OFFENDERS, profile::Profile, settings::Settings, user, violation::Violation};

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// So many times the time of a visit is looked back for the pause before it.
const VISIT_LOOKS_MAX: u64 = 24;

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
    let count = |seconds: u64| {
        run.count_earlier(&Earlier {
            label: &alert.label,
            field,
            value,
            since_ms: alert.received.saturating_sub(seconds.saturating_mul(1_000)),
            severity: Severity::Low,
        })
    };
    before_visit(count, settings.window_days.saturating_mul(DAY_SECONDS), settings.same_visit_seconds)
}

/// How many alerts there were in the window before this visit, which began after the last pause that is long enough. Counts
/// are of so many seconds back.
fn before_visit(
    count: impl Fn(u64) -> Result<u32, String>,
    window_seconds: u64,
    pause_seconds: u64,
) -> Result<u32, String> {
    let all = count(window_seconds)?;
    if pause_seconds == 0 {
        return Ok(all);
    }
    let mut visit = 0;
    for look in 1..=VISIT_LOOKS_MAX {
        let back = pause_seconds.saturating_mul(look).min(window_seconds);
        let longer = count(back)?;
        if longer == visit || longer >= all {
            return Ok(all.saturating_sub(longer));
        }
        visit = longer;
    }
    Err("alerts have come without a pause for so long that nobody can say when this visit began".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{VISIT_LOOKS_MAX, before_visit};

    const DAY: u64 = 24 * 60;

    /// Alerts so many minutes before this one; ten make a pause, and 30 days count.
    fn counted(ages: &[u64]) -> Result<u32, String> {
        let count = |seconds: u64| {
            Ok(u32::try_from(ages.iter().filter(|age| **age * 60 <= seconds).count()).unwrap())
        };
        before_visit(count, 30 * DAY * 60, 600)
    }

    #[test]
    fn a_visit_is_one_however_long_it_lasts() {
        assert_eq!(counted(&[]), Ok(0));
        assert_eq!(counted(&[5, 10, 15, 20]), Ok(0));
        assert_eq!(counted(&[5, 10, 15, 20, 3 * DAY]), Ok(1));
        assert_eq!(counted(&[5, 15, 25, 46, 47]), Ok(2));
        assert_eq!(counted(&[21, 22, 40 * DAY]), Ok(2));
    }

    #[test]
    fn a_visit_that_never_ends_is_no_violation_before() {
        let minutes: Vec<_> = (1..=VISIT_LOOKS_MAX * 2).map(|number| number * 5).collect();
        assert_eq!(counted(&minutes), Ok(0), "there is nothing else in the window");
        let minutes: Vec<_> = minutes.into_iter().chain([VISIT_LOOKS_MAX * 10 + 5, 3 * DAY]).collect();
        assert!(counted(&minutes).unwrap_err().contains("nobody can say when this visit began"));
    }
}
