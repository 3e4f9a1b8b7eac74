//! A store full of runs that wait.

use std::path::Path;

use palisade_model::{
    Timestamp,
    alert::{Alert, NewAlert},
    journal::{Began, Event},
    run::{RunId, RunStatus},
};
use palisade_store::{Append, Appended, Durability, Leave, NewRun, SledStore, Store};

use crate::{Failed, site::Example};

/// Runs that are written together.
const AT_ONCE: usize = 500;

/// Adds so many runs like the example, each with an alert of its own, whose prompts are due at this time. No host may be
/// at work on the store. Returns their numbers, the first and the last.
pub(crate) async fn fill(
    store: &Path,
    example: &Example,
    runs: usize,
    due: Timestamp,
) -> Result<(RunId, RunId), Failed> {
    let store = SledStore::open(store)?;
    let numbers: Vec<_> = (0..runs).collect();
    let mut span = None;
    for some in numbers.chunks(AT_ONCE) {
        let received = Timestamp::now();
        let alerts: Vec<_> = some.iter().map(|number| alert(example, *number)).collect();
        let appended: Vec<_> =
            alerts.iter().map(|alert| store.append_alert(received, alert.clone())).collect();
        let mut created = Vec::with_capacity(some.len());
        for (alert, write) in alerts.into_iter().zip(appended) {
            let Appended::New(id) = write.await? else { return Err("an alert was there before".into()) };
            let run = NewRun {
                playbook: example.run.playbook.clone(),
                started: received,
                began: Began::new(example.run.digest.clone(), Alert::new(id, received, alert)),
            };
            created.push(store.handle_alert(id, vec![run]));
        }
        let mut left = Vec::with_capacity(some.len());
        for write in created {
            let run = *write.await?.first().ok_or("no run was made")?;
            let (first, _) = *span.get_or_insert((run, run));
            span = Some((first, run));
            left.push(store.append(append(example, run, due)));
        }
        for write in left {
            write.await?;
        }
    }
    Ok(span.ok_or("there are no runs to add")?)
}

fn alert(example: &Example, number: usize) -> NewAlert {
    NewAlert { source_id: format!("stock-{number}"), ..example.alert.content.clone() }
}

/// All that the example wrote, and how it was left.
fn append(example: &Example, run: RunId, due: Timestamp) -> Append {
    let events = example.entries.iter().skip(1).map(|entry| {
        let mut event = entry.event.clone();
        if let Event::PromptAsked(asked) = &mut event {
            asked.prompt.deadline = due;
        }
        (Timestamp::now(), event)
    });
    Append {
        run,
        epoch: 1,
        expected: 1,
        events: events.collect(),
        audit: Vec::new(),
        leave: Some(Leave { status: RunStatus::Waiting, due: Some(due), children: Vec::new() }),
        durability: Durability::Buffered,
    }
}
