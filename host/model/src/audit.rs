//! The audit log: who did what, in an order that nobody changes unseen.
//!
//! A [`Record`] is what the code that does something says of it; the store gives it its place and chains it to the one
//! before, and it is an [`Entry`]. Every text in it is bounded by its type, because strangers choose some of them and
//! nothing is ever taken out of the log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    action::Effect,
    alert::AlertId,
    asset::{Cidr, ConnectTo},
    journal::{By, Decision},
    limits::{AUDIT_ITEM_BYTES, AUDIT_ITEMS, AUDIT_TEXT_BYTES},
    name::Name,
    plugin::Digest,
    run::{Position, RunId},
    signer::{KeyId, SignedBy},
};

/// Place of an entry in the audit log, from 1, without gaps.
pub type Seq = u64;

/// Who the host itself is in a record.
pub const HOST: &str = "palisade";

/// Who holds the admin token, unless they say who they are.
pub const ADMIN: &str = "admin";

/// Who holds the token of the sources of alerts.
pub const INGEST: &str = "ingest";

/// Something that was done, before it has a place in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// Who: a user's name, [`ADMIN`], [`INGEST`], [`HOST`], a run as in `run 17`, or whomever the admin named.
    pub who: Text,
    /// The admin said it in this name, and the host did not check whose it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_admin: bool,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

impl Record {
    /// What somebody did whom the host knows.
    pub fn new(at: Timestamp, who: impl Into<Text>, what: What) -> Self {
        Self { at, who: who.into(), by_admin: false, what }
    }

    /// What a person did to a run.
    pub fn said(at: Timestamp, by: &By, what: What) -> Self {
        Self { at, who: by.by.as_str().into(), by_admin: by.by_admin, what }
    }
}

/// A record in its place. As JSON it is one line, with the members in this order, and nothing between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// Who did what.
    #[serde(flatten)]
    pub record: Record,
    /// The hash of the entry before it.
    pub previous: Digest,
    /// SHA-256 of the line without this member.
    pub hash: Digest,
}

/// How far the log goes: its last entry. Whoever keeps one elsewhere can tell later that nothing up to there was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Place of the last entry; 0 if there is none.
    pub seq: Seq,
    /// Its hash; 64 zeros if there is none.
    pub hash: Digest,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: Digest::from_bytes([0; 32]) }
    }
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// A mutating action is about to be sent. Durable before the first byte leaves.
    ActionSent {
        /// Which.
        #[serde(flatten)]
        call: Call,
        /// 1 for the first attempt.
        attempt: u32,
        /// What it is called with.
        parameters: Excerpt,
    },
    /// A mutating action that was sent has ended.
    ActionEnded {
        /// Which.
        #[serde(flatten)]
        call: Call,
        /// How often it was sent.
        attempts: u32,
        /// Whether it did what its name says.
        succeeded: bool,
        /// The connector's sentence, or why it failed.
        message: Text,
    },
    /// A mutating action was sent, and nobody knows whether it took effect.
    ActionInDoubt {
        /// Which.
        #[serde(flatten)]
        call: Call,
        /// Why nobody knows.
        message: Text,
    },
    /// A mutating action was not sent, because something forbids it.
    ActionDenied {
        /// Which.
        #[serde(flatten)]
        call: Call,
        /// What forbids it.
        message: Text,
    },

    /// A prompt was answered; by the host, if nobody did in time.
    PromptAnswered {
        /// The step.
        #[serde(flatten)]
        at: Step,
        /// The answer.
        answer: Excerpt,
        /// Why.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
    },
    /// It was decided whether an action may be sent; by the host, if nobody did in time.
    ApprovalDecided {
        /// The step.
        #[serde(flatten)]
        at: Step,
        /// Whether it may.
        approved: bool,
        /// The rule that asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Text>,
        /// Why.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
    },
    /// A person said what became of an action in doubt.
    DoubtDecided {
        /// The step.
        #[serde(flatten)]
        at: Step,
        /// What.
        decision: Decision,
        /// How they know.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
    },
    /// A person started a playbook.
    RunStarted {
        /// The playbook.
        playbook: Name,
        /// The alert that it runs on.
        alert: AlertId,
    },
    /// A run was stopped for now; by the host, if it cannot go on.
    RunPaused(OfRun),
    /// A person let a run go on.
    RunResumed(OfRun),
    /// A person asked that a run end.
    RunCancelled(OfRun),
    /// A person had a run go on from an action that failed.
    RunRetried {
        /// The action.
        #[serde(flatten)]
        at: Step,
        /// Why.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
    },
    /// A person had what a run did undone.
    RunUndone(OfRun),
    /// A run of another installation was put among those that can be looked at.
    RunImported {
        /// Its playbook.
        playbook: Name,
        /// The component.
        digest: Digest,
    },
    /// A person took an alert.
    AlertTaken {
        /// Which.
        alert: AlertId,
        /// Why.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
    },
    /// A person closed an alert.
    AlertClosed {
        /// Which.
        alert: AlertId,
        /// Why.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
        /// As a false alarm.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        false_alarm: bool,
    },

    /// A plugin was installed, with everything it asks for.
    PluginInstalled {
        /// Its name.
        plugin: Name,
        /// `connector` or `playbook`.
        kind: Text,
        /// Its version.
        version: Text,
        /// The exact component.
        digest: Digest,
        /// The component in whose place it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Digest>,
        /// Where it came from, as whoever installed it said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Text>,
        /// A lock file granted it: whoever installed it was not asked again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_lock_file: bool,
        /// What it may do more than that one, each granted again.
        #[serde(default, skip_serializing_if = "Items::is_empty")]
        wider: Items,
        /// Whose word it was installed on; none in the record of a host that did not look.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_by: Option<SignedBy>,
        /// The newer version that was installed before. Whoever installed this one allowed that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        older_than: Option<Text>,
    },
    /// The version of a plugin before the one that is installed was put in its place again.
    PluginRolledBack {
        /// Its name.
        plugin: Name,
        /// The version that is back.
        version: Text,
        /// The exact component.
        digest: Digest,
        /// The component that was in its place.
        replaces: Digest,
    },
    /// A plugin was enabled.
    PluginEnabled {
        /// Its name.
        plugin: Name,
        /// The actions that it needs and cannot have, which was accepted.
        #[serde(default, skip_serializing_if = "Items::is_empty")]
        lacks: Items,
    },
    /// A plugin was disabled: nothing of it is started any more.
    PluginDisabled {
        /// Its name.
        plugin: Name,
        /// Why, if nobody disabled it for itself.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        why: Text,
    },
    /// A plugin was removed.
    PluginRemoved {
        /// Its name.
        plugin: Name,
        /// Its version.
        version: Text,
        /// The exact component.
        digest: Digest,
    },

    /// A key is trusted from now on to sign plugins.
    KeyTrusted {
        /// What it is called.
        name: Name,
        /// Its number.
        key: KeyId,
        /// The plugins that it may sign.
        namespaces: Items,
    },
    /// A key is trusted no more. What was installed on its word stays.
    KeyDistrusted {
        /// What it was called.
        name: Name,
        /// Its number.
        key: KeyId,
    },

    /// A token was used for the first time since the host started.
    LoggedIn,
    /// Somebody came with no token that is valid. One record tells of all within a minute.
    TokensRefused {
        /// How often.
        count: u64,
    },

    /// An asset was configured.
    AssetPut {
        /// Its name.
        asset: Name,
        /// The connector that acts on it.
        connector: Name,
        /// The fields that are configured.
        fields: Items,
        /// The fields that are secrets and were given anew. What was given is nowhere.
        secrets: Items,
        /// Networks that are not public and were granted, and where to connect instead.
        reaches: Items,
        /// Whether it trusts a private CA.
        private_ca: bool,
    },
    /// An asset was removed, with its secrets.
    AssetRemoved {
        /// Its name.
        asset: Name,
    },
    /// A playbook was configured.
    PlaybookConfigured {
        /// Its name.
        playbook: Name,
        /// The fields that are configured.
        fields: Items,
    },
    /// A custom list was made.
    ListMade {
        /// Its name.
        list: Name,
    },
    /// A custom list was removed, with its entries.
    ListRemoved {
        /// Its name.
        list: Name,
    },
    /// An entry was put on a list.
    ListEntryAdded {
        /// The list.
        list: Name,
        /// The entry.
        value: Text,
        /// Why.
        #[serde(default, skip_serializing_if = "Text::is_empty")]
        note: Text,
    },
    /// An entry was taken off a list.
    ListEntryRemoved {
        /// The list.
        list: Name,
        /// The entry.
        value: Text,
    },
    /// Safe mode was switched.
    SafeModeSwitched {
        /// Whether it is on now.
        on: bool,
        /// For this playbook only; none for the host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        playbook: Option<Name>,
    },
    /// Another policy holds from now on.
    PolicyLoaded {
        /// SHA-256 of its file; none if there is no file, and the host's own holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// A user got a token.
    UserAdded {
        /// Their name.
        user: Name,
        /// Their roles.
        roles: Items,
    },
    /// A user's token is valid no more.
    UserRemoved {
        /// Their name.
        user: Name,
    },

    /// The host started.
    HostStarted {
        /// Its version.
        version: Text,
    },
    /// The host was told to stop, and did. Without it, the host was killed before it started next.
    HostStopped,
}

/// A mutating action of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The step that it is.
    #[serde(flatten)]
    pub at: Step,
    /// The connector.
    pub connector: Text,
    /// The action.
    pub action: Text,
    /// The asset that it acts on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Name>,
    /// What it does to the world.
    pub effect: Effect,
    /// The rule that let it pass; none if none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Text>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: Position,
    /// The run's playbook.
    pub playbook: Name,
}

/// What was done to a run as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfRun {
    /// The run.
    pub run: RunId,
    /// Its playbook.
    pub playbook: Name,
    /// Why.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub note: Text,
}

/// A text of at most [`AUDIT_TEXT_BYTES`]: a longer one ends in `…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(cut(text, AUDIT_TEXT_BYTES))
    }
}

impl From<&Name> for Text {
    fn from(name: &Name) -> Self {
        name.as_str().into()
    }
}

/// A value whose JSON takes at most [`AUDIT_TEXT_BYTES`]: of a larger one it is the beginning of its JSON, as a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Excerpt(Value);

impl Excerpt {
    /// The value, or the beginning of its text.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl From<&Value> for Excerpt {
    fn from(value: &Value) -> Self {
        let text = value.to_string();
        Self(match text.len() {
            0..=AUDIT_TEXT_BYTES => value.clone(),
            _ => cut(&text, AUDIT_TEXT_BYTES).into(),
        })
    }
}

/// At most [`AUDIT_ITEMS`] short texts; the last says how many more there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Items(Vec<String>);

impl Items {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl<T: AsRef<str>> FromIterator<T> for Items {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items = items.into_iter();
        let mut kept: Vec<_> =
            items.by_ref().take(AUDIT_ITEMS).map(|item| cut(item.as_ref(), AUDIT_ITEM_BYTES)).collect();
        match items.count() {
            0 => {}
            more => kept.push(format!("… and {more} more")),
        }
        Self(kept)
    }
}

/// What an asset may reach beyond what its connector declares.
pub fn reaches(allow: &[Cidr], connect_to: &[ConnectTo]) -> Items {
    let networks = allow.iter().map(ToString::to_string);
    networks.chain(connect_to.iter().cloned().map(String::from)).collect()
}

fn cut(text: &str, most: usize) -> String {
    const MARK: char = '…';
    if text.len() <= most {
        return text.to_owned();
    }
    let mut cut = text[..text.floor_char_boundary(most - MARK.len_utf8())].to_owned();
    cut.push(MARK);
    cut
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_a_record_is_longer_than_it_may_be() {
        let long = "é".repeat(AUDIT_TEXT_BYTES);
        let text = Text::from(long.as_str());
        assert!(text.as_str().len() <= AUDIT_TEXT_BYTES && text.as_str().ends_with("é…"), "{text:?}");
        assert_eq!(Text::from("short").as_str(), "short");

        let large = Excerpt::from(&json!({ "body": long }));
        let Value::String(beginning) = large.value() else { panic!("{large:?}") };
        assert!(beginning.len() <= AUDIT_TEXT_BYTES && beginning.starts_with(r#"{"body":"é"#), "{beginning}");
        let small = json!({ "ip": "203.0.113.7" });
        assert_eq!(Excerpt::from(&small).value(), &small);

        let items: Items = (0..AUDIT_ITEMS + 7).map(|n| format!("{n} {long}")).collect();
        assert_eq!(items.as_slice().len(), AUDIT_ITEMS + 1);
        assert!(items.as_slice().iter().all(|item| item.len() <= AUDIT_ITEM_BYTES), "{items:?}");
        assert_eq!(items.as_slice().last().unwrap(), "… and 7 more");
    }
}
