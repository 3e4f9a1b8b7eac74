//! `palisade alert`

use std::{fmt::Write as _, fs, io::Read, path::PathBuf};

use clap::{Args, Subcommand};
use palisade_model::{
    Timestamp,
    alert::{Alert, AlertId},
    limits::{ALERT_BODY_BYTES, EVENTS_BODY_BYTES},
    name::Name,
    run::Run,
};

use serde_json::{Value, json};

use crate::{
    answers::{AlertAndRuns, Alerts, Received, ReceivedEvents},
    client::Client,
    commands::run::{self, News, run_table},
    context::Context,
    error::Error,
    exit::Exit,
    limits::REQUEST_TIME,
    printable,
    run_screen::Detail,
    screen::{self, table},
    style::{self, BOLD, DIM, WARN},
    time,
};

/// Width of the column of CEF keys: `destinationDnsDomain` fits.
const KEY_CHARS: usize = 22;

/// How many alerts of one file are told one by one.
const ALERTS_LISTED: usize = 10;

/// What to do with alerts.
#[derive(Subcommand)]
pub(crate) enum AlertCommand {
    /// List alerts, newest first
    List {
        /// Only alerts with a number below this one
        #[arg(long, value_name = "ID")]
        before: Option<AlertId>,
        /// How many
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
    },
    /// Show an alert: evidence, notes, runs
    Show {
        /// Number of the alert
        id: AlertId,
    },
    /// Take an alert over: it is yours, and waits for nobody any more
    Take(Word),
    /// Close an alert
    Close {
        #[command(flatten)]
        word: Word,
        /// There was nothing to it: it is informational, and no playbook counts it as an earlier alert
        #[arg(long)]
        false_alarm: bool,
    },
    /// Send an alert, as its source would
    Send(Send),
}

/// An alert, and what a person has to say about it.
#[derive(Args)]
pub(crate) struct Word {
    /// Number of the alert
    id: AlertId,
    /// What you have to say about it: a note on the alert
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// What to send.
#[derive(Args)]
pub(crate) struct Send {
    /// The alert as JSON; `-` for standard input
    file: PathBuf,
    /// Name of the source
    #[arg(long, default_value = "manual", conflicts_with_all = ["splunk", "suricata"])]
    source: Name,
    /// Send it as Splunk's webhook does
    #[arg(long, conflicts_with = "suricata")]
    splunk: bool,
    /// The file is Suricata's eve.json: send all events, of which the alerts are kept
    #[arg(long)]
    suricata: bool,
    /// Follow what becomes of it
    #[arg(long)]
    watch: bool,
}

pub(crate) async fn run(command: AlertCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        AlertCommand::List { before, limit } => {
            let before = before.map(|id| format!("&before={id}")).unwrap_or_default();
            let answer = context.host()?.get(&format!("/api/v1/alerts?limit={limit}{before}")).await?;
            context.show(answer, |Alerts { alerts }| list(&alerts, Timestamp::now()))?;
        }
        AlertCommand::Show { id } => {
            let answer = context.host()?.get(&format!("/api/v1/alerts/{id}")).await?;
            context.show(answer, |AlertAndRuns { alert, runs }| show(&alert, &runs, Timestamp::now()))?;
        }
        AlertCommand::Take(word) => say(word, json!({}), "take", "is yours", context).await?,
        AlertCommand::Close { word, false_alarm } => {
            say(word, json!({ "false_alarm": false_alarm }), "close", "is closed", context).await?;
        }
        AlertCommand::Send(command) => return send(command, context).await,
    }
    Ok(Exit::Done)
}

async fn say(word: Word, mut body: Value, what: &str, done: &str, context: &Context) -> Result<(), Error> {
    let host = context.host()?;
    run::people::sign(&mut body, word.note, &host).await?;
    let path = format!("/api/v1/alerts/{}/{what}", word.id);
    let answer = host.post(&path, &body, REQUEST_TIME).await?;
    context.show(answer, |alert: Alert| format!("Alert {BOLD}{}{BOLD:#} {done}.\n", alert.id))
}

async fn send(command: Send, context: &Context) -> Result<Exit, Error> {
    let token = context.ingest_token()?;
    let host = Client::new(&context.url(), &token)?;
    if command.suricata {
        return send_events(command, &host, context).await;
    }
    let path = match command.splunk {
        true => format!("/ingest/splunk/{token}"),
        false => format!("/ingest/{}", command.source),
    };
    let answer = host.post_alert(&path, read(command.file, ALERT_BODY_BYTES)?).await?;
    if !command.watch {
        context.show(answer, |answer| received(&answer))?;
        return Ok(Exit::Done);
    }
    let answer: Received = answer.read()?;
    screen::tell(&received(&answer));
    watch(answer.alert, context).await
}

async fn send_events(command: Send, host: &Client, context: &Context) -> Result<Exit, Error> {
    let events = read(command.file, EVENTS_BODY_BYTES)?;
    let answer = host.post_events("/ingest/suricata", events).await?;
    if context.json && !command.watch {
        screen::show_json(&answer)?;
    }
    let answer: ReceivedEvents = answer.read()?;
    match (command.watch, context.json) {
        (true, _) => screen::tell(&received_events(&answer)),
        (false, false) => screen::show(&received_events(&answer))?,
        (false, true) => {}
    }
    match answer.alerts.as_slice() {
        [one] if command.watch => watch(one.alert, context).await,
        alerts if command.watch => Err(Error::Usage {
            what: format!("--watch follows one alert, and {} came of the file", alerts.len()),
            next: "follow one of them with `palisade run watch --alert ID`".to_owned(),
        }),
        _ if answer.refused_count > 0 => Ok(Exit::Failed),
        _ => Ok(Exit::Done),
    }
}

async fn watch(alert: AlertId, context: &Context) -> Result<Exit, Error> {
    let news = News { json: context.json, detail: Detail::Steps };
    run::watch_alert(&context.host()?, alert, news).await
}

/// Reads what to send. One byte more than the host takes is enough for the host to say that it is too large.
fn read(file: PathBuf, limit_bytes: usize) -> Result<Vec<u8>, Error> {
    let most = limit_bytes as u64 + 1;
    let mut alert = Vec::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().lock().take(most).read_to_end(&mut alert),
        false => fs::File::open(&file).and_then(|open| open.take(most).read_to_end(&mut alert)),
    };
    read.map_err(|source| Error::File { what: "read", path: file, source })?;
    Ok(alert)
}

fn received(Received { alert, duplicate }: &Received) -> String {
    let what = if *duplicate { "was received before: nothing new happens" } else { "is new" };
    format!("Alert {BOLD}{alert}{BOLD:#} {what}.\n")
}

/// What became of a file of events: the alerts one by one only if there are few.
fn received_events(answer: &ReceivedEvents) -> String {
    let mut text = String::new();
    let new = answer.alerts.iter().filter(|received| !received.duplicate).count();
    if answer.alerts.len() <= ALERTS_LISTED {
        text.extend(answer.alerts.iter().map(received));
    } else {
        let known = answer.alerts.len() - new;
        let _ = writeln!(text, "{BOLD}{new}{BOLD:#} alerts are new, {known} were received before.");
    }
    if answer.skipped > 0 {
        let _ = writeln!(text, "{} events are no alerts.", answer.skipped);
    }
    for refused in &answer.refused {
        let _ = writeln!(
            text,
            "{WARN}Line {}{WARN:#} cannot be used: {}",
            refused.line,
            printable::line(&refused.reason)
        );
    }
    let more = answer.refused_count.saturating_sub(answer.refused.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "{WARN}{more} more lines{WARN:#} cannot be used.");
    }
    text
}

fn list(alerts: &[Alert], now: Timestamp) -> String {
    if alerts.is_empty() {
        return "No alerts.\n".to_owned();
    }
    let mut table = table(["ID", "SEVERITY", "STATUS", "LABEL", "SOURCE", "RECEIVED", "NAME"]);
    for alert in alerts {
        table.add_row([
            alert.id.to_string(),
            lower(alert.content.severity),
            lower(alert.status),
            printable::line(&alert.content.label),
            printable::line(&alert.content.source),
            time::ago(alert.received, now),
            printable::line(&alert.content.name),
        ]);
    }
    screen::lines(&table)
}

fn show(alert: &Alert, runs: &[Run], now: Timestamp) -> String {
    let content = &alert.content;
    let loud = style::of_severity(content.severity);
    let mut text = format!(
        "{BOLD}Alert {}  {}{BOLD:#}\n  {loud}{}{loud:#} severity, {}, {}\n",
        alert.id,
        printable::line(&content.name),
        lower(content.severity),
        lower(alert.status),
        alert
            .owner
            .as_deref()
            .map_or("no owner".to_owned(), |owner| format!("owner {}", printable::line(owner)))
    );
    if let Some(escalation) = &alert.escalation {
        let to = escalation.to.as_deref().map_or("whoever looks first".to_owned(), printable::line);
        let _ =
            writeln!(text, "  {WARN}Waits{WARN:#}     for {to}: {}", printable::line(&escalation.summary));
    }
    let _ = writeln!(text, "  Label     {}", printable::line(&content.label));
    let _ = writeln!(
        text,
        "  Source    {}  {DIM}{}{DIM:#}",
        printable::line(&content.source),
        printable::line(&content.source_id)
    );
    let _ = writeln!(
        text,
        "  Received  {} {DIM}({}){DIM:#}",
        time::moment(alert.received),
        time::ago(alert.received, now)
    );
    if let Some(link) = &content.link {
        let _ = writeln!(text, "  Link      {}", printable::line(link));
    }
    if !content.description.is_empty() {
        let _ = writeln!(text, "\n{}", indented(&content.description));
    }
    for artifact in &content.artifacts {
        let _ = writeln!(
            text,
            "\n{BOLD}Artifact {}  {}{BOLD:#} {DIM}{}{DIM:#}",
            artifact.id,
            printable::line(&artifact.name),
            printable::line(&artifact.label)
        );
        for (key, value) in artifact.cef.iter().chain(&artifact.data) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = writeln!(text, "  {:<KEY_CHARS$}  {}", printable::line(key), printable::line(&value));
        }
    }
    for note in &alert.notes {
        let _ = writeln!(
            text,
            "\n{BOLD}Note  {}{BOLD:#} {DIM}by {}, {}{DIM:#}\n{}",
            printable::line(&note.title),
            printable::line(&note.author),
            time::ago(note.at, now),
            indented(&note.text)
        );
    }
    let _ = write!(text, "\n{BOLD}Runs{BOLD:#}\n{}", run_table(runs, now));
    text
}

fn indented(text: &str) -> String {
    let lines: Vec<_> =
        printable::text(text).lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    lines.join("\n")
}

fn lower(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}
