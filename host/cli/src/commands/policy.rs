//! `palisade policy`

use std::fmt::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use palisade_model::approval::AtDeadline;
use palisade_policy::{Approval, Decision, Verdict};
use serde_json::{Map, Value, json};

use crate::{
    answers::{PolicyAnswer, PolicyStatus},
    commands::setting::Setting,
    context::Context,
    error::Error,
    exit::Exit,
    limits::REQUEST_TIME,
    printable,
    style::{BAD, BOLD, DIM, GOOD, WARN},
    time,
};

/// What to ask of the policy.
#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Say which policy holds, and whether its file can be used
    Status,
    /// Explain which rule would decide an action; nothing is sent. Exits with 1 if it would be refused
    Check(Check),
}

/// An action that might be sent.
#[derive(Args)]
pub(crate) struct Check {
    /// The connector
    connector: String,
    /// The action, for example "wipe device"
    action: String,
    /// A parameter, as KEY=VALUE or KEY:=JSON
    #[arg(long = "set", value_name = "KEY=VALUE")]
    parameters: Vec<Setting>,
    /// The asset [default: the connector's default asset]
    #[arg(long)]
    asset: Option<String>,
    /// The playbook that asks for it
    #[arg(long)]
    playbook: Option<String>,
    /// Label of the alert
    #[arg(long)]
    label: Option<String>,
    /// Severity of the alert
    #[arg(long, default_value = "medium")]
    severity: Severity,
}

/// How bad an alert is.
#[derive(Clone, Copy, ValueEnum)]
enum Severity {
    /// No harm
    Informational,
    /// Can wait
    Low,
    /// Today
    Medium,
    /// Now
    High,
    /// Drop everything
    Critical,
}

pub(crate) async fn run(command: PolicyCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        PolicyCommand::Status => {
            let answer = context.host()?.get("/api/v1/policy").await?;
            let PolicyStatus { problem, .. } = answer.look()?;
            context.show(answer, |status: PolicyStatus| shown(&status))?;
            Ok(if problem.is_none() { Exit::Done } else { Exit::Failed })
        }
        PolicyCommand::Check(command) => check(command, context).await,
    }
}

async fn check(command: Check, context: &Context) -> Result<Exit, Error> {
    let Check { connector, action, parameters, asset, playbook, label, severity } = command;
    let parameters: Map<_, _> =
        parameters.into_iter().map(|setting| (setting.key.clone(), setting.untyped())).collect();
    let severity = severity.to_possible_value().map(|value| value.get_name().to_owned());
    let mut body = json!({
        "connector": connector, "action": action, "parameters": parameters, "severity": severity,
        "playbook": playbook.unwrap_or_default(), "label": label.unwrap_or_default(),
    });
    if let Some(asset) = asset {
        body["asset"] = Value::String(asset);
    }
    let answer = context.host()?.post("/api/v1/policy/check", &body, REQUEST_TIME).await?;
    let PolicyAnswer { decision, .. } = answer.look()?;
    context.show(answer, |answer: PolicyAnswer| decided(&answer))?;
    Ok(if decision.verdict == Verdict::Deny { Exit::Failed } else { Exit::Done })
}

fn shown(PolicyStatus { file, present, problem }: &PolicyStatus) -> String {
    let file = printable::line(&file.display().to_string());
    match (problem, present) {
        (Some(problem), _) => format!(
            "{BAD}✘{BAD:#} {}\n  Until it is mended, the policy that was read before it holds on.\n",
            printable::text(problem)
        ),
        (None, true) => format!("{file} holds.\n"),
        (None, false) => format!(
            "There is no {file}: the built-in policy holds. What contains or corrects needs approval, the rest is \
             allowed.\n"
        ),
    }
}

fn decided(answer: &PolicyAnswer) -> String {
    let Decision { verdict, rule, why } = &answer.decision;
    let verdict = match verdict {
        Verdict::Allow => format!("{GOOD}✔ allowed{GOOD:#}"),
        Verdict::Deny => format!("{BAD}✘ refused{BAD:#}"),
        Verdict::Approve(Approval { role, within, at_deadline }) => {
            let who = role.as_deref().map_or("somebody".to_owned(), printable::line);
            let within = time::duration(u64::try_from(within.as_micros()).unwrap_or(u64::MAX));
            let then = match at_deadline {
                AtDeadline::Deny => "refused",
                AtDeadline::Allow => "done",
            };
            format!("{WARN}? {who} must approve{WARN:#} within {within}, or it is {then}")
        }
    };
    let mut text = format!(
        "{BOLD}{}/{}{BOLD:#} @{}  {verdict}\n  {}: {}\n",
        printable::line(&answer.connector),
        printable::line(&answer.action),
        printable::line(&answer.asset),
        printable::line(rule),
        printable::line(why)
    );
    if !answer.considered.is_empty() {
        text.push_str("\nLooked at, in this order:\n");
    }
    for considered in &answer.considered {
        let (mark, style) = if considered.fits { ("✔", GOOD) } else { ("·", DIM) };
        let _ = writeln!(
            text,
            "  {style}{mark}{style:#} {}  {DIM}{}{DIM:#}",
            printable::line(&considered.rule),
            printable::line(&considered.why)
        );
    }
    text
}
