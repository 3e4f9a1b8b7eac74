//! What a playbook does, and with what.

use super::{Changes, Part, Sign, fields, only_in};
use crate::plugin::{Need, PlaybookManifest};

pub(super) fn compare(old: &PlaybookManifest, new: &PlaybookManifest, changes: &mut Changes) {
    words(Part::Labels, &old.labels, &new.labels, changes);
    words(Part::Starts, &old.starts, &new.starts, changes);
    needs(&old.needs, &new.needs, changes);
    for list in only_in(&new.lists, &old.lists) {
        let known = old.lists.iter().any(|before| before.name == list.name);
        let does = if list.adds { "adds to it" } else { "looks into it" };
        let sign = if known { Sign::Changed } else { Sign::Added };
        changes.add(Part::Lists, sign, !known || list.adds, "", format!("{}: {does}", list.name));
    }
    let gone = |list: &&crate::plugin::ListUse| !new.lists.iter().any(|after| after.name == list.name);
    for list in old.lists.iter().filter(gone) {
        changes.add(Part::Lists, Sign::Removed, false, "", list.name.to_string());
    }
    changes.fields(Part::Configuration, "", fields::compare(&old.configuration, &new.configuration));
}

fn words(part: Part, old: &[String], new: &[String], changes: &mut Changes) {
    for word in only_in(new, old) {
        changes.add(part, Sign::Added, true, "", word.clone());
    }
    for word in only_in(old, new) {
        changes.add(part, Sign::Removed, false, "", word.clone());
    }
}

fn needs(old: &[Need], new: &[Need], changes: &mut Changes) {
    let same = |one: &Need, other: &Need| one.connector == other.connector && one.action == other.action;
    for need in new {
        let subject = format!("{}/{}", need.connector, need.action);
        match old.iter().find(|before| same(before, need)) {
            None => changes.add(Part::Needs, Sign::Added, true, "", subject),
            Some(before) => {
                let schemas =
                    [("sends", &before.parameters, &need.parameters), ("reads", &before.data, &need.data)];
                for (does, before, after) in schemas {
                    passes(&subject, does, before.as_ref(), after.as_ref(), changes);
                }
            }
        }
    }
    for need in old.iter().filter(|before| !new.iter().any(|need| same(before, need))) {
        changes.add(Part::Needs, Sign::Removed, false, "", format!("{}/{}", need.connector, need.action));
    }
}

/// What passes between the playbook and an action.
fn passes(
    subject: &str,
    does: &str,
    before: Option<&serde_json::Value>,
    after: Option<&serde_json::Value>,
    changes: &mut Changes,
) {
    match (before, after) {
        (Some(before), Some(after)) => {
            let fields = fields::compare(before, after).into_iter();
            let fields = fields.map(|(sign, words)| (sign, format!("{does} {words}")));
            changes.fields(Part::Needs, subject, fields.collect());
        }
        (None, Some(_)) => {
            let words = format!("says what it {does}");
            changes.add(Part::Needs, Sign::Changed, false, subject, words);
        }
        (Some(_), None) => {
            let words = format!("does not say any more what it {does}");
            changes.add(Part::Needs, Sign::Changed, false, subject, words);
        }
        (None, None) => {}
    }
}
