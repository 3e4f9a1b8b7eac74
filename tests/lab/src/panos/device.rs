//! The two configurations of a firewall, who changed what, and the jobs that make one the other.

use std::time::{Duration, Instant};

use super::schema;
use super::tree::{Element, Step, steps};
use crate::limits::COMMIT_JOBS;
use crate::story;

/// One change of the candidate configuration.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Set(Vec<Step>, Vec<Element>),
    Delete(Vec<Step>),
    MoveToTop(Vec<Step>),
}

/// A commit.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) user: String,
    pub(super) state: State,
    /// What it makes running; taken when it is enqueued, so that later changes are not in it.
    changes: Vec<(u64, Change)>,
}

#[derive(Debug, PartialEq)]
pub(super) enum State {
    Waiting,
    Active(Instant),
    /// With the reasons why it failed, if it did.
    Finished(Vec<String>),
}

/// A firewall.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) candidate: Element,
    pub(super) running: Element,
    /// What the candidate configuration has and the running one does not: number, administrator, change.
    pending: Vec<(u64, String, Change)>,
    changes: u64,
    pub(super) jobs: Vec<Job>,
    pub(super) commit_time: Duration,
}

/// Number of the last job before the lab's.
const FIRST_JOB: u64 = 41;

impl Default for Device {
    fn default() -> Device {
        let mut running = Element::default();
        for (place, element) in [
            (
                "address/entry[@name='srv-web-01']",
                format!("<ip-netmask>{}/32</ip-netmask>", story::SOURCE_IP),
            ),
            (
                "rulebase/security/rules/entry[@name='allow web']",
                ["from", "to", "source", "destination", "source-user", "category", "application", "service"]
                    .map(|column| format!("<{column}><member>any</member></{column}>"))
                    .concat()
                    + "<action>allow</action>",
            ),
        ] {
            let place = steps(&format!("{VSYS}/{place}")).expect("the lab's own XPath is played");
            running.set(&place, &Element::fragment(&element).expect("the lab's own element is XML"));
        }
        let mut device = Device {
            candidate: running.clone(),
            running,
            pending: Vec::new(),
            changes: 0,
            jobs: Vec::new(),
            commit_time: Duration::from_secs(1),
        };
        // Another administrator is in the middle of something: who commits everything commits this, and fails.
        let unfinished = steps(&format!("{VSYS}/rulebase/security/rules/entry[@name='new dmz']"));
        let element = Element::fragment("<destination><member>dmz-servers</member></destination>");
        device.change(
            story::PANOS_OTHER_ADMINISTRATOR,
            Change::Set(
                unfinished.expect("the lab's own XPath is played"),
                element.expect("the lab's own element is XML"),
            ),
        );
        device
    }
}

/// The only virtual system.
pub(super) const VSYS: &str =
    "/config/devices/entry[@name='localhost.localdomain']/vsys/entry[@name='vsys1']";

impl Change {
    fn apply(&self, configuration: &mut Element) {
        match self {
            Change::Set(place, elements) => configuration.set(place, elements),
            Change::Delete(place) => configuration.delete(place),
            Change::MoveToTop(place) => configuration.move_to_top(place),
        }
    }
}

impl Device {
    /// Changes the candidate configuration; what changes nothing leaves nothing to commit.
    pub(super) fn change(&mut self, user: &str, change: Change) {
        let before = self.candidate.clone();
        change.apply(&mut self.candidate);
        if self.candidate != before {
            self.changes += 1;
            self.pending.push((self.changes, user.to_owned(), change));
        }
    }

    /// Enqueues a commit of one administrator's changes, or of all. Nothing if there are none; an error if the queue is
    /// full.
    pub(super) fn commit(&mut self, user: &str, only: Option<&str>) -> Result<Option<u64>, ()> {
        let changes: Vec<_> = self
            .pending
            .iter()
            .filter(|(_, by, _)| only.is_none_or(|only| by == only))
            .map(|(number, _, change)| (*number, change.clone()))
            .collect();
        if changes.is_empty() {
            return Ok(None);
        }
        if self.jobs.iter().filter(|job| !job.is_finished()).count() >= COMMIT_JOBS {
            return Err(());
        }
        let id = self.jobs.last().map_or(FIRST_JOB, |job| job.id) + 1;
        self.jobs.push(Job { id, user: user.to_owned(), state: State::Waiting, changes });
        Ok(Some(id))
    }

    /// Does what the jobs have done until now: one after the other, each for the time that a commit takes.
    pub(super) fn work(&mut self, now: Instant) {
        let mut free_since = None;
        for place in 0..self.jobs.len() {
            let job = &mut self.jobs[place];
            if job.is_finished() {
                continue;
            }
            let since = match job.state {
                State::Active(since) => since,
                _ => free_since.unwrap_or(now),
            };
            job.state = State::Active(since);
            if now.saturating_duration_since(since) < self.commit_time {
                return;
            }
            self.finish(place);
            free_since = since.checked_add(self.commit_time);
        }
    }

    fn finish(&mut self, place: usize) {
        let mut next = self.running.clone();
        self.jobs[place].changes.iter().for_each(|(_, change)| change.apply(&mut next));
        let faults = schema::faults(&next);
        if faults.is_empty() {
            self.running = next;
            let done: Vec<u64> = self.jobs[place].changes.iter().map(|(number, _)| *number).collect();
            self.pending.retain(|(number, ..)| !done.contains(number));
        }
        self.jobs[place].state = State::Finished(faults);
    }
}

impl Job {
    fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished(_))
    }
}
