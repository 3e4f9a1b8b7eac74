//! `palisade inbox`

use clap::Args;
use palisade_model::{
    Timestamp,
    prompt::{Task, ToDo},
};

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

fn inbox(tasks: &[Task], now: Timestamp) -> String {
    if tasks.is_empty() {
        return "Nothing waits for a person.\n".to_owned();
    }
    let mut table = table(["RUN", "STEP", "SINCE", "PLAYBOOK", "ALERT", "WHAT TO DO", "UNTIL", "TYPE"]);
    for task in tasks {
        let until = match &task.what {
            ToDo::Answer(prompt) => time::until(prompt.deadline, now),
            ToDo::Decide { .. } | ToDo::Look(_) => String::new(),
        };
        let step = if task.position == 0 { String::new() } else { task.position.to_string() };
        table.add_row([
            task.run.to_string(),
            step,
            time::ago(task.since, now),
            task.playbook.to_string(),
            task.alert.to_string(),
            to_do::words(&task.what),
            until,
            to_do::command(task.run, task.position, &task.what),
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
        assert!(rows[0].ends_with("palisade run answer 17 2 ANSWER"), "{text}");
        assert!(rows[1].ends_with("palisade run decide 17 3 DECISION --note WHY"), "{text}");
        assert!(rows[2].ends_with("palisade run show 18"), "{text}");
    }
}
