//! What a connector can do.

use super::{Changes, Part, Sign, fields, only_in};
use crate::{
    action::{Effect, Retry},
    plugin::{ActionSpec, Read},
};

/// `opaque` is whether the new version has raw streams: the host cannot hold an action to only reading there, so that a new
/// one may do more whatever it says of itself.
pub(super) fn compare(old: &[ActionSpec], new: &[ActionSpec], opaque: bool, changes: &mut Changes) {
    let named = |actions: &'_ [ActionSpec], name: &str| actions.iter().position(|action| action.name == name);
    for action in new {
        match named(old, &action.name) {
            Some(before) => one(&old[before], action, changes),
            None => {
                let wider = opaque || action.effect.mutates() || !action.reads.is_empty();
                let words = format!("new, {}: {}", action.effect.name(), action.description);
                changes.add(Part::Actions, Sign::Added, wider, &action.name, words);
            }
        }
    }
    for action in old.iter().filter(|action| named(new, &action.name).is_none()) {
        changes.add(Part::Actions, Sign::Removed, false, &action.name, "is not there any more".to_owned());
    }
}

fn one(old: &ActionSpec, new: &ActionSpec, changes: &mut Changes) {
    let name = &new.name;
    let mut changed = |wider, words| changes.add(Part::Actions, Sign::Changed, wider, name, words);
    if old.effect != new.effect {
        // The policy goes by the effect. One that is said to change nothing any more is not judged at all, and the host
        // cannot look into a raw stream.
        let words = format!("effect was {}, is {}", old.effect.name(), new.effect.name());
        changed(old.effect.mutates() || new.effect.mutates(), words);
    }
    if old.retry != new.retry {
        let words = format!("retry was {}, is {}", retry(old.retry), retry(new.retry));
        changed(may_repeat(old.retry, new.retry, new.effect), words);
    }
    if old.undo != new.undo {
        let name = |undo: &Option<String>| {
            undo.as_ref().map_or_else(|| "nothing".to_owned(), |undo| format!("`{undo}`"))
        };
        let words = format!("is taken back by {}, was by {}", name(&new.undo), name(&old.undo));
        changed(new.undo.is_some(), words);
    }
    if old.verifies != new.verifies {
        let word = if new.verifies { "can" } else { "cannot" };
        changed(false, format!("{word} find out whether a call took effect"));
    }
    if old.time_limit_ms != new.time_limit_ms {
        changed(false, format!("may take {} ms, was {} ms", new.time_limit_ms, old.time_limit_ms));
    }
    for read in only_in(&new.reads, &old.reads) {
        changed(true, format!("may send {} as one that only reads", request(read)));
    }
    for read in only_in(&old.reads, &new.reads) {
        changed(false, format!("may not send {} any more", request(read)));
    }
    changes.fields(Part::Parameters, name, fields::compare(&old.parameters, &new.parameters));
    changes.fields(Part::Output, name, fields::compare(&old.output, &new.output));
}

/// Whether the host sends twice what it did not send twice before.
fn may_repeat(old: Retry, new: Retry, effect: Effect) -> bool {
    effect.mutates() && (old == Retry::Unsafe || (old == Retry::Keyed && new == Retry::Safe))
}

fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Safe => "safe",
        Retry::Keyed => "by key",
        Retry::Unsafe => "unsafe",
    }
}

fn request(Read { method, path }: &Read) -> String {
    format!("{method} {path}")
}
