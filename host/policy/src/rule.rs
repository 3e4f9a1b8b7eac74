//! One rule: which actions it is about, and what becomes of them.

use std::fmt;

use crate::{
    decision::Verdict,
    selectors::{Facts, Miss, Selectors},
    target::{Aims, Targets, Touch, Uncovered},
};

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) selectors: Selectors,
    pub(crate) targets: Option<Targets>,
    pub(crate) then: Verdict,
}

/// Why a rule is about an action.
pub(crate) enum Fit<'a> {
    /// It has no list of targets.
    Selected,
    /// A value may be one of its targets.
    Touched(Touch<'a>),
    /// Every value is one of its targets.
    Covered,
}

/// Why it is not.
pub(crate) enum Unfit<'a> {
    /// A selector.
    Miss(Miss<'a>),
    /// No value may be one of its targets.
    Untouched,
    /// Some value is not surely one of its targets.
    Uncovered(Uncovered<'a>),
}

impl Rule {
    /// Whether the rule is about this action. One that lets actions through wants every value among its targets, any
    /// other one is enough.
    pub(crate) fn fit<'a>(&self, facts: Facts<'a>, aims: &'a Aims<'_>) -> Result<Fit<'a>, Unfit<'a>> {
        self.selectors.fit(facts).map_err(Unfit::Miss)?;
        let Some(targets) = &self.targets else { return Ok(Fit::Selected) };
        match self.then {
            Verdict::Allow => targets.cover(aims).map(|()| Fit::Covered).map_err(Unfit::Uncovered),
            Verdict::Approve(_) | Verdict::Deny => {
                targets.touched_by(aims).map(Fit::Touched).ok_or(Unfit::Untouched)
            }
        }
    }
}

impl fmt::Display for Fit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selected => f.write_str("the action is what it names"),
            Self::Touched(touch) => touch.fmt(f),
            Self::Covered => f.write_str("all that the action acts on is among its targets"),
        }
    }
}

impl fmt::Display for Unfit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Miss(miss) => miss.fmt(f),
            Self::Untouched => f.write_str("no value in its parameters is one of the targets"),
            Self::Uncovered(uncovered) => uncovered.fmt(f),
        }
    }
}
