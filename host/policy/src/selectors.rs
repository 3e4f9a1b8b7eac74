//! Which actions a rule or a breaker is about.

use std::fmt;

use palisade_model::{action::Effect, alert::Severity, name::Name};

use crate::{
    decision::{Proposed, Sent},
    values::{Mutating, OneOf, Phrase, Quoted},
};

/// What is known of an action, whether it is proposed or was sent.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) effect: Effect,
    connector: &'a str,
    action: &'a str,
    asset: &'a str,
    playbook: &'a str,
    label: &'a str,
    severity: Severity,
}

impl<'a> From<&Proposed<'a>> for Facts<'a> {
    fn from(action: &Proposed<'a>) -> Self {
        Self {
            effect: action.effect,
            connector: action.connector,
            action: action.action,
            asset: action.asset,
            playbook: action.playbook,
            label: action.label,
            severity: action.severity,
        }
    }
}

impl<'a> From<&'a Sent> for Facts<'a> {
    fn from(action: &'a Sent) -> Self {
        Self {
            effect: action.effect,
            connector: &action.connector,
            action: &action.action,
            asset: &action.asset,
            playbook: &action.playbook,
            label: &action.label,
            severity: action.severity,
        }
    }
}

/// What an action must be, each by itself; what is not named may be anything.
#[derive(Clone, Debug)]
pub(crate) struct Selectors {
    pub(crate) effect: Option<OneOf<Mutating>>,
    pub(crate) connector: Option<OneOf<Name>>,
    pub(crate) action: Option<OneOf<Phrase>>,
    pub(crate) asset: Option<OneOf<Name>>,
    pub(crate) playbook: Option<OneOf<Name>>,
    pub(crate) label: Option<OneOf<Phrase>>,
    /// At least.
    pub(crate) severity: Option<Severity>,
}

impl Selectors {
    /// Whether no selector is named, so that every action fits.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { effect, connector, action, asset, playbook, label, severity } = self;
        effect.is_none()
            && connector.is_none()
            && action.is_none()
            && asset.is_none()
            && playbook.is_none()
            && label.is_none()
            && severity.is_none()
    }

    /// Whether an action is what every selector says.
    ///
    /// # Errors
    ///
    /// The first one that it does not fit.
    pub(crate) fn fit<'a>(&self, is: Facts<'a>) -> Result<(), Miss<'a>> {
        let Self { effect, connector, action, asset, playbook, label, severity } = self;
        among(effect, |wanted| Effect::from(*wanted) == is.effect, "effect", is.effect.name())?;
        among(connector, |wanted| wanted.as_str() == is.connector, "connector", is.connector)?;
        among(action, |wanted| wanted.fits(is.action), "action", is.action)?;
        among(asset, |wanted| wanted.as_str() == is.asset, "asset", is.asset)?;
        among(playbook, |wanted| wanted.as_str() == is.playbook, "playbook", is.playbook)?;
        among(label, |wanted| wanted.fits(is.label), "label", is.label)?;
        match severity {
            Some(least) if is.severity < *least => Err(Miss { key: "severity", is: is.severity.name() }),
            _ => Ok(()),
        }
    }
}

/// The first selector that an action does not fit.
#[derive(Debug)]
pub(crate) struct Miss<'a> {
    key: &'static str,
    is: &'a str,
}

impl fmt::Display for Miss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its {} is {}", self.key, Quoted(self.is))
    }
}

fn among<'a, T>(
    wanted: &Option<OneOf<T>>,
    fits: impl Fn(&T) -> bool,
    key: &'static str,
    is: &'a str,
) -> Result<(), Miss<'a>> {
    match wanted {
        Some(OneOf(any)) if !any.iter().any(fits) => Err(Miss { key, is }),
        _ => Ok(()),
    }
}
