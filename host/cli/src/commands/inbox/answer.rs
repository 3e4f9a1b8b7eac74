//! `palisade answer`

use clap::Args;
use palisade_model::{
    prompt::{Answers, Task, ToDo},
    run::Position,
};
use serde_json::{Value, json};

use super::{Place, only};
use crate::{answers::RunAndAlert, commands::run::people::post, context::Context, error::Error, exit::Exit};

/// What to answer.
#[derive(Args)]
pub(crate) struct Answer {
    /// The run and the step that asks, as in 17.3; the run alone if it has only one open question
    #[arg(value_name = "RUN.STEP")]
    place: Place,
    /// One of the choices, a number, or a text
    #[arg(value_name = "ANSWER", allow_negative_numbers = true)]
    answer: String,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

pub(crate) async fn run(command: Answer, context: &Context) -> Result<Exit, Error> {
    let Answer { place, answer, note } = command;
    let host = context.host()?;
    let run = place.run;
    let view: RunAndAlert = host.get(&format!("/api/v1/runs/{run}")).await?.read()?;
    let (step, answers) = asked(place, &view.tasks)?;
    let answer = typed(answer, answers)?;
    let path = format!("/api/v1/runs/{run}/steps/{step}/answer");
    post(&path, json!({ "answer": answer }), note, &host, context).await?;
    Ok(Exit::Done)
}

/// The question that is to be answered: the named one, or the only one that is open. What a named step asks is not
/// known if it does not wait; then the host says what is wrong with it.
fn asked(place: Place, tasks: &[Task]) -> Result<(Position, Option<&Answers>), Error> {
    let open = tasks.iter().filter_map(|task| match &task.what {
        ToDo::Answer(prompt) => Some((task.position, &prompt.answer)),
        _ => None,
    });
    match place.step {
        Some(step) => {
            let mut open = open;
            Ok((step, open.find(|(position, _)| *position == step).map(|(_, answers)| answers)))
        }
        None => only(place.run, "question", open).map(|(step, answers)| (step, Some(answers))),
    }
}

/// The answer as the prompt wants it.
fn typed(text: String, answers: Option<&Answers>) -> Result<Value, Error> {
    let answer = match answers {
        Some(Answers::Number { .. }) => text.parse::<i64>().map_or(Value::String(text), Value::from),
        Some(Answers::Choice { .. } | Answers::Text) | None => Value::String(text),
    };
    let Some(answers) = answers else { return Ok(answer) };
    let usage = |what| Error::Usage { what, next: "see the question with `palisade inbox`".into() };
    answers.check(&answer).map_err(usage)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(position: Position, answer: &Value) -> Task {
        serde_json::from_value(json!({
            "run": 17, "position": position, "playbook": "triage", "alert": 42, "since": "2026-01-01T00:00:00Z",
            "to_do": "answer", "question": "How many?", "answer": answer, "deadline": "2026-01-02T00:00:00Z",
            "default": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_step_may_be_left_out_if_only_one_asks() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        let number = task(2, &json!({ "kind": "number", "least": -5, "most": 5 }));
        let text = task(3, &json!({ "kind": "text" }));
        assert_eq!(asked(place("17"), std::slice::from_ref(&number)).unwrap().0, 2);
        let tasks = [number, text];
        assert!(matches!(asked(place("17"), &tasks), Err(Error::Usage { .. })));
        assert!(matches!(asked(place("17"), &[]), Err(Error::Missing { .. })));
        assert_eq!(asked(place("17.3"), &tasks).unwrap(), (3, Some(&Answers::Text)));
        assert_eq!(asked(place("17.9"), &tasks).unwrap(), (9, None), "the host knows what is wrong");
    }

    #[test]
    fn an_answer_is_what_the_question_wants() {
        let number = Answers::Number { least: -5, most: 5 };
        let choice = Answers::Choice { choices: vec!["5".into(), "no".into()] };
        assert_eq!(typed("-5".into(), Some(&number)).unwrap(), json!(-5));
        assert_eq!(typed("5".into(), Some(&choice)).unwrap(), json!("5"));
        assert_eq!(typed("5".into(), Some(&Answers::Text)).unwrap(), json!("5"));
        assert!(typed("6".into(), Some(&number)).is_err());
        assert!(typed("five".into(), Some(&number)).is_err());
        assert!(typed("yes".into(), Some(&choice)).is_err());
    }
}
