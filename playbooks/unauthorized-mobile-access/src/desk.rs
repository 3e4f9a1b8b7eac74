//! What is told to whom: the ticket, what becomes of the rest, and what a person must see to.

#[cfg(test)]
mod tests;

use casework::{Ticket, text::line};
use palisade_sdk::{
    Status, clock, log,
    playbook::{Action, Run},
};

use crate::{
    decision::Decision,
    mdm::Wiped,
    measure::{self, Measure, Standing},
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
    done: Done<'a>,
    ticket: Option<Ticket>,
    /// What else a person must see to.
    open: Vec<String>,
    /// Why nobody knows whether the device has obeyed, when its time is up.
    unconfirmed: Option<String>,
    /// Whether something did not work that should have.
    has_failed: bool,
}

/// Waits for a device to obey.
struct Watch {
    began_ms: u64,
    time_ms: u64,
    looks_after_the_next: u32,
}

impl<'a> Desk<'a> {
    /// Writes the ticket when the measures have had their time, and then stays until each has ended and the device has
    /// had its own.
    ///
    /// # Errors
    ///
    /// What did not work.
    pub(crate) fn work(
        run: &'a Run,
        story: &'a Story,
        decision: &'a Decision,
        block: &'a Measure,
        wipe: Option<&'a Measure>,
    ) -> Result<String, String> {
        let settled = after(story.settings.settle_seconds);
        let block = (block, block.by(run, settled));
        let wipe = wipe.map(|wipe| (wipe, wipe.by(run, settled)));
        let done = Done { decision, block, wipe };
        let mut desk =
            Self { run, story, done, ticket: None, open: Vec::new(), unconfirmed: None, has_failed: false };
        desk.write_ticket();
        if decision.is_open() {
            desk.hand_over(&format!("The device was {}.", decision.sentence()));
        }
        desk.see_through();
        desk.conclude()
    }

    fn write_ticket(&mut self) {
        let short = ticket::short_description(self.story, &self.done);
        let description = ticket::description(self.story, &self.done);
        match Ticket::create(self.run, self.story.alert.severity, &short, &description) {
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

    /// Waits for everything at once, so that what ends is told when it ends, whatever else is pending.
    fn see_through(&mut self) {
        let failed = self.done.measures().filter_map(|(measure, stands)| failure(measure, stands));
        for text in failed.collect::<Vec<_>>() {
            self.fail(&text);
        }
        let seconds = self.story.settings.wipe_seconds;
        let mut patience = (seconds > 0).then(|| after(seconds));
        let mut watch = self.watch();
        loop {
            let pending: Vec<_> = self.done.pending().map(|(measure, _)| *measure).collect();
            let next_look = watch.as_ref().map(Watch::next_ms);
            let deadline = patience.filter(|_| !pending.is_empty()).into_iter().chain(next_look).min();
            if pending.is_empty() && deadline.is_none() {
                return;
            }
            if let Some(ended) = measure::first_of(self.run, &pending, deadline) {
                let was_sent = self.is_wipe_sent();
                self.tell_end_of(ended);
                if !was_sent {
                    watch = self.watch();
                }
            } else if deadline == next_look {
                watch = watch.and_then(|watch| self.look(watch));
            } else {
                patience = None;
                for measure in pending {
                    let text = unended(measure);
                    self.tell(&text);
                    self.hand_over(&text);
                }
            }
        }
    }

    /// Tells how the pending measure at this place has ended.
    fn tell_end_of(&mut self, place: usize) {
        let Some((measure, stands)) = self.done.pending().nth(place) else { return };
        let measure = *measure;
        *stands = measure.end();
        let stands = stands.clone();
        // What a person was told is pending is not any more.
        let unended = unended(measure);
        self.open.retain(|open| *open != unended);
        if let Some(text) = failure(measure, &stands) {
            self.tell(&text);
            self.fail(&text);
        } else if let Standing::Done(words) | Standing::Planned(words) = stands {
            self.tell(&format!("{}: {words}", measure.title));
        }
    }

    /// The device has its time from now on, if its wipe was sent and anybody is to look.
    fn watch(&self) -> Option<Watch> {
        let seconds = self.story.settings.wipe_seconds;
        (self.is_wipe_sent() && seconds > 0).then(|| Watch::from_now(seconds))
    }

    fn is_wipe_sent(&self) -> bool {
        matches!(self.done.wipe, Some((_, Standing::Done(_))))
    }

    /// Looks whether the device has checked in and obeyed. What is left of the watch if it has not.
    fn look(&mut self, watch: Watch) -> Option<Watch> {
        let why = match self.has_obeyed() {
            Ok(how) => {
                self.tell(&format!("The {} {how}", self.story.device()));
                return None;
            }
            Err(why) => why,
        };
        let next = watch.next();
        if next.is_none() {
            self.unconfirmed = Some(why);
            if let Some(text) = self.unconfirmed() {
                self.tell(&text);
            }
            self.escalate();
        }
        next
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
        self.escalate();
    }

    fn escalate(&self) {
        self.run.escalate(Some(&self.story.settings.approver), &self.open().join(" "));
    }

    /// What a person must see to, as it stands now.
    fn open(&self) -> Vec<String> {
        self.open.iter().cloned().chain(self.unconfirmed()).collect()
    }

    fn unconfirmed(&self) -> Option<String> {
        let why = self.unconfirmed.as_ref()?;
        let block = match self.done.block.1 {
            Standing::Done(_) => "The site is blocked.",
            Standing::Pending | Standing::Planned(_) => "The block of the site is pending.",
            Standing::Failed(_) => "The site is NOT blocked.",
        };
        Some(format!("The {} has not confirmed its wipe: {why}. {block}", self.story.device()))
    }

    fn conclude(self) -> Result<String, String> {
        let ticket =
            self.ticket.as_ref().map(|ticket| format!("Ticket {}: ", ticket.number)).unwrap_or_default();
        let open =
            self.open().iter().map(|open| format!(". {}", open.trim_end_matches('.'))).collect::<String>();
        let text = format!("{ticket}{}{open}", ticket::short_description(self.story, &self.done));
        if self.has_failed { Err(text) } else { Ok(text) }
    }
}

impl Watch {
    fn from_now(seconds: u64) -> Self {
        let time_ms = seconds.saturating_mul(1_000);
        Self { began_ms: clock::now_ms(), time_ms, looks_after_the_next: LOOKS - 1 }
    }

    /// When somebody looks next.
    fn next_ms(&self) -> u64 {
        self.began_ms.saturating_add(self.time_ms >> self.looks_after_the_next)
    }

    /// What is left after a look.
    fn next(self) -> Option<Self> {
        let looks_after_the_next = self.looks_after_the_next.checked_sub(1)?;
        Some(Self { looks_after_the_next, ..self })
    }
}

fn unended(measure: &Measure) -> String {
    format!("{}: it has not ended yet.", measure.title)
}

fn failure(measure: &Measure, stands: &Standing) -> Option<String> {
    let Standing::Failed(why) = stands else { return None };
    Some(format!("{} failed: {why}", measure.title))
}

/// So many seconds from now, in milliseconds since 1970.
fn after(seconds: u64) -> u64 {
    clock::now_ms().saturating_add(seconds.saturating_mul(1_000))
}
