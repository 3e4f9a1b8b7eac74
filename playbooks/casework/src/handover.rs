use palisade_sdk::playbook::{AlertStatus, Run, Severity};

use crate::text::shortened;

/// Characters of the sentence that stands in the inbox: what can be read in ten seconds.
const SUMMARY_CHARS_MAX: usize = 400;

/// Makes the alert as severe as this, if it is less.
pub fn raise_severity(run: &Run, severity: Severity) {
    if rank(run.alert().severity) < rank(severity) {
        run.set_severity(severity);
    }
}

/// Leaves the alert open for a person, and puts it into the inbox with one sentence on why. Whoever it goes to becomes
/// its owner, unless it has one.
pub fn escalate(run: &Run, to: Option<&str>, summary: &str) {
    run.set_status(AlertStatus::Open);
    if to.is_some() && run.alert().owner.is_none() {
        run.set_owner(to);
    }
    run.escalate(to, &shortened(summary, SUMMARY_CHARS_MAX));
}

fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Informational => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

#[cfg(test)]
mod tests {
    use palisade_sdk::{
        playbook::Playbook,
        testing::{Change, PlaybookTest},
    };

    use super::*;

    fn changes(handle: fn(&Run) -> Result<String, String>, owner: Option<&str>) -> Vec<Change> {
        let test = PlaybookTest::new(Playbook::new("test", "1.0.0", handle));
        test.alert(|alert| alert.owner = owner.map(str::to_owned)).run().changes
    }

    #[test]
    fn severity_is_never_lowered() {
        let raise = |run: &Run| {
            raise_severity(run, Severity::Low);
            raise_severity(run, Severity::High);
            raise_severity(run, Severity::Medium);
            Ok(String::new())
        };
        assert_eq!(changes(raise, None), [Change::Severity(Severity::High)]);
    }

    #[test]
    fn who_works_on_an_alert_keeps_it() {
        let hand = |run: &Run| {
            escalate(run, Some("tier2"), "Look.");
            Ok(String::new())
        };
        let escalated = Change::Escalated { to: Some("tier2".into()), summary: "Look.".into() };
        let open = Change::Status(AlertStatus::Open);
        assert_eq!(changes(hand, Some("alice")), [open.clone(), escalated.clone()]);
        assert_eq!(changes(hand, None), [open, Change::Owner(Some("tier2".into())), escalated]);
    }
}
