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
    findings: Vec<Finding>,
    uncovered: Vec<String>,
    /// What breaks before it can be seen for it.
    hidden: Vec<String>,
    /// More to say of what was seen.
    remark: Option<String>,
}

/// Something that is not as it should be.
struct Finding {
    /// What it is: the same thing elsewhere is no other finding.
    what: String,
    told: String,
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
            hidden: Vec::new(),
            remark: None,
        }
    }

    /// It was as it should be, once more.
    pub(crate) fn held(&mut self) {
        self.held += 1;
    }

    /// It was not as it should be.
    pub(crate) fn broke(&mut self, finding: impl Into<String>) {
        let finding = finding.into();
        self.broke_at(finding.clone(), finding);
    }

    /// It was not as it should be: `what`, which is told with the place where it was seen. Seen elsewhere, it is not told
    /// again.
    pub(crate) fn broke_at(&mut self, what: impl Into<String>, told: impl Into<String>) {
        self.broken += 1;
        let what = what.into();
        if self.findings.len() < FINDINGS && self.findings.iter().all(|known| known.what != what) {
            self.findings.push(Finding { what, told: shorten(told.into()) });
        }
    }

    /// It was as it should be, or this was not.
    pub(crate) fn note(&mut self, finding: Option<String>) {
        match finding {
            Some(finding) => self.broke(finding),
            None => self.held(),
        }
    }

    /// It could not be seen for this, for want of a cassette.
    pub(crate) fn uncovered(&mut self, what: impl Into<String>) {
        add(&mut self.uncovered, what.into());
    }

    /// It could not be seen for this action, which broke before; another check tells how.
    pub(crate) fn hidden(&mut self, action: impl Into<String>) {
        add(&mut self.hidden, action.into());
    }

    /// Says more about what was seen.
    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        self.remark = Some(remark.into());
    }

    pub(crate) fn check(self) -> Check {
        let times = |count: u64| format!("{count} {}", if count == 1 { "time" } else { "times" });
        let is_covered = self.uncovered.is_empty() && self.hidden.is_empty();
        let verdict = match (self.broken, is_covered, self.held) {
            (1.., ..) => Verdict::Fail,
            (0, false, _) => Verdict::NotCovered,
            (0, true, 0) => Verdict::NotApplicable,
            (0, true, _) => Verdict::Pass,
        };
        let seen = match verdict {
            Verdict::Pass => format!("held {}", times(self.held)),
            Verdict::Fail => format!("broken {}, held {}", times(self.broken), times(self.held)),
            Verdict::NotCovered => {
                let hidden = self.hidden.iter().map(|action| format!("{action}, which breaks"));
                format!(
                    "not covered: {}",
                    first(&self.uncovered.iter().cloned().chain(hidden).collect::<Vec<_>>())
                )
            }
            Verdict::NotApplicable => "nothing it could be about".to_owned(),
        };
        let (findings, next) = match verdict {
            Verdict::Fail => (
                self.findings.into_iter().map(|finding| finding.told).collect(),
                Some(self.advice.to_owned()),
            ),
            Verdict::NotCovered => {
                let missing = [
                    ("write a cassette for", &self.uncovered),
                    ("mend what the other checks say of", &self.hidden),
                ];
                let missing = missing.iter().filter(|(_, what)| !what.is_empty());
                let next: Vec<_> =
                    missing.map(|(to_do, what)| format!("{to_do} {}", what.join(", "))).collect();
                (Vec::new(), Some(next.join("; ")))
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

fn add(items: &mut Vec<String>, item: String) {
    if !items.contains(&item) {
        items.push(item);
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
        held.hidden("`panic`");
        let check = held.check();
        assert_eq!(check.verdict, Verdict::NotCovered);
        assert_eq!(check.seen, "not covered: `block ip`, `panic`, which breaks");
        let next = "write a cassette for `block ip`; mend what the other checks say of `panic`";
        assert_eq!(check.next.unwrap(), next);
        let mut broken = tally();
        broken.held();
        broken.uncovered("x");
        (0..100).for_each(|n| broken.broke(format!("{n}")));
        let check = broken.check();
        assert_eq!((check.verdict, check.findings.len()), (Verdict::Fail, FINDINGS));
        let mut everywhere = tally();
        (0..100).for_each(|n| everywhere.broke_at("it leaks", format!("answer {n}: it leaks")));
        assert_eq!(everywhere.check().findings, ["answer 0: it leaks"]);
    }
}
