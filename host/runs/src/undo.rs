//! Taking back what a run did: by a person's word, or because the time of an action has come.

use std::sync::{Arc, atomic::Ordering};

use palisade_engine::{RunHost, StartAction, Stop};
use palisade_model::{
    action::ReportStatus,
    alert::{AlertChange, Escalation},
    audit::{OfRun, Record, What},
    journal::{ActionStarted, Began, By},
    name::Name,
    plugin::{Digest, Identity, Need, PlaybookManifest, nothing_to_configure},
    run::{Position, Run, RunId},
    undo::{Expiry, Undo, UndoStep, Undone},
};
use palisade_store::{NewRun, StoreError};

use crate::{
    catalogue::LoadedPlaybook,
    clock,
    history::{History, Kind},
    playing::Playing,
    program::Program,
    runs::{Runs, RunsError},
};

/// The name under which its runs are listed.
pub(crate) const NAME: &str = "undo";

/// What stands for the component of a program that is none. Another byte for another program.
const DIGEST: [u8; 32] = [1; 32];

impl Runs {
    /// Takes back what a run did, in a run of its own: every action that took effect, declares its undo and was not taken
    /// back before; the newest first. Returns the new run.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Conflict`] if the run has not ended, or the host is in safe mode;
    /// [`RunsError::Invalid`] if there is nothing to take back.
    pub async fn undo(self: &Arc<Self>, run: RunId, by: By) -> Result<RunId, RunsError> {
        let found = self.find(run)?;
        if !found.status.is_final() {
            return Err(RunsError::Conflict(format!("run {run} has not ended: cancel it first")));
        }
        if let Some(of) = found.undoes {
            let words =
                format!("run {run} takes back what run {of} did; to do that again, start its playbook again");
            return Err(RunsError::Invalid(words));
        }
        if found.imported {
            return Err(StoreError::Imported { run }.into());
        }
        if self.safe_mode.load(Ordering::SeqCst) {
            return Err(RunsError::Conflict("the host is in safe mode, and sends nothing".to_owned()));
        }
        let undone: Vec<Position> = self.store.undone(run)?.iter().map(|undone| undone.position).collect();
        let history = self.history(&found)?;
        let mut steps = history.to_take_back();
        steps.retain(|step| !undone.contains(&step.position));
        if steps.is_empty() {
            let words = if undone.is_empty() {
                format!("run {run} did nothing that can be taken back")
            } else {
                format!("everything that can be taken back of run {run} was taken back before")
            };
            return Err(RunsError::Invalid(words));
        }
        let what =
            What::RunUndone(OfRun { run, playbook: found.playbook.clone(), note: by.note.as_str().into() });
        self.put_on_record(Record::said(clock::now(), &by, what)).await?;
        self.take_back(&found, Undo { of: run, by: Some(by), steps }, None).await
    }

    /// Takes back an action whose time has come.
    pub(crate) async fn expire(self: &Arc<Self>, expiry: Expiry) -> Result<(), RunsError> {
        let Expiry { run, position, .. } = expiry;
        let found = self.find(run)?;
        let steps = self.history(&found)?.to_take_back().into_iter();
        let steps: Vec<_> = steps.filter(|step| step.position == position).collect();
        if steps.is_empty() {
            return Ok(self.store.end_expiry(expiry).await?);
        }
        match self.take_back(&found, Undo { of: run, by: None, steps }, Some(expiry)).await {
            Ok(_) => Ok(()),
            // A person was faster.
            Err(RunsError::Store(StoreError::Undone { .. })) => Ok(self.store.end_expiry(expiry).await?),
            Err(error) => Err(error),
        }
    }

    async fn take_back(
        self: &Arc<Self>,
        of: &Run,
        undo: Undo,
        expiry: Option<Expiry>,
    ) -> Result<RunId, RunsError> {
        let Some(alert) = self.store.alert(of.alert)? else {
            return Err(RunsError::Missing { what: "alert", name: of.alert.to_string() });
        };
        let began = Began { undo: Some(undo), ..Began::new(Digest::from_bytes(DIGEST), alert) };
        let new = NewRun { playbook: name(), started: clock::now(), began };
        let id = self.store.start_undo(new.clone(), expiry).await?;
        self.begin(id, new, None, &self.catalogue());
        Ok(id)
    }
}

impl History {
    /// What of it can be taken back, the newest first.
    fn to_take_back(&self) -> Vec<UndoStep> {
        let ended = self.ended.iter().rev().filter_map(|position| {
            let Kind::Action(started, _) = &self.steps.get(position)?.kind else { return None };
            let took_effect = self.results.get(position)?.as_ref().ok()?.status == ReportStatus::Success;
            (took_effect && !self.planned.contains(position)).then_some((self.doer(*position), started))
        });
        // Done before the run was had go on from a failure, and not asked for again since.
        let before = self.done.iter().rev().map(|done| (self.doer(done.position), &done.started));
        ended.chain(before).filter_map(|(position, started)| step(position, started)).collect()
    }

    /// Forgets what was taken back: it is not done any more.
    pub(crate) fn forget(&mut self, undone: &[Undone]) {
        let Self { done, done_as, .. } = self;
        done.retain(|done| {
            let doer = done_as.get(&done.position).unwrap_or(&done.position);
            !undone.iter().any(|undone| undone.position == *doer)
        });
    }
}

fn step(position: Position, started: &ActionStarted) -> Option<UndoStep> {
    let ActionStarted { connector, action, asset, parameters, undo, .. } = started;
    started.mutates().then_some(UndoStep {
        position,
        connector: connector.clone(),
        action: action.clone(),
        undo: undo.clone()?,
        asset: asset.clone()?,
        parameters: parameters.clone(),
    })
}

fn name() -> Name {
    NAME.to_owned().try_into().expect("it is a name")
}

/// The program of a run that takes something back. What it may start is what it was begun for.
pub(crate) fn program(undo: &Undo) -> LoadedPlaybook {
    let need = |step: &UndoStep| Need {
        connector: step.connector.clone(),
        action: step.undo.clone(),
        parameters: None,
        data: None,
    };
    let manifest = PlaybookManifest {
        identity: Identity {
            name: name(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Takes back what another run did.".to_owned(),
            publisher: "Palisade".to_owned(),
        },
        contract: None,
        labels: Vec::new(),
        needs: undo.steps.iter().map(need).collect(),
        starts: Vec::new(),
        configuration: nothing_to_configure(),
        lists: Vec::new(),
        manual_minutes: 0,
    };
    LoadedPlaybook { digest: Digest::from_bytes(DIGEST), manifest, program: Program::Undo(undo.clone()) }
}

/// One after the other: what was done last may stand on what was done before.
pub(crate) async fn run(undo: &Undo, host: &mut Playing) -> Result<Result<String, String>, Stop> {
    let mut done = Vec::new();
    let mut left = Vec::new();
    for step in &undo.steps {
        let UndoStep { position, connector, action, undo, asset, parameters } = step;
        let request = StartAction {
            connector: connector.clone(),
            action: undo.clone(),
            asset: Some(asset.to_string()),
            parameters: parameters.to_string(),
            undo_after_ms: None,
        };
        let started = host.start(request).await?;
        host.wait(vec![started], None).await?;
        let what = format!("{connector}/{action} @{asset}, step {position}");
        match host.result(started)? {
            Ok(report) if report.status == ReportStatus::Success => {
                done.push(format!("{what}: {}", report.message));
            }
            Ok(report) => left.push(format!("{what}: {}", report.message)),
            Err(failure) => left.push(format!("{what}: {failure}")),
        }
    }
    let reason = match &undo.by {
        Some(By { by, note, .. }) if note.is_empty() => format!("{by} wanted it."),
        Some(By { by, note, .. }) => format!("{by} wanted it: {note}"),
        None => "Its time has come.".to_owned(),
    };
    let lines = |title: &str, lines: &[String]| match lines {
        [] => String::new(),
        lines => format!("\n\n{title}\n\n- {}", lines.join("\n- ")),
    };
    let text = format!("{reason}{}{}", lines("Taken back:", &done), lines("Still in place:", &left));
    host.note(format!("What run {} did is taken back", undo.of), text)?;
    if left.is_empty() {
        return Ok(Ok(format!("Actions of run {} taken back: {}.", undo.of, done.len())));
    }
    let summary =
        format!("Of run {}, actions that could not be taken back: {}; {}", undo.of, left.len(), left[0]);
    host.change(AlertChange::Escalated(Escalation { to: None, summary: summary.clone() }))?;
    Ok(Err(summary))
}
