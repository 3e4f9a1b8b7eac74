use std::fmt::{self, Display};

use serde::Serialize;

/// What came of a round. Only kills, alerts, mutating calls, concluded runs and doubts may be other than 0.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Hosts killed.
    pub kills: usize,
    /// Alerts that a host acknowledged.
    pub alerts: usize,
    /// Of these, those that are not there, or have no run.
    pub lost: usize,
    /// Operations that changed something outside.
    pub mutating: usize,
    /// Effects beyond the first of one operation.
    pub repeated: usize,
    /// Operations of a run that has ended which the system acted on knows nothing of.
    pub missing: usize,
    /// Runs that came to the end which their program says.
    pub concluded: usize,
    /// Of these, those that do not come to the same end when they are led through their journal once more.
    pub diverged: usize,
    /// Of these, those in which nothing happened for long although nothing kept them.
    pub late: usize,
    /// Doubts that a person had to decide on.
    pub in_doubt: usize,
    /// Of these, those that were none.
    pub unreal: usize,
    /// Runs that have not ended.
    pub stuck: usize,
    /// Runs that ended as they should not, or should not be there.
    pub wrong: usize,
    /// What is wrong, in sentences.
    pub findings: Vec<String>,
}

impl Tally {
    /// Whether everything is as it must be.
    pub fn is_good(&self) -> bool {
        let Self { lost, repeated, missing, diverged, late, unreal, stuck, wrong, findings, .. } = self;
        [lost, repeated, missing, diverged, late, unreal, stuck, wrong].into_iter().all(|&count| count == 0)
            && findings.is_empty()
    }

    /// Adds what came of another round.
    pub fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.alerts += other.alerts;
        self.lost += other.lost;
        self.mutating += other.mutating;
        self.repeated += other.repeated;
        self.missing += other.missing;
        self.concluded += other.concluded;
        self.late += other.late;
        self.diverged += other.diverged;
        self.in_doubt += other.in_doubt;
        self.unreal += other.unreal;
        self.stuck += other.stuck;
        self.wrong += other.wrong;
        self.findings.extend(other.findings);
    }
}

impl Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, alerts, lost, mutating, repeated, missing, .. } = self;
        let Self { concluded, in_doubt, stuck, wrong, diverged, late, unreal, .. } = self;
        writeln!(formatter, "kills                              {kills}")?;
        writeln!(formatter, "alerts acknowledged / lost         {alerts} / {lost}")?;
        writeln!(formatter, "mutating calls / repeated          {mutating} / {repeated}")?;
        writeln!(formatter, "runs concluded / in doubt / stuck  {concluded} / {in_doubt} / {stuck}")?;
        writeln!(formatter, "calls missing                      {missing}")?;
        writeln!(formatter, "runs ended wrongly                 {wrong}")?;
        writeln!(formatter, "runs that do not replay            {diverged}")?;
        writeln!(formatter, "runs that stood still              {late}")?;
        writeln!(formatter, "doubts that were none              {unreal}")
    }
}
