use palisade_sdk::{
    Report, Status, log,
    playbook::{Action, Need, Run, Severity},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::text::line;

/// The action by which tickets are created.
const CREATE_TICKET: (&str, &str) = ("servicenow", "create ticket");

/// What a playbook needs that creates tickets.
pub fn create_ticket() -> Need {
    Need::new(CREATE_TICKET.0, CREATE_TICKET.1).sends::<NewTicket>()
}

/// A ticket to be created.
#[derive(Serialize, JsonSchema)]
struct NewTicket<'a> {
    short_description: &'a str,
    description: &'a str,
    fields: Fields,
}

/// Columns of the ticket's table.
#[derive(Serialize, JsonSchema)]
struct Fields {
    urgency: &'static str,
}

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
        let fields = Fields { urgency: urgency(severity) };
        let created = run
            .start(Action::new(connector, action).parameters(&NewTicket {
                short_description,
                description,
                fields,
            }))
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

/// Creates a ticket about the alert, as urgent as the alert is severe by now, and notes on the alert what became of it. What
/// was found must stand on the alert before, as it would be lost with the ticket. Returns the last sentence of the run.
///
/// # Errors
///
/// Likewise, when there is no ticket.
pub fn file_ticket(run: &Run, short_description: &str, description: &str) -> Result<String, String> {
    match Ticket::create(run, run.alert().severity, short_description, description) {
        Ok(Ticket { number, link }) => {
            let link = link.map(|link| format!("\n\n{link}")).unwrap_or_default();
            run.add_note(&format!("Ticket {number}"), &format!("{short_description}{link}"));
            Ok(format!("Ticket {number}: {short_description}"))
        }
        Err(why) => {
            log::error(format!("No ticket: {why}"));
            run.add_note("No ticket could be created", &why);
            Err(format!("No ticket could be created: {why}. What was found stands in a note on the alert."))
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
