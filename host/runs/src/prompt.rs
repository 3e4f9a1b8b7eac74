//! Prompts: from a playbook's question to one that can be put to a person.

use palisade_engine::AskPrompt;
use palisade_model::{
    action::Failure,
    limits::{ANSWER_BYTES, PROMPT_BYTES, PROMPT_CHOICES, PROMPT_TIME_MAX},
    prompt::{Answers, Prompt},
};
use serde_json::Value;

use crate::clock;

/// Checks a question.
pub(crate) fn prepare(asked: &AskPrompt) -> Result<Prompt, Failure> {
    let invalid = |message: String| Err(Failure::InvalidParameters { message });
    if asked.question.trim().is_empty() {
        return invalid("the prompt has no question".into());
    }
    let names = [Some(&asked.question), asked.to.as_ref()];
    if names.into_iter().flatten().any(|text| text.len() > PROMPT_BYTES) {
        return invalid(format!("the prompt has a text of more than {PROMPT_BYTES} bytes"));
    }
    match &asked.answer {
        Answers::Choice { choices } if choices.is_empty() || choices.len() > PROMPT_CHOICES => {
            return invalid(format!(
                "the prompt has {} choices; 1 to {PROMPT_CHOICES} can be",
                choices.len()
            ));
        }
        Answers::Choice { choices } if choices.iter().any(|choice| choice.len() > ANSWER_BYTES) => {
            return invalid(format!("a choice of the prompt is longer than {ANSWER_BYTES} bytes"));
        }
        Answers::Number { least, most } if least > most => {
            return invalid(format!("no number is from {least} to {most}"));
        }
        Answers::Choice { .. } | Answers::Number { .. } | Answers::Text => {}
    }
    let default: Value = match serde_json::from_str(&asked.default) {
        Ok(default) => default,
        Err(error) => return invalid(format!("the default answer is not JSON: {error}")),
    };
    if let Err(why) = asked.answer.check(&default) {
        return invalid(format!("the default cannot stand: {why}"));
    }
    let time = std::time::Duration::from_millis(asked.time_limit_ms).min(PROMPT_TIME_MAX);
    let now = clock::now();
    Ok(Prompt {
        to: asked.to.clone(),
        question: asked.question.clone(),
        answer: asked.answer.clone(),
        deadline: now.checked_add(time).unwrap_or(now),
        default,
    })
}

/// Whether an entry says that this was asked. Its deadline follows from when it was asked first.
pub(crate) fn same_question(prompt: &Prompt, asked: &AskPrompt) -> bool {
    prompt.to == asked.to
        && prompt.question == asked.question
        && prompt.answer == asked.answer
        && serde_json::from_str::<Value>(&asked.default).is_ok_and(|default| default == prompt.default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_nobody_could_answer_is_refused() {
        let good = AskPrompt {
            to: Some("tier2".into()),
            question: "Wipe the phone?".into(),
            answer: Answers::Choice { choices: vec!["yes".into(), "no".into()] },
            time_limit_ms: u64::MAX,
            default: "\"no\"".into(),
        };
        let prompt = prepare(&good).unwrap();
        assert!(prompt.deadline <= clock::now().checked_add(PROMPT_TIME_MAX).unwrap(), "30 days at most");
        assert!(same_question(&prompt, &good));
        for bad in [
            AskPrompt { question: " ".into(), ..good.clone() },
            AskPrompt { default: "\"perhaps\"".into(), ..good.clone() },
            AskPrompt { default: "no".into(), ..good.clone() },
            AskPrompt { answer: Answers::Choice { choices: Vec::new() }, ..good.clone() },
            AskPrompt { answer: Answers::Number { least: 2, most: 1 }, ..good.clone() },
            AskPrompt { question: "?".repeat(PROMPT_BYTES + 1), ..good.clone() },
        ] {
            assert!(matches!(prepare(&bad), Err(Failure::InvalidParameters { .. })), "{bad:?}");
            assert!(!same_question(&prompt, &bad), "{bad:?}");
        }
    }
}
