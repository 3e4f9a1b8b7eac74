//! A run as a person reads it, most of all after an incident: header, timeline, conclusion.

mod divergence;
mod header;
mod people;
mod remark;
mod step;
mod timeline;

use anstyle::Style;
use palisade_model::{
    Timestamp,
    journal::{ActionEnded, Ended, Event},
    run::RunStatus,
};

use crate::{
    answers::RunAndAlert,
    style::{BOLD, DIM},
};

pub(crate) use divergence::lines as divergence;
pub(crate) use header::{conclusion, header, status};
pub(crate) use remark::change;
pub(crate) use timeline::{Ticker, timeline};

/// How much of a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What was done, by whom, and how it ended.
    Steps,
    /// The playbook's other calls too: time, waits, lines of the log.
    Everything,
}

/// A character that is seen at once, and its colour.
type Mark = (&'static str, Style);

/// The whole screen.
pub(crate) fn screen(view: &RunAndAlert, detail: Detail, now: Timestamp) -> String {
    let timeline = match timeline(view, detail) {
        nothing if nothing.is_empty() => format!("  {DIM}Nothing was done.{DIM:#}\n"),
        timeline => timeline,
    };
    format!("{}\n{timeline}\n{}{}", header(view, now), conclusion(view, now), retry(view))
}

/// What a person types after a run that failed because an action did.
fn retry(view: &RunAndAlert) -> String {
    let failed =
        |event: &Event| matches!(event, Event::ActionEnded(ActionEnded { result: Ended::Failure(_), .. }));
    let run = &view.run;
    if run.status != RunStatus::Failed
        || run.imported
        || !view.entries.iter().any(|entry| failed(&entry.event))
    {
        return String::new();
    }
    format!(
        "  {BOLD}next{BOLD:#}: `palisade run retry {}` goes on from the action that failed last\n",
        run.id
    )
}

#[cfg(test)]
mod tests;
