//! Rehearsals of a playbook on its cassettes, each shown as a run is.

use std::path::{Path, PathBuf};

use palisade_conformance::{Answers, Record, Rehearsal, Scene, SceneAlert};
use palisade_engine::{Halt, Playbook, defaults};
use palisade_model::{
    alert::{Alert, AlertChange},
    journal::{Began, Entry, Event},
    plugin::PlaybookManifest,
    run::{Mode, Run, RunStatus},
};
use palisade_runs::check_settings;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    super::workbench::{Workbench, refused},
    Dev, DevError, Plugin, read, screen,
};
use crate::{
    answers::{AlertInShort, RunAndAlert},
    context::Context,
    error::Error,
    printable,
    run_screen::{self, Detail},
    screen as out,
    style::{BAD, BOLD},
};

/// Where the cassettes of a project are.
const CASSETTES: &str = "cassettes";

/// What a program is told of a rehearsal.
#[derive(Serialize)]
struct Told<'a> {
    cassette: &'a Path,
    #[serde(flatten)]
    run: &'a RunAndAlert,
    /// Where it did not go as the cassette says, or as the playbook declares.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amiss: &'a Vec<String>,
}

/// Rehearses the playbook on each cassette. Whether each went as the cassette says.
pub(super) async fn rehearse(
    command: &Dev,
    manifest: &PlaybookManifest,
    plugin: &Plugin,
    workbench: &Workbench,
    context: &Context,
) -> Result<bool, Error> {
    let loaded = workbench.sandbox.playbook(&plugin.compiled, manifest);
    let playbook = loaded.map_err(|error| refused(&plugin.project, error))?;
    let mut well = true;
    for (file, scene) in scenes(command)? {
        if !context.json {
            out::show(&screen::scene(&file, scene.about.as_deref()))?;
        }
        let configuration = configuration(command, manifest, &scene)?;
        well &= play(&playbook, manifest, plugin, (&file, scene), configuration, context).await?;
    }
    Ok(well)
}

/// Rehearses it on one cassette.
async fn play(
    playbook: &Playbook,
    manifest: &PlaybookManifest,
    plugin: &Plugin,
    (file, scene): (&Path, Scene),
    configuration: Map<String, Value>,
    context: &Context,
) -> Result<bool, Error> {
    let alert = scene.alert(manifest.labels.first().map_or("alert", String::as_str));
    let record = Record::default();
    let began = alert.received;
    let event = Began {
        configuration: configuration.clone(),
        ..Began::new(plugin.compiled.digest().clone(), alert.clone())
    };
    record.write(began, Event::Began(Box::new(event)));
    let answers = Answers::Said(file.to_owned());
    let rehearsal =
        Rehearsal::new(manifest, scene.clone(), alert.clone(), configuration, answers, record.clone());

    let end = playbook.run(Box::new(rehearsal)).await;
    let (status, message) = match &end {
        Ok(Ok(message)) => (RunStatus::Succeeded, message.clone()),
        Ok(Err(message)) => (RunStatus::Failed, message.clone()),
        Err(Halt::Fault(fault)) => (RunStatus::Failed, fault.to_string()),
        Err(Halt::Aside) => (RunStatus::Failed, "it was set aside".to_owned()),
    };
    let written = record.written();
    let ended = written.entries.last().map_or(began, |entry| entry.at);
    record.write(ended, Event::Concluded { status, message: message.clone() });
    let undeclared = written.undeclared.into_iter();
    let mut amiss: Vec<_> = undeclared.map(|what| format!("{what}, which it does not declare")).collect();
    amiss.extend(written.unfit);
    amiss.extend(scene.amiss(end.as_ref().ok()));

    let view = view(manifest, plugin, alert, record.written().entries, (status, message));
    if context.json {
        out::show_json_line(&Told { cassette: file, run: &view, amiss: &amiss })?;
    } else {
        let timeline = run_screen::timeline(&view, Detail::Everything);
        let conclusion = run_screen::conclusion(&view, ended);
        let amiss: String =
            amiss.iter().map(|why| format!("{BAD}✘{BAD:#} {}\n", printable::line(why))).collect();
        out::show(&format!("{timeline}{}{conclusion}{amiss}", notes(&view.entries)))?;
    }
    Ok(amiss.is_empty() && (status == RunStatus::Succeeded || scene.expects_failure()))
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

/// The cassettes to play, with another alert in them if one was named.
fn scenes(command: &Dev) -> Result<Vec<(PathBuf, Scene)>, Error> {
    let directory = command.project.join(CASSETTES);
    let mut scenes = match &command.replay {
        Some(file) => vec![(file.clone(), Scene::read(file).map_err(DevError::from)?)],
        None => Scene::read_all(&directory).map_err(DevError::from)?,
    };
    if scenes.is_empty() {
        return Err(DevError::NoCassette(directory).into());
    }
    if let Some(file) = &command.alert {
        let alert: SceneAlert = read(file)?;
        scenes.iter_mut().for_each(|(_, scene)| scene.alert = alert.clone());
    }
    Ok(scenes)
}

/// The playbook's configuration, with the defaults of what is left out.
fn configuration(
    command: &Dev,
    manifest: &PlaybookManifest,
    scene: &Scene,
) -> Result<Map<String, Value>, Error> {
    let name = &manifest.identity.name;
    let mut given = scene.configuration.clone();
    if let Some(configuration) = &command.configuration {
        given.extend(configuration.object("--configuration")?);
    }
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
