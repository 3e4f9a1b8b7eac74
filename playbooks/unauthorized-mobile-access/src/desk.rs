//! What is told to whom: the ticket, what becomes of the rest, and what a person must see to.

use casework::{Ticket, text::line};
use palisade_sdk::{
    Status, clock, log,
    playbook::{Action, Run},
};

use crate::{
    decision::Decision,
    mdm::Wiped,
    measure::{Measure, Standing},
    story::Story,
    ticket::{self, Done},
};

/// The action by which a ticket is told more: what a playbook that does so needs.
pub(crate) const ADD_WORK_NOTE: (&str, &str) = ("servicenow", "add work note");

/// Looks at a device that is to be wiped: the first after a sixteenth of its time, each next after twice the time.
const LOOKS: u32 = 5;

/// The end of a run: what was begun is told, and seen through.
pub(crate) struct Desk<'a> {
    run: &'a Run,
    story: &'a Story,
    ticket: Option<Ticket>,
    short_description: String,
    /// What a person must see to.
    open: Vec<String>,
    /// Whether something did not work that should have.
    has_failed: bool,
}

impl<'a> Desk<'a> {
    /// Writes the ticket when the measures have had their time, and then stays until each has ended.
    ///
    /// # Errors
    ///
    /// What did not work.
    pub(crate) fn work(
        run: &'a Run,
        story: &'a Story,
        decision: &Decision,
        block: &Measure,
        wipe: Option<&Measure>,
    ) -> Result<String, String> {
        let settings = &story.settings;
        let settled = after(settings.settle_seconds);
        let block_stands = block.by(run, settled);
        let wipe_stands = wipe.map(|wipe| wipe.by(run, settled));
        let done = Done { decision, block: (block, &block_stands), wipe: wipe.zip(wipe_stands.as_ref()) };
        let mut desk = Self {
            run,
            story,
            ticket: None,
            short_description: ticket::short_description(story, &done),
            open: Vec::new(),
            has_failed: false,
        };
        desk.write_ticket(&ticket::description(story, &done));
        if decision.is_open() {
            desk.hand_over(&format!("The device was {}.", decision.sentence()));
        }

        let patience = (settings.wipe_seconds > 0).then(|| after(settings.wipe_seconds));
        let block_stands = desk.see_through(block, block_stands, patience);
        if let (Some(wipe), Some(stands)) = (wipe, wipe_stands) {
            let stands = desk.see_through(wipe, stands, patience);
            if stands == Standing::Pending {
                desk.see_through(wipe, stands, None);
            } else if let (Standing::Done(_), Some(patience)) = (stands, patience) {
                desk.wait_for_the_device(patience, &block_stands);
            }
        }
        if block_stands == Standing::Pending {
            desk.see_through(block, block_stands, None);
        }
        desk.conclude()
    }

    fn write_ticket(&mut self, description: &str) {
        let short = self.short_description.clone();
        match Ticket::create(self.run, self.story.alert.severity, &short, description) {
            Ok(ticket) => {
                let link = ticket.link.as_ref().map(|link| format!("\n\n{link}")).unwrap_or_default();
                self.run.add_note(&format!("Ticket {}", ticket.number), &format!("{short}{link}"));
                self.ticket = Some(ticket);
            }
            Err(why) => {
                // What was done must not be lost with the ticket.
                self.run.add_note("No ticket could be created", &format!("{why}\n\n{description}"));
                self.fail(&format!("No ticket could be created: {why}."));
            }
        }
    }

    /// Waits for a measure that was pending, until this time or for as long as it takes, and tells how it stands then.
    fn see_through(&mut self, measure: &Measure, stands: Standing, deadline_ms: Option<u64>) -> Standing {
        let was_pending = stands == Standing::Pending;
        let stands = match (stands, deadline_ms) {
            (Standing::Pending, Some(deadline_ms)) => measure.by(self.run, deadline_ms),
            (Standing::Pending, None) => measure.end(),
            (ended, _) => ended,
        };
        let title = &measure.title;
        match &stands {
            Standing::Done(words) | Standing::Planned(words) if was_pending => {
                self.tell(&format!("{title}: {words}"));
            }
            Standing::Done(_) | Standing::Planned(_) => {}
            Standing::Pending => {
                let text = format!("{title}: it has not ended yet.");
                self.tell(&text);
                self.hand_over(&text);
            }
            Standing::Failed(why) => {
                let text = format!("{title} failed: {why}");
                if was_pending {
                    self.tell(&text);
                }
                self.fail(&text);
            }
        }
        stands
    }

    /// Looks whether the device has checked in and obeyed, ever more seldom until its time is up.
    fn wait_for_the_device(&mut self, until_ms: u64, block: &Standing) {
        let began = clock::now_ms();
        let time = until_ms.saturating_sub(began);
        let mut why = "its time was up before anybody could look".to_owned();
        for halvings in (0..LOOKS).rev() {
            self.run.sleep_until(began.saturating_add(time >> halvings));
            match self.has_obeyed() {
                Ok(how) => return self.tell(&format!("The {} {how}", self.story.device())),
                Err(not) => why = not,
            }
        }
        let block = match block {
            Standing::Done(_) => "The site is blocked.",
            Standing::Pending | Standing::Planned(_) => "The block of the site is pending.",
            Standing::Failed(_) => "The site is NOT blocked.",
        };
        let text = format!("The {} has not confirmed its wipe: {why}. {block}", self.story.device());
        self.tell(&text);
        self.hand_over(&text);
    }

    /// How it is known that the device is wiped, or why it is not.
    fn has_obeyed(&self) -> Result<String, String> {
        let mdm = self.story.settings.mdm;
        let lookup = mdm.start_look_up(self.run, self.story.violation.device.as_deref());
        let lookup = lookup.ok_or_else(|| "the alert names no device".to_owned())?;
        match mdm.finish_look_up(lookup) {
            Ok(device) if device.wiped == Wiped::Yes => Ok("has obeyed: it is wiped.".to_owned()),
            Ok(device) => Err(device.seen.map_or_else(
                || "nobody knows when it was last seen".to_owned(),
                |seen| format!("it was last seen {}", line(&seen)),
            )),
            Err(gap) if gap.is_unknown && mdm.forgets_what_is_wiped() => {
                Ok(format!("is wiped: {} does not know it any more.", mdm.title()))
            }
            Err(gap) => Err(gap.line),
        }
    }

    /// Tells those who read the alert and the ticket.
    fn tell(&self, text: &str) {
        self.run.add_note("What became of it", text);
        let Some(Ticket { number, .. }) = &self.ticket else { return };
        let (connector, action) = ADD_WORK_NOTE;
        let note = Action::new(connector, action).parameter("id", number.as_str()).parameter("note", text);
        match self.run.start(note).wait() {
            Ok(report) if report.status == Status::Success => {}
            Ok(report) => log::warn(format!("Ticket {number} was not told: {}", line(&report.message))),
            Err(failure) => log::warn(format!("Ticket {number} was not told: {}", line(&failure.sentence()))),
        }
    }

    fn fail(&mut self, text: &str) {
        self.has_failed = true;
        log::error(text);
        self.hand_over(text);
    }

    /// Puts the alert before a person, with everything that is open so far.
    fn hand_over(&mut self, text: &str) {
        self.open.push(text.to_owned());
        self.run.escalate(Some(&self.story.settings.approver), &self.open.join(" "));
    }

    fn conclude(self) -> Result<String, String> {
        let ticket = self.ticket.map(|ticket| format!("Ticket {}: ", ticket.number)).unwrap_or_default();
        let open =
            self.open.iter().map(|open| format!(". {}", open.trim_end_matches('.'))).collect::<String>();
        let text = format!("{ticket}{}{open}", self.short_description);
        if self.has_failed { Err(text) } else { Ok(text) }
    }
}

/// So many seconds from now, in milliseconds since 1970.
fn after(seconds: u64) -> u64 {
    clock::now_ms().saturating_add(seconds.saturating_mul(1_000))
}
