//! The file as it is written: every key that there is, and what may stand behind it.

use std::ops::Range;

use palisade_model::{alert::Severity, name::Name};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    breaker::Breaker,
    decision::{Approval, AtDeadline, Verdict},
    limits::{BREAKER_MOST_MAX, BREAKER_WINDOW_MAX, DEADLINE},
    rule::Rule,
    selectors::Selectors,
    target::{Device, Host, Lists, Network, Targets, User},
    values::{Mutating, OneOf, Period, Phrase, Then, Words},
};

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) default: Defaults,
    #[serde(default)]
    pub(crate) approval: Approvals,
    pub(crate) never_touch: Option<Untouchable>,
    #[serde(default)]
    pub(crate) breaker: Vec<Spanned<Counted>>,
    #[serde(default)]
    pub(crate) rule: Vec<Spanned<Ruled>>,
}

/// `[default]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Defaults {
    pub(crate) contain: Then,
    pub(crate) correct: Then,
    pub(crate) generic: Then,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { contain: Then::Approve, correct: Then::Approve, generic: Then::Allow }
    }
}

/// `[approval]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Approvals {
    role: Option<Name>,
    within: Period,
    at_deadline: AtDeadline,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { role: None, within: Period(DEADLINE), at_deadline: AtDeadline::Deny }
    }
}

impl From<Approvals> for Approval {
    fn from(Approvals { role, within, at_deadline }: Approvals) -> Self {
        Self { role: role.map(String::from), within: within.0, at_deadline }
    }
}

/// `[never_touch]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Untouchable {
    effects: Option<OneOf<Mutating>>,
    networks: Option<OneOf<Network>>,
    hosts: Option<OneOf<Host>>,
    users: Option<OneOf<User>>,
    devices: Option<OneOf<Device>>,
}

impl Untouchable {
    /// The effects that it is about.
    pub(crate) fn effects(&self) -> &[Mutating] {
        self.effects.as_ref().map_or(&[Mutating::Contain, Mutating::Correct], |OneOf(effects)| effects)
    }

    /// What is listed, if anything is.
    pub(crate) fn targets(self) -> Option<Targets> {
        let Self { effects: _, networks, hosts, users, devices } = self;
        Targets::new(None, Lists { networks, hosts, users, devices })
    }
}

/// `target` of a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    parameters: Option<OneOf<Words>>,
    networks: Option<OneOf<Network>>,
    hosts: Option<OneOf<Host>>,
    users: Option<OneOf<User>>,
    devices: Option<OneOf<Device>>,
}

/// `[[breaker]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    name: Words,
    effect: Option<OneOf<Mutating>>,
    connector: Option<OneOf<Name>>,
    action: Option<OneOf<Phrase>>,
    asset: Option<OneOf<Name>>,
    playbook: Option<OneOf<Name>>,
    label: Option<OneOf<Phrase>>,
    severity: Option<Severity>,
    most: Spanned<u32>,
    within: Spanned<Period>,
    role: Option<Name>,
    ask_within: Option<Period>,
    at_deadline: Option<AtDeadline>,
}

/// `[[rule]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ruled {
    name: Words,
    effect: Option<OneOf<Mutating>>,
    connector: Option<OneOf<Name>>,
    action: Option<OneOf<Phrase>>,
    asset: Option<OneOf<Name>>,
    playbook: Option<OneOf<Name>>,
    label: Option<OneOf<Phrase>>,
    severity: Option<Severity>,
    target: Option<Spanned<Target>>,
    then: Then,
    role: Option<Spanned<Name>>,
    within: Option<Spanned<Period>>,
    at_deadline: Option<Spanned<AtDeadline>>,
}

/// What is wrong, and where in the file.
pub(crate) type Wrong = (Range<usize>, String);

impl Counted {
    /// Checks what the values say together.
    pub(crate) fn breaker(self) -> Result<Breaker, Wrong> {
        let Self { effect, connector, action, asset, playbook, label, severity, .. } = self;
        let most = *self.most.get_ref();
        if most == 0 || most > BREAKER_MOST_MAX {
            let message = format!(
                "`most` is from 1 to {BREAKER_MOST_MAX}; for none at all write a rule with then = \"approve\""
            );
            return Err((self.most.span(), message));
        }
        let within = self.within.get_ref().0;
        if within > BREAKER_WINDOW_MAX {
            let message = format!("a breaker counts over at most {}", Period(BREAKER_WINDOW_MAX));
            return Err((self.within.span(), message));
        }
        Ok(Breaker {
            name: self.name.0,
            selectors: Selectors { effect, connector, action, asset, playbook, label, severity },
            most,
            within,
            role: self.role.map(String::from),
            ask_within: self.ask_within.map(|period| period.0),
            at_deadline: self.at_deadline.unwrap_or(AtDeadline::Deny),
        })
    }
}

impl Ruled {
    /// Checks what the values say together; `approval` is what holds where the rule says nothing.
    pub(crate) fn rule(self, span: Range<usize>, approval: &Approval) -> Result<Rule, Wrong> {
        let Self { name, effect, connector, action, asset, playbook, label, severity, .. } = self;
        let selectors = Selectors { effect, connector, action, asset, playbook, label, severity };
        if selectors.is_empty() && self.target.is_none() {
            let message =
                "the rule names nothing that it is about; what holds for all belongs to [default]".to_owned();
            return Err((span, message));
        }
        let targets = self.target.map(targets).transpose()?;
        let stray = [
            ("role", self.role.as_ref().map(Spanned::span)),
            ("within", self.within.as_ref().map(Spanned::span)),
            ("at_deadline", self.at_deadline.as_ref().map(Spanned::span)),
        ];
        let then = match self.then {
            Then::Approve => Verdict::Approve(Approval {
                role: self.role.map(|role| role.into_inner().into()).or_else(|| approval.role.clone()),
                within: self.within.map_or(approval.within, |period| period.into_inner().0),
                at_deadline: self.at_deadline.map_or(approval.at_deadline, Spanned::into_inner),
            }),
            then @ (Then::Allow | Then::Deny) => {
                if let Some((key, span)) = stray.into_iter().find_map(|(key, span)| Some((key, span?))) {
                    let message =
                        format!("`{key}` belongs to then = \"approve\", and the rule says \"{then}\"");
                    return Err((span, message));
                }
                if then == Then::Allow { Verdict::Allow } else { Verdict::Deny }
            }
        };
        Ok(Rule { name: name.0, selectors, targets, then })
    }
}

fn targets(target: Spanned<Target>) -> Result<Targets, Wrong> {
    let span = target.span();
    let Target { parameters, networks, hosts, users, devices } = target.into_inner();
    Targets::new(parameters, Lists { networks, hosts, users, devices }).ok_or_else(|| {
        (span, "a target needs at least one of `networks`, `hosts`, `users`, `devices`".to_owned())
    })
}
