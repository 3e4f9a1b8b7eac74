//! One rehearsal of a playbook, shown as a run is.

use std::path::{Path, PathBuf};

use palisade_engine::{Halt, defaults};
use palisade_model::{
    Timestamp,
    alert::{Alert, AlertChange},
    journal::{Began, Entry, Event},
    plugin::PlaybookManifest,
    run::{Mode, Run, RunStatus},
};
use palisade_runs::check_settings;
use palisade_server::plain_alert;
use serde_json::{Map, Value};

use super::{
    super::workbench::{Workbench, refused},
    Dev, DevError, Plugin,
    answers::Answers,
    read,
    rehearsal::{Journal, Rehearsal},
};
use crate::{
    answers::{AlertInShort, RunAndAlert},
    context::Context,
    error::Error,
    printable,
    run_screen::{self, Detail},
    screen as out,
    style::BOLD,
};

/// Rehearses the playbook. Whether it came to its own end and says that it could.
pub(super) async fn rehearse(
    command: &Dev,
    manifest: &PlaybookManifest,
    plugin: &Plugin,
    workbench: &Workbench,
    context: &Context,
) -> Result<bool, Error> {
    let loaded = workbench.sandbox.playbook(&plugin.compiled, manifest);
    let playbook = loaded.map_err(|error| refused(&plugin.project, error))?;
    let alert = alert(&command.file(command.alert.as_ref(), "alert.json"))?;
    let configuration = configuration(command, manifest)?;
    let journal = Journal::default();
    let began = alert.received;
    let event = Began {
        configuration: configuration.clone(),
        ..Began::new(plugin.compiled.digest().clone(), alert.clone())
    };
    journal.write(began, Event::Began(Box::new(event)));
    let answers = answers(command)?;
    let rehearsal = Rehearsal::new(manifest, alert.clone(), configuration, answers, journal.clone());

    let result = playbook.run(Box::new(rehearsal)).await;
    let (status, message) = match result {
        Ok(Ok(message)) => (RunStatus::Succeeded, message),
        Ok(Err(message)) => (RunStatus::Failed, message),
        Err(Halt::Fault(fault)) => (RunStatus::Failed, fault.to_string()),
        Err(Halt::Aside) => (RunStatus::Failed, "it was set aside".to_owned()),
    };
    let ended = journal.last().unwrap_or(began);
    journal.write(ended, Event::Concluded { status, message: message.clone() });
    let view = view(manifest, plugin, alert, journal.entries(), (status, message));
    if context.json {
        out::show_json_line(&view)?;
    } else {
        let timeline = run_screen::timeline(&view, Detail::Everything);
        let conclusion = run_screen::conclusion(&view, ended);
        out::show(&format!("{timeline}{}{conclusion}", notes(&view.entries)))?;
    }
    Ok(status == RunStatus::Succeeded)
}

/// What the playbook noted, which the timeline of a run only mentions.
fn notes(entries: &[Entry]) -> String {
    let note = |entry: &Entry| match &entry.event {
        Event::AlertChanged(AlertChange::Note(note)) => {
            let text = printable::text(&note.text).replace('\n', "\n  ");
            Some(format!("{BOLD}{}{BOLD:#}\n  {text}\n", printable::line(&note.title)))
        }
        _ => None,
    };
    entries.iter().filter_map(note).collect()
}

/// The alert in a file.
fn alert(file: &Path) -> Result<Alert, Error> {
    let body: Value = read(file)?;
    let source = "dev".parse().expect("it is a name");
    let content = plain_alert(body, source)
        .map_err(|source| DevError::Json { what: file.display().to_string(), source })?;
    // Playbooks know milliseconds.
    let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or_default();
    Ok(Alert::new(1, now, content))
}

/// The file of answers, and what is in it.
fn answers(command: &Dev) -> Result<(PathBuf, Answers), Error> {
    let file = command.file(command.answers.as_ref(), "answers.json");
    // A playbook that starts nothing needs none.
    let answers = match command.answers.is_some() || file.exists() {
        true => read(&file)?,
        false => Answers::default(),
    };
    Ok((file, answers))
}

/// The playbook's configuration, with the defaults of what is left out.
fn configuration(command: &Dev, manifest: &PlaybookManifest) -> Result<Map<String, Value>, Error> {
    let name = &manifest.identity.name;
    let mut given = match &command.configuration {
        Some(given) => given.object("--configuration")?,
        None => Map::new(),
    };
    given.extend(command.asset.settings(&format!("playbook {name}"), &manifest.configuration, &[])?);
    check_settings(&given, manifest)
        .map_err(|violation| DevError::Configuration { playbook: name.clone(), violation })?;
    let mut whole = defaults(&manifest.configuration);
    whole.extend(given);
    Ok(whole)
}

/// The rehearsal as the screen of a run takes it.
fn view(
    manifest: &PlaybookManifest,
    plugin: &Plugin,
    alert: Alert,
    entries: Vec<Entry>,
    (status, message): (RunStatus, String),
) -> RunAndAlert {
    let ended = entries.last().map(|entry| entry.at);
    RunAndAlert {
        run: Run {
            id: 1,
            alert: alert.id,
            playbook: manifest.identity.name.clone(),
            digest: plugin.compiled.digest().clone(),
            parent: None,
            mode: Mode::Live,
            undoes: None,
            status,
            due: None,
            attention: 0,
            started: alert.received,
            finished: ended,
            message,
            entries: entries.len() as u64,
            epoch: Default::default(),
            imported: false,
        },
        alert: Some(AlertInShort {
            id: alert.id,
            name: alert.content.name,
            severity: alert.content.severity,
            label: alert.content.label,
        }),
        children: Vec::new(),
        tasks: Vec::new(),
        undone: Vec::new(),
        entries,
    }
}
