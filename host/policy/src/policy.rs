//! The policy, and how it comes to a decision.

use std::{collections::HashSet, fmt, ops::Range, time::Duration};

use palisade_model::{Timestamp, action::Effect};
use toml::Spanned;

use crate::{
    breaker::Breaker,
    decision::{Approval, Considered, Decision, Proposed, Sent, Verdict},
    error::PolicyError,
    file::{Approvals, Defaults, File, Untouchable, Wrong},
    limits::{POLICY_BYTES, RULES_MAX},
    rule::Rule,
    selectors::Facts,
    target::{Aims, Targets},
    values::{Mutating, Quoted, Then},
};

/// What an operator allows. Immutable: a changed file is a new policy.
#[derive(Debug)]
pub struct Policy {
    never_touch: Option<NeverTouch>,
    rules: Vec<Rule>,
    default: Defaults,
    approval: Approval,
    breakers: Vec<Breaker>,
}

#[derive(Debug)]
struct NeverTouch {
    effects: Vec<Mutating>,
    targets: Targets,
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, with its line and what would be right. Nothing is read half: a host keeps
    /// to the policy that it has.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > POLICY_BYTES {
            return Err(PolicyError::TooLarge { bytes: text.len() });
        }
        let file: File =
            toml::from_str(text).map_err(|error| PolicyError::at(text, error.span(), error.message()))?;
        Self::new(file).map_err(|(span, message)| PolicyError::at(text, Some(span), &message))
    }

    /// What holds where there is no file: `contain` and `correct` need an approval, `generic` is allowed.
    pub fn built_in() -> Self {
        Self {
            never_touch: None,
            rules: Vec::new(),
            default: Defaults::default(),
            approval: Approvals::default().into(),
            breakers: Vec::new(),
        }
    }

    /// Checks what the sections say together.
    fn new(file: File) -> Result<Self, Wrong> {
        let approval: Approval = file.approval.into();
        let rules =
            sections(file.rule, "rules", |section, span| section.rule(span, &approval), |rule| &rule.name)?;
        let breakers =
            sections(file.breaker, "breakers", |section, _| section.breaker(), |breaker| &breaker.name)?;
        Ok(Self {
            never_touch: file.never_touch.and_then(NeverTouch::new),
            rules,
            default: file.default,
            approval,
            breakers,
        })
    }

    /// What becomes of an action.
    ///
    /// `recent` is what was sent before, oldest first, for at least [`Policy::longest_breaker`]. A caller that decides
    /// about several actions at once adds what was allowed and is not sent yet, or a breaker lets too many through.
    ///
    /// An approval answers the question of one moment. Before the action is sent the policy is to be asked again: what
    /// it denies by then is denied, whoever approved it.
    pub fn decide(&self, action: &Proposed<'_>, recent: &[Sent], now: Timestamp) -> Decision {
        self.look(action, recent, now, &mut |_| {})
    }

    /// What [`Policy::decide`] looks at, in its order, up to what decides.
    pub fn explain(&self, action: &Proposed<'_>, recent: &[Sent], now: Timestamp) -> Vec<Considered> {
        let mut all = Vec::new();
        self.look(action, recent, now, &mut |considered| all.push(considered()));
        all
    }

    /// The longest time over which a breaker counts: how long a caller keeps what was sent. Zero without breakers, at
    /// most [`BREAKER_WINDOW_MAX`](crate::BREAKER_WINDOW_MAX).
    pub fn longest_breaker(&self) -> Duration {
        self.breakers.iter().map(|breaker| breaker.within).max().unwrap_or_default()
    }

    fn look(&self, action: &Proposed<'_>, recent: &[Sent], now: Timestamp, seen: Seen<'_>) -> Decision {
        let facts = Facts::from(action);
        let Some(default) = self.default_of(action.effect) else {
            let rule = format!("effect.{}", action.effect.name());
            let why = "It changes nothing.".to_owned();
            seen(&|| Considered { rule: rule.clone(), fits: true, why: why.clone() });
            return Decision { verdict: Verdict::Allow, rule, why };
        };
        let aims = Aims::of(action.parameters);
        let untouchable = if action.undoes { None } else { self.never_touched(facts, &aims, seen) };
        let decision = untouchable
            .or_else(|| self.ruled(facts, &aims, seen))
            .unwrap_or_else(|| self.by_default(default, action.effect, seen));
        match decision.verdict {
            Verdict::Allow | Verdict::Approve(_) if !action.undoes => {
                self.counted(decision, facts, recent, now, seen)
            }
            _ => decision,
        }
    }

    fn never_touched(&self, facts: Facts<'_>, aims: &Aims<'_>, seen: Seen<'_>) -> Option<Decision> {
        let NeverTouch { effects, targets } = self.never_touch.as_ref()?;
        let section = || "never_touch".to_owned();
        if !effects.iter().any(|effect| Effect::from(*effect) == facts.effect) {
            let why = || format!("It is not about the effect {}.", facts.effect.name());
            seen(&|| Considered { rule: section(), fits: false, why: why() });
            return None;
        }
        let Some(touch) = targets.touched_by(aims) else {
            let why = || "No value in its parameters is listed.".to_owned();
            seen(&|| Considered { rule: section(), fits: false, why: why() });
            return None;
        };
        let rule = touch.list().map_or_else(section, |list| format!("never_touch.{list}"));
        let why = sentence(&touch);
        seen(&|| Considered { rule: rule.clone(), fits: true, why: why.clone() });
        Some(Decision { verdict: Verdict::Deny, rule, why })
    }

    fn ruled(&self, facts: Facts<'_>, aims: &Aims<'_>, seen: Seen<'_>) -> Option<Decision> {
        for rule in &self.rules {
            let name = || format!("rule {}", Quoted(&rule.name));
            match rule.fit(facts, aims) {
                Ok(fit) => {
                    let why = sentence(&fit);
                    seen(&|| Considered { rule: name(), fits: true, why: why.clone() });
                    return Some(Decision { verdict: rule.then.clone(), rule: name(), why });
                }
                Err(unfit) => seen(&|| Considered { rule: name(), fits: false, why: sentence(&unfit) }),
            }
        }
        None
    }

    fn by_default(&self, default: Then, effect: Effect, seen: Seen<'_>) -> Decision {
        let rule = format!("default.{}", effect.name());
        let why = "No rule fits.".to_owned();
        seen(&|| Considered { rule: rule.clone(), fits: true, why: why.clone() });
        let verdict = match default {
            Then::Allow => Verdict::Allow,
            Then::Approve => Verdict::Approve(self.approval.clone()),
            Then::Deny => Verdict::Deny,
        };
        Decision { verdict, rule, why }
    }

    /// The same decision, unless a breaker has tripped: then a person is asked, whom the breaker names if it names one.
    fn counted(
        &self,
        decision: Decision,
        facts: Facts<'_>,
        recent: &[Sent],
        now: Timestamp,
        seen: Seen<'_>,
    ) -> Decision {
        for breaker in &self.breakers {
            let rule = || format!("breaker {}", Quoted(&breaker.name));
            match breaker.count(facts, recent, now) {
                Ok(count) if count.is_tripped() => {
                    let why = sentence(&count);
                    seen(&|| Considered { rule: rule(), fits: true, why: why.clone() });
                    let instead_of = match decision.verdict {
                        Verdict::Approve(approval) => approval,
                        Verdict::Allow | Verdict::Deny => self.approval.clone(),
                    };
                    return Decision {
                        verdict: Verdict::Approve(breaker.asks(instead_of)),
                        rule: rule(),
                        why,
                    };
                }
                Ok(count) => seen(&|| Considered { rule: rule(), fits: false, why: sentence(&count) }),
                Err(miss) => seen(&|| Considered { rule: rule(), fits: false, why: sentence(&miss) }),
            }
        }
        decision
    }

    /// What the file says of an effect; nothing for one that only reads.
    fn default_of(&self, effect: Effect) -> Option<Then> {
        match effect {
            Effect::Contain => Some(self.default.contain),
            Effect::Correct => Some(self.default.correct),
            Effect::Generic => Some(self.default.generic),
            Effect::Investigate | Effect::Test => None,
        }
    }
}

impl NeverTouch {
    /// Nothing if nothing is listed.
    fn new(section: Untouchable) -> Option<Self> {
        let effects = section.effects().to_vec();
        Some(Self { effects, targets: section.targets()? })
    }
}

/// Is told of everything that is looked at. It writes the sentence only if it wants it.
type Seen<'a> = &'a mut dyn FnMut(&dyn Fn() -> Considered);

/// Reads the sections of one kind, whose names differ.
fn sections<S, T>(
    all: Vec<Spanned<S>>,
    kind: &str,
    read: impl Fn(S, Range<usize>) -> Result<T, Wrong>,
    name: impl Fn(&T) -> &String,
) -> Result<Vec<T>, Wrong> {
    let mut names = HashSet::new();
    let mut sections = Vec::with_capacity(all.len());
    for section in all {
        let span = section.span();
        if sections.len() == RULES_MAX {
            return Err((span, format!("there are more than {RULES_MAX} {kind}")));
        }
        let section = read(section.into_inner(), span.clone())?;
        if !names.insert(name(&section).clone()) {
            return Err((
                span,
                format!("two {kind} are called {:?}: a decision names the one that made it", name(&section)),
            ));
        }
        sections.push(section);
    }
    Ok(sections)
}

fn sentence(what: &dyn fmt::Display) -> String {
    let text = what.to_string();
    let first = text.chars().next().map(char::len_utf8).unwrap_or_default();
    format!("{}{}.", text[..first].to_uppercase(), &text[first..])
}
