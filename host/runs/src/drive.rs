//! One stay of a run: from where its journal is to its end, or to where it is better left.

use std::sync::Arc;

use palisade_engine::Stop;
use palisade_model::{
    audit::HOST,
    journal::{By, Divergence, Event},
    run::RunStatus,
};
use palisade_store::{Leave, StoreError};

use crate::{
    active::ActiveRun,
    cancel, describe,
    dispatch::STORE_WAIT,
    history::History,
    playing::{self, Playing},
    steps::Halt,
    take_up,
    work::Work,
};

/// How a stay ended.
enum End {
    Concluded(RunStatus, String),
    Diverged(Divergence),
    /// The exact component that it needs cannot be had.
    NoPlaybook(String),
    Aside,
}

/// Lets a run go on until it has ended or is better left, and takes it off the list of those that are here.
pub(crate) async fn drive(run: Arc<ActiveRun>, history: History, work: Work) {
    let runs = Arc::clone(&run.runs);
    if let Ok(_permit) = runs.run_permits.acquire().await {
        let end = play(&run, history).await;
        finish(&run, end).await;
    }
    runs.leave(&run);
    drop(work);
    // Nothing was written, and nothing is wrong with the store: what the run did since is done again.
    if matches!(run.journal.failure(), Some(StoreError::Busy)) {
        tokio::time::sleep(STORE_WAIT).await;
        runs.go_on(run.run.id).await;
    }
}

/// Leads the playbook through the journal and on from there.
async fn play(run: &Arc<ActiveRun>, mut history: History) -> End {
    if matches!(run.halted(), Some(Halt::Cancelled(_))) {
        return End::Aside;
    }
    // The crash came after somebody took it over to have it go on, and before what from was written.
    if let Some((status, message)) = history.concluded.take() {
        return End::Concluded(status, message);
    }
    if let Some((status, message)) = history.returned.take() {
        let taken_up = take_up::take_up(run, &history);
        return settle(run, status, message, taken_up.is_err()).await;
    }
    let playbook = match run.runs.version(&run.run, &history).await {
        Ok(playbook) => playbook,
        Err(why) => return End::NoPlaybook(why),
    };
    let (playing, record) = Playing::live(run, &playbook, history);
    let result = playbook.program.run(playing).await;
    let (divergence, missing, open) = {
        let mut record = playing::lock(&record);
        (record.divergence.take(), record.calls.pop_front(), record.open.take())
    };
    if let Some(divergence) = divergence {
        return End::Diverged(divergence);
    }
    let Some((status, message)) = playing::end(result) else { return End::Aside };
    if let Some((at_entry, call)) = missing {
        let expected = describe::call(&call);
        return End::Diverged(Divergence { at_entry, expected, actual: format!("end: {message}") });
    }
    // It came to its end exactly where the journal does.
    let taken_up = open.map_or(Ok(()), |history| take_up::take_up(run, &history));
    if run.has_open_steps()
        && run.journal.buffered(Event::Returned { status, message: message.clone() }).is_err()
    {
        return End::Aside;
    }
    settle(run, status, message, taken_up.is_err()).await
}

/// A playbook may end without waiting for a step; what that does belongs to the record all the same.
async fn settle(run: &Arc<ActiveRun>, status: RunStatus, message: String, failed: bool) -> End {
    if failed || run.settle().await.is_err() {
        return End::Aside;
    }
    End::Concluded(status, message)
}

async fn finish(run: &Arc<ActiveRun>, end: End) {
    let written = match end {
        End::Concluded(status, message) => conclude(run, status, message).await,
        End::Diverged(divergence) => {
            tracing::error!(
                run = run.run.id,
                expected = divergence.expected,
                actual = divergence.actual,
                "A playbook asks for something else than its journal says; its run is kept for a person."
            );
            leave(run, Event::Diverged(divergence), RunStatus::Nondeterministic).await
        }
        End::NoPlaybook(why) => {
            tracing::error!(run = run.run.id, why, "A run cannot go on, and is paused.");
            let by = By { by: HOST.to_owned(), note: why, by_admin: false };
            leave(run, Event::Paused(by), RunStatus::Paused).await
        }
        End::Aside => match run.halted() {
            // Of a journal that cannot be written nothing more can be said.
            _ if run.journal.failure().is_some() => Ok(()),
            Some(Halt::Cancelled(by)) => match cancel::end_steps(run, &by).await {
                Ok(message) => conclude(run, RunStatus::Cancelled, message).await,
                Err(stop) => Err(stop),
            },
            Some(Halt::HostStops | Halt::Paused) | None => run.journal.leave(run.leave()).await,
        },
    };
    if let Err(stop) = written {
        tracing::error!(run = run.run.id, reason = %stop, "A run could not be left as it stands.");
    }
}

async fn conclude(run: &Arc<ActiveRun>, status: RunStatus, message: String) -> Result<(), Stop> {
    run.journal.durable(Event::Concluded { status, message: message.clone() })?.await?;
    run.runs.concluded(&run.run, status, &message);
    Ok(())
}

async fn leave(run: &Arc<ActiveRun>, event: Event, status: RunStatus) -> Result<(), Stop> {
    drop(run.journal.soon(event)?);
    run.journal.leave(Leave { status, due: None, children: Vec::new() }).await
}
