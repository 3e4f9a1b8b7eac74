//! Children: a playbook starts others on the same alert, each in a run of its own.

use palisade_sdk::{
    Status,
    playbook::{Playbook, Run},
};

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    Playbook::new("example-children", env!("CARGO_PKG_VERSION"), handle)
        .about("Has two other playbooks look at the alert, and sums up.")
        .publisher("Example Inc.")
        .label("any")
        .starts("example-actions")
        .starts("example-lists")
}

fn handle(run: &Run) -> Result<String, String> {
    let children = ["example-actions", "example-lists"].map(|name| (name, run.start_playbook(name)));
    let mut failed = 0;
    for (name, child) in children {
        match child.wait() {
            Ok(conclusion) => {
                run.add_note(name, &format!("{} (run {})", conclusion.message, conclusion.run));
                failed += u8::from(conclusion.status == Status::Failed);
            }
            // It was never started: it is not installed, or there are too many runs.
            Err(failure) => {
                run.add_note(name, &failure.sentence());
                failed += 1;
            }
        }
    }
    if failed == 0 { Ok("Both have looked at it.".into()) } else { Err(format!("{failed} of 2 could not.")) }
}

#[cfg(test)]
mod tests {
    use palisade_sdk::{
        Failure,
        testing::{Change, PlaybookTest},
    };

    use super::*;

    #[test]
    fn what_the_others_say_is_noted() {
        let played = PlaybookTest::new(playbook())
            .concludes("example-actions", 7, Status::Success, "Nothing.")
            .refuses("example-lists", Failure::not_found("it is not installed"))
            .run();
        assert_eq!(played.result, Err("1 of 2 could not.".into()));
        let note = |title: &str, text: &str| Change::Note { title: title.into(), text: text.into() };
        let expected = [
            note("example-actions", "Nothing. (run 7)"),
            note("example-lists", "not found: it is not installed"),
        ];
        assert_eq!(played.changes, expected);
    }
}
