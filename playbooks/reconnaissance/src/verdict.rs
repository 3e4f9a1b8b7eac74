//! What the findings mean.

use casework::text::{counted, line};

use crate::{
    findings::{Domain, Findings, Reputation},
    settings::Settings,
    source::Source,
};

/// What the source is. Reasons are short lines for a person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The address, or a domain that it has beyond doubt. What else is in doubt does not change that.
    Malicious { reasons: Vec<String>, doubts: Vec<String> },
    /// Both were looked up, and neither is anything else.
    Benign,
    /// A person must decide.
    Undecided { doubts: Vec<String> },
}

/// What the engines think of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opinion {
    Malicious,
    Suspicious,
    Clean,
    /// Too few have one.
    Unknown,
}

impl Verdict {
    pub(crate) fn on(source: &Source, findings: &Findings, received_ms: u64, settings: &Settings) -> Self {
        let (mut reasons, mut doubts) = (Vec::new(), Vec::new());
        if let Ok(reputation) = &findings.reputation {
            match Opinion::of(reputation, settings) {
                Opinion::Malicious => reasons.push(engines(reputation, "the address")),
                opinion => doubts.extend(opinion.doubt(reputation)),
            }
        }
        for domain in &findings.domains {
            match judge(domain, received_ms, settings) {
                Judged::Malicious(reason) => reasons.push(reason),
                Judged::Doubtful(doubts_of_it) => doubts.extend(doubts_of_it),
            }
        }
        let is_nameless = findings.domains.is_empty() && findings.names.is_ok();
        if is_nameless && !settings.benign_without_domain {
            doubts.push(format!("{} has no name, so there is no domain to look into", findings.address));
        }
        if source.others > 0 {
            doubts.push(format!(
                "the alert names {} that nobody has looked into",
                counted(source.others as u64, "more source")
            ));
        }
        // A system that knows nothing of it has answered; one that could not be asked has not.
        doubts.extend(findings.gaps().into_iter().filter(|gap| !gap.is_unknown).map(|gap| gap.line.clone()));
        if !reasons.is_empty() {
            return Self::Malicious { reasons, doubts };
        }
        // Without a reputation nothing is benign, whatever the reason why there is none.
        let unanswered = [findings.reputation.as_ref().err()].into_iter();
        let unanswered =
            unanswered.chain(findings.domains.iter().map(|domain| domain.reputation.as_ref().err()));
        doubts.extend(unanswered.flatten().filter(|gap| gap.is_unknown).map(|gap| gap.line.clone()));
        if doubts.is_empty() { Self::Benign } else { Self::Undecided { doubts } }
    }
}

enum Judged {
    Malicious(String),
    Doubtful(Vec<String>),
}

/// Whoever holds an address chooses its name, and an attacker may choose that of another: a name that does not lead back
/// to the address makes nobody malicious, and nobody benign.
fn judge(domain: &Domain, received_ms: u64, settings: &Settings) -> Judged {
    let name = line(&domain.name);
    let mut doubts = Vec::new();
    if let Ok(reputation) = &domain.reputation {
        // Of the name, or of the domain that it belongs to.
        let verdict = engines(reputation, &line(&reputation.subject));
        match (Opinion::of(reputation, settings), &domain.confirmed) {
            (Opinion::Malicious, Ok(true)) => return Judged::Malicious(verdict),
            (Opinion::Malicious, _) => {
                doubts.push(format!("{verdict}, which the source may only pretend to be"));
            }
            (opinion, _) => doubts.extend(opinion.doubt(reputation)),
        }
    }
    if let Ok(false) = domain.confirmed {
        doubts.push(format!("{name} does not lead back to the address: the name may be made up"));
    }
    if let Ok(owner) = &domain.owner
        && settings.young_days > 0
    {
        match owner.age_days(received_ms) {
            Some(days) if days >= u64::from(settings.young_days) => {}
            Some(days) => {
                doubts.push(format!("{name} was registered only {} before the alert", counted(days, "day")));
            }
            None => doubts.push(format!("it is not known when {name} was registered")),
        }
    }
    Judged::Doubtful(doubts)
}

impl Opinion {
    fn of(reputation: &Reputation, settings: &Settings) -> Self {
        if reputation.malicious >= settings.malicious_at {
            Self::Malicious
        } else if reputation.objections() >= settings.suspicious_at {
            Self::Suspicious
        } else if reputation.rated() < settings.engines_at {
            Self::Unknown
        } else {
            Self::Clean
        }
    }

    /// Why that is not enough to decide, if it is not.
    fn doubt(self, reputation: &Reputation) -> Option<String> {
        let subject = line(&reputation.subject);
        match self {
            Self::Malicious | Self::Clean => None,
            Self::Suspicious => {
                let (objections, engines) = (reputation.objections(), reputation.engines());
                Some(format!("engines disagree: {objections} of {engines} object to {subject}"))
            }
            Self::Unknown if reputation.engines() == 0 => Some(format!("VirusTotal does not know {subject}")),
            Self::Unknown => {
                let (rated, engines) = (reputation.rated(), reputation.engines());
                Some(format!("only {rated} of {engines} engines have rated {subject}"))
            }
        }
    }
}

fn engines(reputation: &Reputation, subject: &str) -> String {
    format!("{} of {} engines call {subject} malicious", reputation.malicious, reputation.engines())
}
