//! What another version of a plugin changes: what it may do, what it can do, and what passes in and out.

mod actions;
mod fields;
mod reach;
#[cfg(test)]
mod tests;
mod work;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{Identity, Manifest};
use crate::limits::DIFFERENCE_CHANGES;

/// What another version of a plugin changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The changes, part by part. What is wider is all there.
    pub changes: Vec<Change>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of what.
    pub part: Part,
    /// Whether something comes, goes, or becomes another.
    pub sign: Sign,
    /// Whether the plugin may do more than was granted: the operator must say so again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wider: bool,
    /// The action, or the need as `connector/action`, that it is about; empty if it is about the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What changes, in words.
    pub words: String,
}

/// Whether something comes, goes, or becomes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another.
    Changed,
}

/// What a change is about, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Who publishes it.
    Publisher,
    /// Servers and files that a connector reaches.
    Reach,
    /// Where secrets go, and which are revealed.
    Secrets,
    /// The labels of alerts that start a playbook.
    Labels,
    /// The actions that a playbook starts, and what passes between the two.
    Needs,
    /// The playbooks that a playbook starts.
    Starts,
    /// The custom lists that a playbook uses.
    Lists,
    /// A connector's actions.
    Actions,
    /// What an action takes.
    Parameters,
    /// What an action gives.
    Output,
    /// What an asset or a playbook is configured with.
    Configuration,
}

impl Part {
    /// A title for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Publisher => "Publisher",
            Self::Reach => "May reach",
            Self::Secrets => "Secrets",
            Self::Labels => "Runs on",
            Self::Needs => "May start",
            Self::Starts => "May start playbooks",
            Self::Lists => "Lists",
            Self::Actions => "Actions",
            Self::Parameters => "Parameters",
            Self::Output => "Output",
            Self::Configuration => "Configuration",
        }
    }
}

impl Difference {
    /// What the second changes of the first. Two of different kinds have nothing in common: the host does not put the one
    /// in the place of the other.
    pub fn between(old: &Manifest, new: &Manifest) -> Self {
        let mut changes = Changes::default();
        changes.publisher(old.identity(), new.identity());
        match (old, new) {
            (Manifest::Connector(old), Manifest::Connector(new)) => {
                reach::compare(old, new, &mut changes);
                let opaque = !new.capabilities.tcp.is_empty();
                actions::compare(&old.actions, &new.actions, opaque, &mut changes);
                let fields = fields::compare(&old.configuration, &new.configuration);
                changes.fields(Part::Configuration, "", fields);
            }
            (Manifest::Playbook(old), Manifest::Playbook(new)) => work::compare(old, new, &mut changes),
            _ => {}
        }
        changes.bounded()
    }

    /// Whether the plugin may do more than was granted.
    pub fn is_wider(&self) -> bool {
        self.changes.iter().any(|change| change.wider)
    }

    /// What it may do more.
    pub fn wider(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.wider)
    }
}

impl Change {
    /// The change as one line.
    pub fn line(&self) -> String {
        let mut line = match self.sign {
            Sign::Added => "+ ".to_owned(),
            Sign::Removed => "- ".to_owned(),
            Sign::Changed => "~ ".to_owned(),
        };
        if !self.subject.is_empty() {
            let _ = write!(line, "{}: ", self.subject);
        }
        line + &self.words
    }
}

/// The changes that were found so far.
#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, part: Part, sign: Sign, wider: bool, subject: &str, words: String) {
        self.0.push(Change { part, sign, wider, subject: subject.to_owned(), words });
    }

    fn fields(&mut self, part: Part, subject: &str, fields: Vec<(Sign, String)>) {
        for (sign, words) in fields {
            self.add(part, sign, false, subject, words);
        }
    }

    /// Who answers for it is part of what was granted.
    fn publisher(&mut self, old: &Identity, new: &Identity) {
        if old.publisher != new.publisher {
            let words = format!("was {}, is {}", old.publisher, new.publisher);
            self.add(Part::Publisher, Sign::Changed, true, "", words);
        }
    }

    fn bounded(mut self) -> Difference {
        self.0.sort_by_key(|change| change.part);
        let found = self.0.len();
        let mut room = DIFFERENCE_CHANGES;
        self.0.retain(|change| {
            let stays = change.wider || room > 0;
            room = room.saturating_sub(1);
            stays
        });
        Difference { left_out: found - self.0.len(), changes: self.0 }
    }
}

/// What is in the one list and not in the other.
fn only_in<'a, T: PartialEq>(these: &'a [T], those: &'a [T]) -> impl Iterator<Item = &'a T> {
    these.iter().filter(move |one| !those.contains(one))
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}
