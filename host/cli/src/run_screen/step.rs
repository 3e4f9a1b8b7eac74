//! One step of a run: what was asked for, and what became of it.

use palisade_model::{
    action::{Failure, ReportStatus},
    approval::AtDeadline,
    journal::{
        ActionEnded, ActionStarted, ApprovalAsked, ChildStarted, Decision, Ended, Entry, Event, Planned,
    },
    prompt::{Prompt, ToDo},
    run::{Position, Run},
};

use super::{Mark, header, people};
use crate::{
    printable,
    span::Span,
    style::{BAD, BOLD, BUSY, DIM, GOOD, WARN},
    time, to_do,
};

/// The mark of a step that is at work.
const AT_WORK: Mark = ("▸", BUSY);
/// The mark of a step that waits.
const WAITS: Mark = ("◌", BUSY);

/// What a step is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Action(&'a ActionStarted),
    Prompt(Position, &'a Prompt),
    Child(&'a ChildStarted),
}

/// Something that became of a step.
pub(super) struct News {
    /// How the step stands with it.
    pub(super) mark: Mark,
    /// The same in a word or two, beside what the step is.
    pub(super) stands: String,
    /// What happened.
    pub(super) words: String,
    /// How much it matters.
    pub(super) weight: Weight,
}

/// How much a piece of news matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// For those who ask.
    Aside,
    /// Worth a line.
    Told,
    /// The step has ended.
    End,
}

impl<'a> Step<'a> {
    /// The step that this event begins.
    pub(super) fn begun_by(event: &'a Event) -> Option<Self> {
        match event {
            Event::ActionStarted(start) => Some(Self::Action(start)),
            Event::PromptAsked(asked) => Some(Self::Prompt(asked.position, &asked.prompt)),
            Event::ChildStarted(start) => Some(Self::Child(start)),
            _ => None,
        }
    }

    /// Its number.
    pub(super) fn position(&self) -> Position {
        match self {
            Self::Action(start) => start.position,
            Self::Prompt(position, _) => *position,
            Self::Child(start) => start.position,
        }
    }

    /// What it is, in a few words.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Action(start) => {
                let asset = start.asset.as_ref().map_or("no asset".to_owned(), |asset| format!("@{asset}"));
                let (connector, action) = (printable::line(&start.connector), printable::line(&start.action));
                format!("{connector}/{BOLD}{action}{BOLD:#} {DIM}{asset}{DIM:#}")
            }
            Self::Prompt(_, prompt) => format!("{BOLD}{}{BOLD:#}", to_do::asked(prompt)),
            Self::Child(start) => {
                let run = start.run.map(|run| format!(" {DIM}run {run}{DIM:#}")).unwrap_or_default();
                format!("playbook {BOLD}{}{BOLD:#}{run}", printable::line(&start.playbook))
            }
        }
    }

    /// More of what it is, in lines of its own: the question of a prompt.
    pub(super) fn more(&self) -> Vec<String> {
        let Self::Prompt(_, prompt) = self else { return Vec::new() };
        vec![
            printable::line(&prompt.question),
            format!(
                "{DIM}{}; without an answer by {}: {}{DIM:#}",
                to_do::answers(&prompt.answer),
                time::moment(prompt.deadline),
                to_do::answer(&prompt.default)
            ),
        ]
    }

    /// How it stands before anything became of it.
    pub(super) fn begins(&self) -> (Mark, String) {
        match self {
            Self::Action(_) => (AT_WORK, format!("{BUSY}at work{BUSY:#}")),
            Self::Prompt(..) => (WAITS, format!("{BUSY}waits for an answer{BUSY:#}")),
            Self::Child(_) => (AT_WORK, String::new()),
        }
    }

    /// What an entry tells about this step.
    pub(super) fn news(&self, entry: &Entry) -> Option<News> {
        let news = match &entry.event {
            Event::ActionSent { attempt, rule, .. } => News {
                mark: AT_WORK,
                stands: format!("{BUSY}at work{BUSY:#}"),
                words: match rule.as_str() {
                    "" => format!("attempt {attempt} is sent"),
                    rule => format!("attempt {attempt} is sent: {}", printable::line(rule)),
                },
                weight: Weight::Aside,
            },
            Event::ActionRetried { attempt, failure, next, .. } => {
                let wait = time::duration(time::between(entry.at, *next));
                let words = printable::line(&failure.to_string());
                waits(
                    "will be tried again",
                    format!("attempt {}{} in {wait}: {words}", attempt + 1, self.of()),
                )
            }
            Event::ActionPending { message, .. } => {
                waits("pending", format!("pending: {}", printable::line(message)))
            }
            Event::ActionInDoubt { message, .. } => News {
                mark: ("?", WARN),
                stands: format!("{WARN}in doubt{WARN:#}"),
                words: format!("{WARN}in doubt{WARN:#}: {}", printable::line(message)),
                weight: Weight::Told,
            },
            Event::ApprovalAsked(ApprovalAsked { approval, .. }) => News {
                mark: WAITS,
                stands: format!("{WARN}needs consent{WARN:#}"),
                words: format!(
                    "{WARN}{}{WARN:#} by {}, or it is {} ({}): {}",
                    to_do::consent(approval),
                    time::moment(approval.deadline),
                    match approval.at_deadline {
                        AtDeadline::Deny => "refused",
                        AtDeadline::Allow => "done",
                    },
                    printable::line(&approval.rule),
                    to_do::with(approval)
                ),
                weight: Weight::Told,
            },
            Event::ApprovalGiven { approved, by, .. } => {
                let words = match (by, approved) {
                    (Some(by), true) => people::said(by, "approves it"),
                    (Some(by), false) => people::said(by, "does not approve it"),
                    (None, true) => "nobody objected in time, so it is done".to_owned(),
                    (None, false) => "nobody approved it in time".to_owned(),
                };
                News { mark: AT_WORK, stands: format!("{BUSY}at work{BUSY:#}"), words, weight: Weight::Told }
            }
            Event::ActionDecided { decision, by, .. } => {
                let words = match decision {
                    Decision::Done => "says that it took effect",
                    Decision::NotDone => "says that it did not take effect, so it is sent again",
                    Decision::GiveUp => "gives up on it",
                };
                News {
                    mark: AT_WORK,
                    stands: format!("{BUSY}at work{BUSY:#}"),
                    words: people::said(by, words),
                    weight: Weight::Told,
                }
            }
            Event::ActionEnded(end) => self.ended(end),
            Event::PromptAnswered { answer, by, .. } => {
                let answer = to_do::answer(answer);
                let (mark, words) = match by {
                    Some(by) => (("✔", GOOD), people::said(by, &format!("answers {BOLD}{answer}{BOLD:#}"))),
                    None => (("✔", WARN), format!("nobody answered in time: {BOLD}{answer}{BOLD:#} stands")),
                };
                News { mark, stands: String::new(), words, weight: Weight::End }
            }
            Event::StepRefused { failure, .. } => News {
                mark: failed(failure),
                stands: String::new(),
                words: printable::line(&failure.to_string()),
                weight: Weight::End,
            },
            Event::ChildEnded { status, message, .. } => {
                let (mark, style, word) = header::status(*status);
                let words = format!("{style}{word}{style:#}: {}", printable::line(message));
                News { mark: (mark, style), stands: String::new(), words, weight: Weight::End }
            }
            _ => return None,
        };
        Some(news)
    }

    /// What a person may have to do about it, as this entry leaves it.
    pub(super) fn asks_for(&self, entry: &Entry) -> Option<ToDo> {
        match (self, &entry.event) {
            (Self::Prompt(_, prompt), Event::PromptAsked(_)) => Some(ToDo::Answer((*prompt).clone())),
            (_, Event::ApprovalAsked(asked)) => Some(ToDo::Approve(asked.approval.clone())),
            (_, Event::ActionInDoubt { message, .. }) => Some(ToDo::Decide { message: message.clone() }),
            _ => None,
        }
    }

    /// How an action ended, how long it took, and how often it was tried.
    fn ended(&self, end: &ActionEnded) -> News {
        let (mark, message) = match &end.result {
            Ended::Report(report) if report.status == ReportStatus::Success => {
                (("✔", GOOD), report.message.clone())
            }
            Ended::Report(report) => (("✘", WARN), report.message.clone()),
            Ended::Failure(failure) => (failed(failure), failure.to_string()),
            Ended::Planned(planned) => (("○", BUSY), plan_of(planned)),
        };
        let tried = match (end.attempts, self.limits()) {
            (0 | 1, _) => String::new(),
            (attempts, Some((most, within))) => format!(", {attempts} of {most} attempts within {within}"),
            (attempts, None) => format!(", {attempts} attempts"),
        };
        let (took, upstream) = (time::duration(end.took_us), time::duration(end.upstream_us));
        let until = end
            .undo_at
            .map(|at| format!(" It is to be taken back at {}.", time::moment(at)))
            .unwrap_or_default();
        let before = end.done_by.map(|step| format!("done before, as step {step}: ")).unwrap_or_default();
        News {
            mark,
            stands: if end.attempts == 0 {
                String::new()
            } else {
                format!("{took} {DIM}({upstream} upstream{tried}){DIM:#}")
            },
            words: format!("{before}{}{until}", printable::line(&message)),
            weight: Weight::End,
        }
    }

    fn limits(&self) -> Option<(u32, Span)> {
        let Self::Action(ActionStarted { terms: Some(terms), .. }) = self else { return None };
        Some((terms.limits.attempts, Span(terms.limits.seconds)))
    }

    fn of(&self) -> String {
        self.limits().map(|(most, _)| format!(" of {most}")).unwrap_or_default()
    }
}

/// What would have been sent, in one line.
fn plan_of(Planned { requests, policy }: &Planned) -> String {
    let requests = match requests.as_slice() {
        [] => "planned, not sent: nothing would change".to_owned(),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            format!("planned, not sent: {} {}{more}", first.method, first.url)
        }
    };
    format!("{requests}; {policy}")
}

/// The mark of a step that could not be done, or that a person ended.
fn failed(failure: &Failure) -> Mark {
    if matches!(failure, Failure::Cancelled { .. }) { ("■", WARN) } else { ("✘", BAD) }
}

fn waits(stands: &str, words: String) -> News {
    News { mark: WAITS, stands: format!("{BUSY}{stands}{BUSY:#}"), words, weight: Weight::Told }
}

/// The step that an entry is about, if it does not begin one.
pub(super) fn of(event: &Event) -> Option<Position> {
    match event {
        Event::ApprovalAsked(ApprovalAsked { position, .. })
        | Event::ApprovalGiven { position, .. }
        | Event::ActionSent { position, .. }
        | Event::ActionRetried { position, .. }
        | Event::ActionPending { position, .. }
        | Event::ActionInDoubt { position, .. }
        | Event::ActionDecided { position, .. }
        | Event::PromptAnswered { position, .. }
        | Event::StepRefused { position, .. }
        | Event::ChildEnded { position, .. } => Some(*position),
        Event::ActionEnded(end) => Some(end.position),
        _ => None,
    }
}

/// What a person types next, in a line of its own.
pub(super) fn next(run: &Run, step: Position, what: &ToDo) -> String {
    let hint = match what {
        ToDo::Approve(_) => format!("  {DIM}or `palisade deny {}.{step}`{DIM:#}", run.id),
        ToDo::Decide { .. } => format!("  {DIM}(done, not-done or give-up){DIM:#}"),
        ToDo::Answer(_) | ToDo::Look(_) | ToDo::TakeOver(_) => String::new(),
    };
    format!("{BOLD}next{BOLD:#}: `{}`{hint}", to_do::command(run.id, run.alert, step, what))
}
