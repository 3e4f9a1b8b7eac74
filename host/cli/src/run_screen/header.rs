//! The first and the last lines of a run: what it is, what belongs to it, and how it stands.

use std::fmt::Write as _;

use anstyle::Style;
use palisade_model::{
    Timestamp,
    prompt::{Task, ToDo},
    run::{Mode, Run, RunStatus},
};

use crate::{
    answers::RunAndAlert,
    printable,
    style::{self, BAD, BOLD, BUSY, DIM, GOOD, WARN},
    time,
};

/// What runs, for which alert, since when, and which runs belong to it.
pub(crate) fn header(view: &RunAndAlert, now: Timestamp) -> String {
    let run = &view.run;
    let (mark, style, word) = status(run.status);
    let took = match (run.finished, run.status) {
        (Some(finished), _) => format!(" in {}", time::duration(time::between(run.started, finished))),
        (None, RunStatus::Running) => format!(" for {}", time::duration(time::between(run.started, now))),
        (None, _) => String::new(),
    };
    let mut header = format!("{BOLD}Run {}{BOLD:#}  {style}{mark} {word}{style:#}{took}\n", run.id);
    let _ = writeln!(header, "  Playbook  {}  {DIM}{}{DIM:#}", run.playbook, run.digest.short());
    if let Some(alert) = &view.alert {
        let severity = format!("{:?}", alert.severity).to_lowercase();
        let loud = style::of_severity(alert.severity);
        let (name, label) = (printable::line(&alert.name), printable::line(&alert.label));
        let _ = writeln!(
            header,
            "  Alert     {}  {BOLD}{name}{BOLD:#}  {loud}{severity}{loud:#}, {label}",
            alert.id
        );
    } else {
        let _ = writeln!(header, "  Alert     {}", run.alert);
    }
    let _ = writeln!(
        header,
        "  Started   {} {DIM}({}){DIM:#}",
        time::moment(run.started),
        time::ago(run.started, now)
    );
    if let Some(undone) = run.undoes {
        let _ = writeln!(header, "  Undoes    run {undone}");
    }
    match run.mode {
        Mode::Live => {}
        Mode::Safe => {
            let _ = writeln!(
                header,
                "  Mode      {WARN}safe{WARN:#}: what would change something is planned, not sent"
            );
        }
        Mode::Plan => {
            let _ =
                writeln!(header, "  Mode      {WARN}plan{WARN:#}: nothing changes, neither there nor here");
        }
    }
    if run.imported {
        let _ = writeln!(
            header,
            "  Imported  {WARN}from another installation{WARN:#}: it is never executed here"
        );
    }
    header + &family(run, &view.children)
}

/// The run's parent and its children as a tree; nothing if it has neither.
fn family(run: &Run, children: &[Run]) -> String {
    let mut lines = Vec::new();
    if let Some(parent) = run.parent {
        let elsewhere = if run.imported { " of that installation" } else { "" };
        lines.push(format!("run {}, step {}{elsewhere}", parent.run, parent.position));
    }
    if !lines.is_empty() || !children.is_empty() {
        let branch = if lines.is_empty() { "" } else { "└ " };
        lines.push(format!("{DIM}{branch}{DIM:#}{BOLD}run {}{BOLD:#}", run.id));
    }
    let indent = if run.parent.is_some() { "  " } else { "" };
    // They come newest first, and are read in the order in which they were started.
    for (place, child) in children.iter().enumerate().rev() {
        let branch = if place == 0 { "└" } else { "├" };
        let (mark, style, word) = status(child.status);
        lines.push(format!(
            "{DIM}{indent}{branch}{DIM:#} run {}  {}  {style}{mark} {word}{style:#}",
            child.id, child.playbook
        ));
    }
    let first = lines.iter().take(1).map(|line| format!("  Runs      {line}\n"));
    first.chain(lines.iter().skip(1).map(|line| format!("            {line}\n"))).collect()
}

/// How the run ended, or what it waits for and what to type.
pub(crate) fn conclusion(view: &RunAndAlert, now: Timestamp) -> String {
    let run = &view.run;
    let (mark, style, word) = status(run.status);
    let id = run.id;
    let words = match run.status {
        RunStatus::Succeeded | RunStatus::Failed | RunStatus::Cancelled => printable::line(&run.message),
        RunStatus::Running => format!("follow it with `palisade run watch {id}`"),
        RunStatus::Waiting if run.attention > 0 => {
            format!("a person must {}{}", must(&view.tasks), by_itself(run, now))
        }
        RunStatus::Waiting => match run.due {
            Some(due) => format!("it goes on {}", time::until(due, now)),
            None => "another run must end first".to_owned(),
        },
        RunStatus::Paused => format!("let it go on with `palisade run resume {id}`"),
        RunStatus::InDoubt => "a person must say what happened".to_owned(),
        RunStatus::Nondeterministic => {
            format!("`palisade run resume {id}` tries again, `palisade run cancel {id}` ends it")
        }
    };
    format!("{style}{mark} {word}{style:#}: {words}\n")
}

/// What a person has to do for it.
fn must(tasks: &[Task]) -> &'static str {
    let consent = |task: &Task| matches!(task.what, ToDo::Approve(_));
    match (tasks.iter().any(consent), tasks.iter().all(consent)) {
        (true, true) => "approve or deny",
        (true, false) => "answer, and approve or deny",
        (false, _) => "answer",
    }
}

fn by_itself(run: &Run, now: Timestamp) -> String {
    run.due.map(|due| format!("; it goes on by itself {}", time::until(due, now))).unwrap_or_default()
}

/// Mark, colour and word of a status.
pub(crate) fn status(status: RunStatus) -> (&'static str, Style, &'static str) {
    match status {
        RunStatus::Running => ("▸", BUSY, "running"),
        RunStatus::Waiting => ("◌", BUSY, "waiting"),
        RunStatus::Paused => ("‖", WARN, "paused"),
        RunStatus::InDoubt => ("?", WARN, "in doubt"),
        RunStatus::Nondeterministic => ("≠", BAD, "nondeterministic"),
        RunStatus::Succeeded => ("✔", GOOD, "succeeded"),
        RunStatus::Failed => ("✘", BAD, "failed"),
        RunStatus::Cancelled => ("■", WARN, "cancelled"),
    }
}
