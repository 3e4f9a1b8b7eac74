//! What a trial found out.

use serde::Serialize;

use crate::limits::FINDINGS;

/// What a trial found out about a plugin.
#[derive(Clone, Debug, Serialize)]
pub struct Scorecard {
    /// Its name.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// `connector` or `playbook`.
    pub kind: &'static str,
    /// What the generated calls were made from; the same seed makes the same calls.
    pub seed: u64,
    /// Cassettes that were played.
    pub cassettes: usize,
    /// Calls of the component.
    pub calls: u64,
    /// Milliseconds that they took together.
    pub milliseconds: u64,
    /// The checks, in the order of the page about them.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub sentence: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// Where it was not as it should be, or what could not be decided: the first few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The plugin holds to it.
    Pass,
    /// It does not.
    Fail,
    /// It could not be decided for some of what the plugin does.
    NotCovered,
    /// The plugin has nothing that it could be about.
    NotApplicable,
}

impl Scorecard {
    /// The checks with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.verdict == verdict)
    }

    /// Whether the plugin broke no check.
    pub fn holds(&self) -> bool {
        self.with(Verdict::Fail).next().is_none()
    }
}

/// A check in the making.
pub(crate) struct Tally {
    name: String,
    sentence: &'static str,
    /// What to do if it does not hold.
    advice: &'static str,
    held: u64,
    broken: u64,
    findings: Vec<String>,
    uncovered: Vec<String>,
    /// More to say of what was seen.
    remark: Option<String>,
}

impl Tally {
    pub(crate) fn new(name: impl Into<String>, sentence: &'static str, advice: &'static str) -> Self {
        Self {
            name: name.into(),
            sentence,
            advice,
            held: 0,
            broken: 0,
            findings: Vec::new(),
            uncovered: Vec::new(),
            remark: None,
        }
    }

    /// It was as it should be, once more.
    pub(crate) fn held(&mut self) {
        self.held += 1;
    }

    /// It was not as it should be.
    pub(crate) fn broke(&mut self, finding: impl Into<String>) {
        self.broken += 1;
        let finding = shorten(finding.into());
        if self.findings.len() < FINDINGS && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// It was as it should be, or this was not.
    pub(crate) fn note(&mut self, finding: Option<String>) {
        match finding {
            Some(finding) => self.broke(finding),
            None => self.held(),
        }
    }

    /// It could not be seen for this.
    pub(crate) fn uncovered(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.uncovered.contains(&what) {
            self.uncovered.push(what);
        }
    }

    /// Says more about what was seen.
    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        self.remark = Some(remark.into());
    }

    pub(crate) fn check(self) -> Check {
        let times = |count: u64| format!("{count} {}", if count == 1 { "time" } else { "times" });
        let verdict = match (self.broken, self.uncovered.is_empty(), self.held) {
            (1.., ..) => Verdict::Fail,
            (0, false, _) => Verdict::NotCovered,
            (0, true, 0) => Verdict::NotApplicable,
            (0, true, _) => Verdict::Pass,
        };
        let seen = match verdict {
            Verdict::Pass => format!("held {}", times(self.held)),
            Verdict::Fail => format!("broken {}, held {}", times(self.broken), times(self.held)),
            Verdict::NotCovered => format!("not covered: {}", first(&self.uncovered)),
            Verdict::NotApplicable => "nothing it could be about".to_owned(),
        };
        let (findings, next) = match verdict {
            Verdict::Fail => (self.findings, Some(self.advice.to_owned())),
            Verdict::NotCovered => {
                (Vec::new(), Some(format!("write a cassette for {}", self.uncovered.join(", "))))
            }
            Verdict::Pass | Verdict::NotApplicable => (Vec::new(), None),
        };
        let seen = match self.remark {
            Some(remark) if verdict != Verdict::NotCovered => format!("{seen}; {remark}"),
            _ => seen,
        };
        Check { name: self.name, sentence: self.sentence, verdict, seen, findings, next }
    }
}

/// The first few of a list, and how many more there are.
fn first(items: &[String]) -> String {
    const SHOWN: usize = 3;
    match items.len().checked_sub(SHOWN) {
        None | Some(0) => items.join(", "),
        Some(more) => format!("{} and {more} more", items[..SHOWN].join(", ")),
    }
}

/// What a plugin said may be of any length.
fn shorten(text: String) -> String {
    const CHARS: usize = 400;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_break_is_a_fail_and_a_gap_is_no_pass() {
        let tally = || Tally::new("name", "It holds.", "mend it");
        let verdict = |tally: Tally| tally.check().verdict;
        assert_eq!(verdict(tally()), Verdict::NotApplicable);
        let mut held = tally();
        held.held();
        held.uncovered("`block ip`");
        let check = held.check();
        assert_eq!(check.verdict, Verdict::NotCovered);
        assert_eq!(check.next.unwrap(), "write a cassette for `block ip`");
        let mut broken = tally();
        broken.held();
        broken.uncovered("x");
        (0..100).for_each(|n| broken.broke(format!("{n}")));
        let check = broken.check();
        assert_eq!((check.verdict, check.findings.len()), (Verdict::Fail, FINDINGS));
    }
}
