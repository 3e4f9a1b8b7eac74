use palisade_sdk::{
    Report, Status,
    playbook::{Action, Run, Severity},
};
use serde_json::json;

use crate::text::line;

/// The action by which tickets are created: what a playbook that does so needs.
pub const CREATE_TICKET: (&str, &str) = ("servicenow", "create ticket");

/// ServiceNow's default length of the column `short_description`, in characters.
pub const SHORT_DESCRIPTION_CHARS_MAX: usize = 160;

/// A ticket that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What people call it.
    pub number: String,
    /// Where it can be seen.
    pub link: Option<String>,
}

impl Ticket {
    /// Creates one, as urgent as the alert is severe, and waits for it.
    ///
    /// # Errors
    ///
    /// Why there is none, in one line.
    pub fn create(
        run: &Run,
        severity: Severity,
        short_description: &str,
        description: &str,
    ) -> Result<Self, String> {
        let (connector, action) = CREATE_TICKET;
        let created = run
            .start(
                Action::new(connector, action)
                    .parameter("short_description", short_description)
                    .parameter("description", description)
                    .parameter("fields", json!({ "urgency": urgency(severity) })),
            )
            .wait();
        match created {
            Ok(Report { status: Status::Success, summary, .. }) => {
                let of = |fact: &str| summary.get(fact).and_then(|fact| fact.as_str()).map(str::to_owned);
                let number = of("number").or_else(|| of("sys_id"));
                let number = number.unwrap_or_else(|| "without a number".to_owned());
                Ok(Self { number, link: of("link") })
            }
            Ok(report) => Err(line(&report.message)),
            Err(failure) => Err(line(&failure.sentence())),
        }
    }
}

/// ServiceNow's urgency: 1 high, 2 medium, 3 low.
fn urgency(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "1",
        Severity::Medium => "2",
        Severity::Low | Severity::Informational => "3",
    }
}
