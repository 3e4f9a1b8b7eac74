//! Prompts: questions to people, each with the answer that stands when nobody gave one in time.

use std::time::Duration;

use palisade_sdk::playbook::{Playbook, Prompt, Run};

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    Playbook::new("example-prompts", env!("CARGO_PKG_VERSION"), handle)
        .about("Asks what to do about the alert, and for how long.")
        .publisher("Example Inc.")
        .label("question")
}

fn handle(run: &Run) -> Result<String, String> {
    let name = run.alert().name;
    let what = run
        .ask(
            Prompt::choice(format!("What shall become of `{name}`?"), ["watch", "close"], "watch")
                .to("shift lead")
                .within(Duration::from_secs(4 * 60 * 60)),
        )
        .wait()?;
    let who = what.by.clone().unwrap_or_else(|| "nobody".to_owned());
    if what.is("close") {
        return Ok(format!("Closed by {who}."));
    }
    let days = run.ask(Prompt::number("For how many days?", 1..=30, 7)).wait()?;
    let why = run.ask(Prompt::text("Why?", "not said")).wait()?;
    let (days, why) = (days.number().unwrap_or(7), why.text().unwrap_or_default().to_owned());
    Ok(format!("To be watched for {days} days, says {who}: {why}."))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::PlaybookTest;

    use super::*;

    #[test]
    fn people_decide() {
        let played = PlaybookTest::new(playbook()).answered("close", "kim").run();
        assert_eq!(played.result, Ok("Closed by kim.".into()));
        assert_eq!(played.asked[0].question, "What shall become of `Test alert`?");
    }

    #[test]
    fn without_an_answer_the_default_stands() {
        let played = PlaybookTest::new(playbook()).unanswered().answered(3, "ann").unanswered().run();
        assert_eq!(played.result, Ok("To be watched for 3 days, says nobody: not said.".into()));
    }
}
