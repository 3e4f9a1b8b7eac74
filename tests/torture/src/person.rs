use std::collections::BTreeSet;

use palisade_model::{
    Timestamp,
    journal::{Entry, Event},
    prompt::ToDo,
    run::{Position, RunId},
};
use script::Kind;

use crate::{Actuator, Api, actuator::Came, api::Story, program::PERSON};

/// The person who decides on actions in doubt: looks into the system acted on, and says what is there.
#[derive(Debug, Default)]
pub struct Person {
    /// When hosts were killed.
    kills: Vec<Timestamp>,
    /// Doubts that were met: run, step and place of the entry.
    met: BTreeSet<(RunId, Position, u64)>,
    /// What is wrong with some of them.
    pub(crate) unreal: Vec<String>,
}

/// A doubt that nobody has decided on.
struct Doubt {
    seq: u64,
    at: Timestamp,
    /// When the action was sent last.
    sent: Option<Timestamp>,
    action: String,
    tag: String,
}

impl Person {
    /// Notes that a host has just been killed.
    pub fn a_host_was_killed(&mut self) {
        self.kills.push(Timestamp::now());
    }

    /// How many hosts were killed.
    pub fn kills(&self) -> usize {
        self.kills.len()
    }

    /// When the last of them was killed.
    pub(crate) fn last_kill(&self) -> Option<Timestamp> {
        self.kills.last().copied()
    }

    /// How many doubts there were.
    pub fn doubts(&self) -> usize {
        self.met.len()
    }

    /// Does what waits for a person now. What the host does not take is done again the next time.
    pub fn attend(&mut self, api: &Api, actuator: &Actuator) {
        for task in api.tasks().unwrap_or_default() {
            match task.what {
                ToDo::Answer(prompt) if prompt.to.as_deref() == Some(PERSON) => {
                    api.answer(task.run, task.position, "yes");
                }
                // The default stands soon.
                ToDo::Answer(_) => {}
                ToDo::Decide { message } => {
                    let Some(doubt) = api.story(task.run).and_then(|story| Doubt::of(&story, task.position))
                    else {
                        continue;
                    };
                    if self.met.insert((task.run, task.position, doubt.seq))
                        && let Err(why) = self.check(&doubt, actuator)
                    {
                        let (run, step) = (task.run, task.position);
                        let Doubt { action, tag, .. } = &doubt;
                        self.unreal.push(format!(
                            "run {run}, step {step}, {action} {tag}: {why}; the host says: {message}"
                        ));
                    }
                    api.decide(task.run, task.position, actuator.has(&doubt.tag));
                }
                ToDo::Approve(_) => {
                    api.approve(task.run, task.position);
                }
                // It waits for nothing that a run goes on from.
                ToDo::TakeOver(_) => {}
                // The judge finds the run unfinished.
                ToDo::Look(_) => {}
            }
        }
    }

    /// A doubt is real if the action was sent, its end could be lost on the way, and nothing but a person can tell.
    fn check(&self, doubt: &Doubt, actuator: &Actuator) -> Result<(), String> {
        let sent = doubt.sent.ok_or("it was never sent")?;
        let ledger = actuator.ledger();
        let key_of_tag = || ledger.of(&doubt.tag).find_map(|entry| entry.key.clone());
        if doubt.action == Kind::Note.action() {
            // A key that never arrived cannot be told from here; then the look for it tells.
            let unknown = |key: &str| {
                ledger.of(key).any(|look| look.at >= sent && (look.came == Came::Unknown || !look.answered))
            };
            if key_of_tag().is_some_and(|key| !unknown(&key)) {
                return Err("it could have been looked up".to_owned());
            }
        } else if doubt.action != Kind::Page.action() {
            return Err("it may be repeated".to_owned());
        }
        let killed = self.kills.iter().any(|kill| (sent..=doubt.at).contains(kill));
        let reset =
            ledger.of(&doubt.tag).any(|entry| !entry.answered && entry.at >= sent && entry.at <= doubt.at);
        if killed || reset { Ok(()) } else { Err("nothing happened to it".to_owned()) }
    }
}

impl Doubt {
    /// The doubt about this step that nobody has decided on.
    fn of(story: &Story, position: Position) -> Option<Self> {
        let mut sent = None;
        let mut doubt = None;
        for Entry { seq, at, event } in &story.entries {
            match event {
                Event::ActionSent { position: step, .. } if *step == position => sent = Some(*at),
                Event::ActionInDoubt { position: step, .. } if *step == position => doubt = Some((*seq, *at)),
                Event::ActionDecided { position: step, .. } if *step == position => doubt = None,
                _ => {}
            }
        }
        let (seq, at) = doubt?;
        let started = story.entries.iter().find_map(|entry| match &entry.event {
            Event::ActionStarted(started) if started.position == position => Some(started),
            _ => None,
        })?;
        let tag = started.parameters["tag"].as_str()?.to_owned();
        Some(Self { seq, at, sent, action: started.action.clone(), tag })
    }
}
