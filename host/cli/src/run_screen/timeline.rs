//! What happened in a run, in order: as a whole, each step with all that became of it, or entry by entry as it comes.

use std::collections::BTreeMap;

use palisade_model::{
    Timestamp,
    journal::{Entry, Event},
    run::{Position, Run},
};

use super::{
    Detail, Mark, header,
    remark::remark,
    step::{self, Step, Weight},
};
use crate::{
    answers::RunAndAlert,
    style::{DIM, WARN},
    time,
};

/// The whole of it; nothing if nothing was done. A step stands where it began.
pub(crate) fn timeline(view: &RunAndAlert, detail: Detail) -> String {
    let mut became: BTreeMap<Position, Vec<&Entry>> = BTreeMap::new();
    for entry in &view.entries {
        if let Some(position) = step::of(&entry.event) {
            became.entry(position).or_default().push(entry);
        }
    }
    let told = view.entries.iter().map(|entry| match Step::begun_by(&entry.event) {
        Some(step) => {
            let became = became.get(&step.position()).map(Vec::as_slice).unwrap_or_default();
            whole_step(view, entry, step, became, detail)
        }
        None => beside(&view.run, entry, detail),
    });
    told.collect()
}

/// A step: what it is and how it stands, then what became of it.
fn whole_step(
    view: &RunAndAlert,
    begun: &Entry,
    step: Step<'_>,
    became: &[&Entry],
    detail: Detail,
) -> String {
    let run = &view.run;
    let news: Vec<_> = became.iter().filter_map(|entry| Some((entry.at, step.news(entry)?))).collect();
    let (mark, stands) = match (news.last(), child_of(view, step)) {
        (None, Some(child)) => {
            let (mark, style, word) = header::status(child.status);
            ((mark, style), format!("{style}{word}{style:#}"))
        }
        (None, None) => step.begins(),
        (Some((_, last)), _) => (last.mark, last.stands.clone()),
    };
    let ended = news.last().is_some_and(|(_, last)| last.weight == Weight::End);
    let (mark, stands) = if ended || !run.status.is_final() {
        (mark, stands)
    } else {
        (("·", DIM), "never ended".to_owned())
    };

    let mut text = line(run, begun.at, mark, step.position(), &format!("{}  {stands}", step.what()));
    step.more().iter().for_each(|words| text.push_str(&below(words)));
    let mut before = "";
    for (at, news) in &news {
        // A vendor's job is looked at many times, and says the same each time.
        let again = news.words == before;
        if detail == Detail::Everything || (news.weight != Weight::Aside && !again) {
            text.push_str(&under(run, *at, &news.words));
        }
        before = &news.words;
    }
    if let Some(undone) = view.undone.iter().find(|undone| undone.position == step.position()) {
        text.push_str(&below(&format!("{WARN}taken back{WARN:#} by run {}", undone.by_run)));
    }
    if let Some(task) = view.tasks.iter().find(|task| task.position == step.position()) {
        text.push_str(&below(&step::next(run, task.position, &task.what)));
    }
    text
}

fn child_of<'a>(view: &'a RunAndAlert, step: Step<'_>) -> Option<&'a Run> {
    let Step::Child(start) = step else { return None };
    view.children.iter().find(|child| start.run == Some(child.id))
}

/// An entry that is about no step.
fn beside(run: &Run, entry: &Entry, detail: Detail) -> String {
    // The last word of a run stands at its end.
    let last = matches!(entry.event, Event::Concluded { .. }) && entry.seq == run.entries;
    let Some(remark) = remark(entry, detail).filter(|_| !last) else { return String::new() };
    let mut text = line(run, entry.at, remark.mark, "", &remark.words);
    remark.more.iter().for_each(|words| text.push_str(&below(words)));
    text
}

/// Tells what happens as it comes, with no more of the past than it needs.
pub(crate) struct Ticker {
    detail: Detail,
    /// The entry that began each step, and what was told last about it. A step that has ended may be had tried again.
    steps: BTreeMap<Position, (Entry, String)>,
}

impl Ticker {
    /// Tells this much.
    pub(crate) fn new(detail: Detail) -> Self {
        Self { detail, steps: BTreeMap::new() }
    }

    /// Takes in what was told already.
    pub(crate) fn skip(&mut self, run: &Run, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.tell(run, entry);
        }
    }

    /// What this entry says.
    pub(crate) fn tell(&mut self, run: &Run, entry: Entry) -> String {
        if let Some(step) = Step::begun_by(&entry.event) {
            let (mark, stands) = step.begins();
            let mut text = line(run, entry.at, mark, step.position(), &format!("{}  {stands}", step.what()));
            step.more().iter().for_each(|words| text.push_str(&below(words)));
            text.push_str(&next(run, step, &entry));
            self.steps.insert(step.position(), (entry, String::new()));
            return text;
        }
        let Some(position) = step::of(&entry.event) else { return beside(run, &entry, self.detail) };
        let Some((begun, before)) = self.steps.get_mut(&position) else { return String::new() };
        let Some(step) = Step::begun_by(&begun.event) else { return String::new() };
        let Some(news) = step.news(&entry) else { return String::new() };
        let hidden = news.weight == Weight::Aside || news.words == *before;
        before.clone_from(&news.words);
        if hidden && self.detail != Detail::Everything {
            return String::new();
        }
        if news.weight == Weight::End {
            let what = format!("{}  {}", step.what(), news.stands);
            return line(run, entry.at, news.mark, position, &what) + &below(&news.words);
        }
        line(run, entry.at, news.mark, position, &news.words) + &next(run, step, &entry)
    }
}

/// What a person types about a step, if this entry makes it wait for one.
fn next(run: &Run, step: Step<'_>, entry: &Entry) -> String {
    let to_do = step.asks_for(entry).filter(|_| !run.status.is_final());
    to_do.map(|what| below(&step::next(run, step.position(), &what))).unwrap_or_default()
}

/// A line of its own: when, counted from the begin of the run, and what.
fn line(run: &Run, at: Timestamp, (mark, style): Mark, step: impl std::fmt::Display, words: &str) -> String {
    let at = since(run, at);
    format!("  {DIM}{at:>11}{DIM:#}  {style}{mark}{style:#} {step:>2}  {}\n", words.trim_end())
}

/// A line of a step, with its own time.
fn under(run: &Run, at: Timestamp, words: &str) -> String {
    format!("  {DIM}{:>11}{DIM:#}          {words}\n", since(run, at))
}

/// A line of a step or a remark, at the time of the line above.
fn below(words: &str) -> String {
    format!("{:23}{words}\n", "")
}

fn since(run: &Run, at: Timestamp) -> String {
    time::offset(time::between(run.started, at))
}
