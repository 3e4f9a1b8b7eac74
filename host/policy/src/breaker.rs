//! Rate breakers: after so many actions of a kind, the next ones wait for a person.

use std::{fmt, time::Duration};

use palisade_model::{SignedDuration, Timestamp};

use crate::{
    decision::{Approval, AtDeadline, Sent},
    selectors::{Facts, Miss, Selectors},
    values::Period,
};

/// One breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    pub(crate) name: String,
    pub(crate) selectors: Selectors,
    /// How many go through.
    pub(crate) most: u32,
    /// In this time.
    pub(crate) within: Duration,
    /// Who lets more through; none for whom the decision names that it replaces.
    pub(crate) role: Option<String>,
    /// Time to answer, likewise.
    pub(crate) ask_within: Option<Duration>,
    pub(crate) at_deadline: AtDeadline,
}

/// How many actions a breaker counts.
pub(crate) struct Count<'a> {
    breaker: &'a Breaker,
    sent: usize,
}

impl Breaker {
    /// Counts what was sent, if the breaker is about this action.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub(crate) fn count<'a>(
        &'a self,
        action: Facts<'a>,
        recent: &[Sent],
        now: Timestamp,
    ) -> Result<Count<'a>, Miss<'a>> {
        self.selectors.fit(action)?;
        let window = SignedDuration::try_from(self.within).unwrap_or(SignedDuration::MAX);
        // What seems to be sent later than now, by a clock that was put back, counts.
        let counts =
            |sent: &&Sent| now.duration_since(sent.at) < window && self.selectors.fit((*sent).into()).is_ok();
        Ok(Count { breaker: self, sent: recent.iter().filter(counts).count() })
    }

    /// What becomes of an action that would have been asked about like this, or was to be let through.
    pub(crate) fn asks(&self, instead_of: Approval) -> Approval {
        Approval {
            role: self.role.clone().or(instead_of.role),
            within: self.ask_within.unwrap_or(instead_of.within),
            at_deadline: self.at_deadline,
        }
    }
}

impl Count<'_> {
    /// Whether no more go through.
    pub(crate) fn is_tripped(&self) -> bool {
        self.sent >= self.breaker.most as usize
    }
}

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { breaker: Breaker { most, within, .. }, sent } = self;
        write!(f, "{sent} such actions were sent in the last {}, and {most} go through", Period(*within))
    }
}
