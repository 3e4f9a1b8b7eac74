//! `palisade inbox`, and what a person says to what is in it.

pub(crate) mod answer;
pub(crate) mod consent;
mod place;

use clap::Args;
use palisade_model::{
    Timestamp,
    prompt::{ESCALATION, Task, ToDo},
    run::{Position, RunId},
};

pub(crate) use self::place::Place;
use crate::{
    answers::Tasks,
    context::Context,
    error::Error,
    exit::Exit,
    screen::{self, table},
    time, to_do,
};

/// What to show.
#[derive(Args)]
pub(crate) struct Inbox {
    /// Only what stands behind this run and step, as in 17.3
    #[arg(long, value_name = "RUN.STEP")]
    after: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

pub(crate) async fn run(Inbox { after, limit }: Inbox, context: &Context) -> Result<Exit, Error> {
    let after = match after {
        None => String::new(),
        // It goes into a URL as it is.
        Some(place) if place.bytes().all(|b| b.is_ascii_digit() || b == b'.') => format!("&after={place}"),
        Some(place) => {
            return Err(Error::Usage {
                what: format!("{place:?} is no place in the inbox"),
                next: "write run and step, as in --after 17.3".into(),
            });
        }
    };
    let answer = context.host()?.get(&format!("/api/v1/tasks?limit={limit}{after}")).await?;
    context.show(answer, |Tasks { tasks }| inbox(&tasks, Timestamp::now()))?;
    Ok(Exit::Done)
}

/// The only step that waits for such a word.
fn only<T>(
    run: RunId,
    what: &str,
    mut open: impl Iterator<Item = (Position, T)>,
) -> Result<(Position, T), Error> {
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::Missing {
            what: format!("run {run} has no open {what}"),
            next: "see `palisade inbox`".into(),
        }),
        (Some(_), Some(_)) => Err(Error::Usage {
            what: format!("run {run} has more than one open {what}"),
            next: format!("name the step, as in {run}.3: see `palisade inbox`"),
        }),
    }
}

fn inbox(tasks: &[Task], now: Timestamp) -> String {
    if tasks.is_empty() {
        return "Nothing waits for a person.\n".to_owned();
    }
    let mut table = table(["RUN", "STEP", "SINCE", "PLAYBOOK", "ALERT", "WHAT TO DO", "UNTIL", "TYPE"]);
    for task in tasks {
        let until = match &task.what {
            ToDo::Answer(prompt) => time::until(prompt.deadline, now),
            ToDo::Approve(approval) => time::until(approval.deadline, now),
            ToDo::Decide { .. } | ToDo::Look(_) | ToDo::TakeOver(_) => String::new(),
        };
        let of_a_step = task.position != 0 && task.position != ESCALATION;
        let step = if of_a_step { task.position.to_string() } else { String::new() };
        table.add_row([
            task.run.to_string(),
            step,
            time::ago(task.since, now),
            task.playbook.to_string(),
            task.alert.to_string(),
            to_do::words(&task.what),
            until,
            to_do::command(task.run, task.alert, task.position, &task.what),
        ]);
    }
    screen::lines(&table)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_task_says_what_to_type_and_no_stranger_writes_that() {
        let common = |task: &mut serde_json::Value| {
            task["playbook"] = json!("triage");
            task["alert"] = json!(42);
            task["since"] = json!("2026-01-01T00:00:00Z");
            serde_json::from_value(task.take()).unwrap()
        };
        let tasks: [Task; 3] = [
            common(
                &mut json!({ "run": 17, "position": 2, "to_do": "answer", "to": "soc-lead", "question": "Block \u{1b}[2J?",
                "answer": { "kind": "choice", "choices": ["yes", "$(reboot)"] },
                "deadline": "2026-01-01T04:03:00Z", "default": "yes" }),
            ),
            common(
                &mut json!({ "run": 17, "position": 3, "to_do": "decide", "message": "the connection broke" }),
            ),
            common(
                &mut json!({ "run": 18, "position": 0, "to_do": "look", "at_entry": 4, "expected": "a", "actual": "b" }),
            ),
        ];
        let text = inbox(&tasks, "2026-01-01T00:03:00Z".parse().unwrap());
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert!(rows[0].contains("asks soc-lead: Block ␛[2J? (yes or $(reboot))"), "{text}");
        assert!(rows[0].contains("3 min ago") && rows[0].contains("in 4 h"), "{text}");
        assert!(rows[0].ends_with("palisade answer 17.2 ANSWER"), "{text}");
        assert!(rows[1].ends_with("palisade run decide 17 3 DECISION --note WHY"), "{text}");
        assert!(rows[2].ends_with("palisade run show 18"), "{text}");
    }
}
