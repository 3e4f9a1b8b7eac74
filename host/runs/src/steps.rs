//! The steps of a run that is here: which are open, what they wait for, and whether the run is better left.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    mem,
    time::Duration,
};

use palisade_model::{
    Timestamp,
    action::ActionResult,
    approval::Approval,
    journal::{By, PromptAsked},
    limits::PARK_AFTER,
    run::{Position, RunId},
};

use crate::{
    clock,
    effort::Effort,
    history::{Done, History, Kind, Stage, Step},
};

/// The steps of a run that is here.
pub(crate) struct Steps {
    /// The steps that have not ended.
    pub(crate) open: BTreeMap<Position, Open>,
    /// The steps that have ended, in the order in which they did.
    pub(crate) ended: Vec<Position>,
    pub(crate) results: HashMap<Position, ActionResult>,
    /// Actions done before that count no more.
    pub(crate) done: Vec<Done>,
    /// Actions that wait for a person's word, ready to go on.
    pub(crate) held: HashMap<Position, Effort>,
    /// Actions for which that word came before they were held: they go on as soon as the playbook is there.
    pub(crate) released: HashSet<Position>,
    /// Time from their success until the host takes actions back.
    pub(crate) undo_after: HashMap<Position, Duration>,
    pub(crate) last_step: Position,
    /// Why it does not go on although it could. It is never taken back: the run leaves, and comes again.
    pub(crate) halt: Option<Halt>,
    /// It is left: nothing may begin any more.
    pub(crate) left: bool,
    /// When it is due again, once it is left.
    pub(crate) due: Option<Timestamp>,
}

/// What an open step waits for.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    /// Its turn.
    Turn,
    /// The system on the other side; it must not be left now.
    Busy,
    /// A time.
    Until(Timestamp),
    /// A person's word on whether it took effect.
    Decision,
    /// A person's consent, or its deadline.
    Consent(Box<Approval>),
    /// An answer, or its deadline.
    Answer(Box<PromptAsked>),
    /// The end of another run.
    Child(RunId),
}

impl Open {
    /// The rule that asks, if it waits for consent.
    pub(crate) fn rule(&self) -> Option<String> {
        match self {
            Self::Consent(approval) => Some(approval.rule.clone()),
            _ => None,
        }
    }
}

/// Why a run does not go on although it could.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// The host stops.
    HostStops,
    /// A person stopped it for now.
    Paused,
    /// A person ends it.
    Cancelled(By),
}

/// Whether a wait is over.
pub(crate) enum Look {
    Ended(Position),
    TimeUp,
    /// The run is better left.
    Leave,
    /// Look again then, or when something happens.
    Not(Option<Timestamp>),
}

impl Steps {
    /// As a journal has them. What is kept here leaves the history: reports are large.
    pub(crate) fn of(history: &mut History) -> Self {
        let halt = match &history.cancelled {
            Some(by) => Some(Halt::Cancelled(by.clone())),
            None => history.paused.then_some(Halt::Paused),
        };
        Self {
            open: history.open().map(|(position, step)| (position, Open::of(&step.kind))).collect(),
            ended: mem::take(&mut history.ended),
            results: mem::take(&mut history.results),
            done: mem::take(&mut history.done),
            held: HashMap::new(),
            released: HashSet::new(),
            undo_after: history.open().filter_map(|(position, step)| step.undo_after(position)).collect(),
            last_step: history.last_step,
            halt,
            left: false,
            due: None,
        }
    }

    /// Whether something is under way that must not be left.
    pub(crate) fn is_busy(&self) -> bool {
        // One whose turn it is begins at once, unless the run is halted.
        self.open.values().any(|open| match open {
            Open::Busy => true,
            Open::Turn => self.halt.is_none(),
            _ => false,
        })
    }

    /// Whether a wait for one of these is over, or the run is better left; then it is.
    pub(crate) fn look(&mut self, steps: &[Position], deadline: Option<Timestamp>) -> Look {
        if let Some(first) = self.ended.iter().find(|one| steps.contains(one)) {
            return Look::Ended(*first);
        }
        let now = clock::now();
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Look::TimeUp;
        }
        let next = self.next_time(deadline);
        if self.is_busy() {
            return Look::Not(next);
        }
        match next {
            Some(next) if self.halt.is_none() && until(next) <= PARK_AFTER => Look::Not(Some(next)),
            next => {
                // One that was kept from beginning may begin at once when the run is here again.
                let kept = self.open.values().any(|open| matches!(open, Open::Turn));
                self.leave(if kept { Some(now) } else { next });
                Look::Leave
            }
        }
    }

    /// Lets nothing begin any more.
    pub(crate) fn leave(&mut self, due: Option<Timestamp>) {
        self.left = true;
        self.due = due;
    }

    /// When something happens by itself.
    fn next_time(&self, deadline: Option<Timestamp>) -> Option<Timestamp> {
        let times = self.open.values().filter_map(|open| match open {
            Open::Until(then) => Some(*then),
            Open::Answer(asked) => Some(asked.prompt.deadline),
            Open::Consent(approval) => Some(approval.deadline),
            Open::Turn | Open::Busy | Open::Decision | Open::Child(_) => None,
        });
        times.chain(deadline).min()
    }

    /// The runs whose end it waits for.
    pub(crate) fn children(&self) -> Vec<RunId> {
        let child = |open: &Open| if let Open::Child(run) = open { Some(*run) } else { None };
        self.open.values().filter_map(child).collect()
    }
}

impl Step {
    /// The time from its success until it is taken back, if it is.
    fn undo_after(&self, position: Position) -> Option<(Position, Duration)> {
        match &self.kind {
            Kind::Action(started, _) => Some((position, Duration::from_millis(started.undo_after_ms?))),
            Kind::Prompt(_) | Kind::Child(_) => None,
        }
    }
}

/// The time that is left until then.
pub(crate) fn until(then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(clock::now())).unwrap_or_default()
}

impl Open {
    /// What a step of the journal waits for before it is taken up.
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Action(_, progress) => match &progress.stage {
                Stage::InDoubt => Self::Decision,
                Stage::Asked(approval) => Self::Consent(approval.clone()),
                _ => Self::Turn,
            },
            Kind::Prompt(asked) => Self::Answer(Box::new(asked.clone())),
            Kind::Child(Some(run)) => Self::Child(*run),
            // A child without a run is refused by the entry that follows.
            Kind::Child(None) => Self::Turn,
        }
    }
}
