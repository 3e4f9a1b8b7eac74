//! A run as a person reads it: header, actions in order, remarks, conclusion.

use std::fmt::Write as _;

use anstyle::Style;
use palisade_model::{
    Timestamp,
    action::ReportStatus,
    alert::AlertChange,
    run::{ActionEnded, ActionStarted, Ended, Entry, Event, LogLevel, Run, RunStatus},
};

use crate::{
    answers::{AlertInShort, RunAndAlert},
    printable,
    style::{self, BAD, BOLD, BUSY, DIM, GOOD, WARN},
    time,
};

/// How much of a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What was done, and how it ended.
    Actions,
    /// Lines of the log too.
    Everything,
}

/// The whole screen.
pub(crate) fn screen(view: &RunAndAlert, detail: Detail, now: Timestamp) -> String {
    let mut screen = header(&view.run, view.alert.as_ref(), now);
    screen.push('\n');
    let mut actions = 0;
    for entry in &view.entries {
        if let Event::ActionStarted(start) = &entry.event {
            actions += 1;
            screen.push_str(&action(start, end_of(start, &view.entries)));
        }
    }
    if actions == 0 {
        let _ = writeln!(screen, "  {DIM}No actions.{DIM:#}");
    }
    let remarks: String = view.entries.iter().filter_map(|entry| remark(&view.run, entry, detail)).collect();
    if !remarks.is_empty() {
        let _ = write!(screen, "\n{remarks}");
    }
    let _ = write!(screen, "\n{}", conclusion(&view.run));
    screen
}

/// What runs, for which alert, since when.
pub(crate) fn header(run: &Run, alert: Option<&AlertInShort>, now: Timestamp) -> String {
    let (mark, style, word) = status(run.status);
    let took = match run.finished {
        Some(finished) => format!("in {}", time::duration(time::between(run.started, finished))),
        None => format!("for {}", time::duration(time::between(run.started, now))),
    };
    let mut header = format!("{BOLD}Run {}{BOLD:#}  {style}{mark} {word}{style:#} {took}\n", run.id);
    let _ = writeln!(header, "  Playbook  {}  {DIM}{}{DIM:#}", run.playbook, run.digest.short());
    if let Some(alert) = alert {
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
    header
}

/// One action: what was done to what, how it went, how long it took.
pub(crate) fn action(start: &ActionStarted, end: Option<&ActionEnded>) -> String {
    let Some(end) = end else {
        return format!("  {BUSY}▸{BUSY:#} {:>2}  {}  {BUSY}at work{BUSY:#}\n", start.position, what(start));
    };
    let (mark, style, message) = match &end.result {
        Ended::Report(report) if report.status == ReportStatus::Success => {
            ("✔", GOOD, report.message.clone())
        }
        Ended::Report(report) => ("✘", WARN, report.message.clone()),
        Ended::Failure(failure) => ("✘", BAD, failure.to_string()),
    };
    let attempts = match end.attempts {
        0 | 1 => String::new(),
        attempts => format!(", {attempts} attempts"),
    };
    format!(
        "  {style}{mark}{style:#} {:>2}  {}  {} {DIM}({} upstream{attempts}){DIM:#}\n        {}\n",
        start.position,
        what(start),
        time::duration(end.took_us),
        time::duration(end.upstream_us),
        printable::line(&message)
    )
}

/// One entry that is no action and no end: a change of the alert, or with more detail a line of the log.
pub(crate) fn remark(run: &Run, entry: &Entry, detail: Detail) -> Option<String> {
    let at = time::duration(time::between(run.started, entry.at));
    let words = match &entry.event {
        Event::AlertChanged(change) => change_of(change),
        Event::Log { action, level, message } if detail == Detail::Everything => {
            let style = match level {
                LogLevel::Error => BAD,
                LogLevel::Warn => WARN,
                LogLevel::Info | LogLevel::Debug => DIM,
            };
            let by = action.map_or("playbook".to_owned(), |position| format!("action {position}"));
            let level = format!("{level:?}").to_lowercase();
            format!("{style}{level}{style:#} {by}: {}", printable::line(message))
        }
        _ => return None,
    };
    Some(format!("  {DIM}{at:>9}{DIM:#}  {words}\n"))
}

/// How the run ended, or that it did not yet.
pub(crate) fn conclusion(run: &Run) -> String {
    let (mark, style, word) = status(run.status);
    if !run.status.is_final() {
        return format!("{style}{mark} {word}{style:#}: follow it with `palisade run watch {}`\n", run.id);
    }
    format!("{style}{mark} {word}{style:#}: {}\n", printable::line(&run.message))
}

/// Mark, colour and word of a status.
pub(crate) fn status(status: RunStatus) -> (&'static str, Style, &'static str) {
    match status {
        RunStatus::Running => ("▸", BUSY, "running"),
        RunStatus::Succeeded => ("✔", GOOD, "succeeded"),
        RunStatus::Failed => ("✘", BAD, "failed"),
        RunStatus::Interrupted => ("✘", WARN, "interrupted"),
    }
}

fn what(start: &ActionStarted) -> String {
    let asset = start.asset.as_ref().map_or("no asset".to_owned(), |asset| format!("@{asset}"));
    let (connector, action) = (printable::line(&start.connector), printable::line(&start.action));
    format!("{connector}/{BOLD}{action}{BOLD:#} {DIM}{asset}{DIM:#}")
}

fn end_of<'a>(start: &ActionStarted, entries: &'a [Entry]) -> Option<&'a ActionEnded> {
    entries.iter().find_map(|entry| match &entry.event {
        Event::ActionEnded(end) if end.position == start.position => Some(end),
        _ => None,
    })
}

fn change_of(change: &AlertChange) -> String {
    let lower = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    match change {
        AlertChange::Severity(severity) => format!("severity is {}", lower(severity)),
        AlertChange::Status(status) => format!("alert is {}", lower(status)),
        AlertChange::Owner(Some(owner)) => format!("owner is {}", printable::line(owner)),
        AlertChange::Owner(None) => "nobody owns it".to_owned(),
        AlertChange::Note(note) => format!("note: {}", printable::line(&note.title)),
        AlertChange::Artifact(artifact) => {
            format!("artifact {}: {}", artifact.id, printable::line(&artifact.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view() -> RunAndAlert {
        serde_json::from_value(json!({
            "run": {
                "id": 17, "alert": 42, "playbook": "triage", "digest": "ab".repeat(32), "status": "failed",
                "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:02.41Z",
                "message": "no ticket could be written", "entries": 7,
            },
            "alert": { "id": 42, "name": "Beacon \u{1b}[2J", "severity": "high", "label": "outbound" },
            "entries": [
                { "seq": 1, "at": "2026-01-01T00:00:00Z", "event": "action-started", "position": 1,
                  "connector": "whois", "action": "query domain", "asset": "whois-public", "parameters": {} },
                { "seq": 2, "at": "2026-01-01T00:00:00Z", "event": "action-started", "position": 2,
                  "connector": "servicenow", "action": "create ticket", "parameters": {} },
                { "seq": 3, "at": "2026-01-01T00:00:00.3Z", "event": "action-ended", "position": 2,
                  "failure": { "failure": "denied", "message": "no asset" },
                  "attempts": 1, "took_us": 900, "upstream_us": 0 },
                { "seq": 4, "at": "2026-01-01T00:00:02Z", "event": "action-ended", "position": 1,
                  "report": { "status": "success", "message": "Registered yesterday.", "summary": {}, "data": {} },
                  "attempts": 2, "took_us": 2_000_000, "upstream_us": 1_950_000 },
                { "seq": 5, "at": "2026-01-01T00:00:02.1Z", "event": "alert-changed", "change": "severity",
                  "value": "critical" },
                { "seq": 6, "at": "2026-01-01T00:00:02.2Z", "event": "log", "level": "warn", "message": "odd" },
                { "seq": 7, "at": "2026-01-01T00:00:02.41Z", "event": "concluded", "status": "failed",
                  "message": "no ticket could be written" },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_run_is_understood_at_a_glance() {
        let now = "2026-01-01T00:03:00Z".parse().unwrap();
        let text = screen(&view(), Detail::Everything, now);
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "\
Run 17  ✘ failed in 2.41 s
  Playbook  triage  abababababab
  Alert     42  Beacon ␛[2J  high, outbound
  Started   2026-01-01 00:00:00 UTC (3 min ago)

  ✔  1  whois/query domain @whois-public  2.00 s (1.95 s upstream, 2 attempts)
        Registered yesterday.
  ✘  2  servicenow/create ticket no asset  0.9 ms (0.0 ms upstream)
        denied: no asset

     2.10 s  severity is critical
     2.20 s  warn playbook: odd

✘ failed: no ticket could be written
"
        );
        assert!(!screen(&view(), Detail::Actions, now).contains("odd"), "the log is for those who ask");
    }
}
