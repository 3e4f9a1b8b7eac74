use std::time::Duration;

use serde_json::Value;

use super::host::{self, Scripted, World};
use crate::{
    Failure, Status,
    bindings::{
        connector::palisade::plugin::types::Report as WireReport,
        playbook::palisade::plugin::{
            alerts::{Alert, AlertStatus, Artifact, Severity},
            prompts::Prompt as AskedPrompt,
        },
    },
    log::Level,
    playbook::Playbook,
};

/// A playbook, the alert it handles, and how the actions, prompts and playbooks that it may start end.
///
/// Time stands still, except that a wait takes as long as it takes: until the default of an unanswered prompt stands, or
/// until the deadline.
///
/// ```
/// use palisade_sdk::{
///     playbook::{Playbook, Prompt, Run},
///     testing::PlaybookTest,
/// };
///
/// fn handle(run: &Run) -> Result<String, String> {
///     let answer = run.ask(Prompt::choice("Close the alert?", ["yes", "no"], "no")).wait()?;
///     Ok(answer.by.map_or("Nobody answered.".to_owned(), |who| format!("{who} decided.")))
/// }
///
/// let test = || PlaybookTest::new(Playbook::new("close", "1.0.0", handle));
/// assert_eq!(test().answered("yes", "alice").run().result, Ok("alice decided.".to_owned()));
/// assert_eq!(test().unanswered().run().result, Ok("Nobody answered.".to_owned()));
/// ```
#[must_use = "a test does nothing until it is run"]
pub struct PlaybookTest {
    playbook: Playbook,
    world: World,
}

/// What a playbook did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Played {
    /// What it returned.
    pub result: Result<String, String>,
    /// What it wrote to the log.
    pub log: Vec<(Level, String)>,
    /// Its changes to the alert and to custom lists, in order.
    pub changes: Vec<Change>,
    /// The actions it started, in order: connector, action, parameters.
    pub started: Vec<(String, String, Value)>,
    /// What it asked people, in order.
    pub asked: Vec<AskedPrompt>,
}

/// A change to the alert, or to a custom list.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It said how bad the alert is.
    Severity(Severity),
    /// It said where the work stands.
    Status(AlertStatus),
    /// It said who works on it.
    Owner(Option<String>),
    /// It added a note.
    Note {
        /// Its title.
        title: String,
        /// Its text, in Markdown.
        text: String,
    },
    /// It added an artifact.
    Artifact {
        /// Its title.
        name: String,
        /// What kind it is.
        label: String,
        /// Its CEF fields.
        cef: Value,
    },
    /// It handed the alert to a person.
    Escalated {
        /// The person or role; none for whoever looks first.
        to: Option<String>,
        /// Why.
        summary: String,
    },
    /// It added to a custom list.
    Listed {
        /// The list.
        list: String,
        /// The entry.
        value: String,
        /// Why it is there.
        note: String,
    },
}

impl PlaybookTest {
    /// An alert of medium severity without artifacts, and no action scripted.
    pub fn new(playbook: Playbook) -> Self {
        let alert = Alert {
            id: 1,
            name: "Test alert".to_owned(),
            label: "test".to_owned(),
            source: "test".to_owned(),
            source_id: "1".to_owned(),
            severity: Severity::Medium,
            status: AlertStatus::New,
            owner: None,
            description: String::new(),
            received: 0,
            link: None,
        };
        let described = playbook.describe();
        let world = World {
            alert: Some(alert),
            needs: described.needs,
            starts: described.starts,
            uses: described.lists,
            ..World::default()
        };
        Self { playbook, world }
    }

    /// Changes the alert as it stands when the run begins.
    pub fn alert(mut self, change: impl FnOnce(&mut Alert)) -> Self {
        change(self.world.alert.as_mut().expect("a playbook's world has an alert"));
        self
    }

    /// Adds an artifact with these CEF fields.
    pub fn artifact(mut self, cef: Value) -> Self {
        let id = self.world.artifacts.len() as u64 + 1;
        let (name, label) = ("event".to_owned(), "event".to_owned());
        self.world.artifacts.push(Artifact { id, name, label, cef: cef.to_string() });
        self
    }

    /// What the operator has configured.
    pub fn configured(mut self, configuration: Value) -> Self {
        self.world.configuration = configuration;
        self
    }

    /// There is a custom list with these entries. Others do not exist.
    pub fn list(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.world.lists.insert(name.to_owned(), values);
        self
    }

    /// The next look into history counts so many alerts.
    pub fn earlier(mut self, count: u32) -> Self {
        self.world.earlier.push_back(count);
        self
    }

    /// The next start of this action ends with this message and data.
    pub fn succeeds(self, connector: &str, action: &str, message: &str, data: Value) -> Self {
        self.reports(connector, action, Status::Success, message, serde_json::json!({}), data)
    }

    /// The next start of this action ends with this report.
    pub fn reports(
        self,
        connector: &str,
        action: &str,
        status: Status,
        message: &str,
        summary: Value,
        data: Value,
    ) -> Self {
        let report = WireReport {
            status,
            message: message.to_owned(),
            summary: summary.to_string(),
            data: data.to_string(),
        };
        self.ends(connector, action, Ok(report))
    }

    /// The next start of this action ends with this failure.
    pub fn fails(self, connector: &str, action: &str, failure: Failure) -> Self {
        self.ends(connector, action, Err(failure))
    }

    fn ends(mut self, connector: &str, action: &str, end: Result<WireReport, Failure>) -> Self {
        let (connector, action) = (connector.to_owned(), action.to_owned());
        self.world.scripted.push_back(Scripted { connector, action, takes_ms: 0, end });
        self
    }

    /// The action that was scripted last takes this long.
    ///
    /// # Panics
    ///
    /// When none was scripted.
    pub fn takes(mut self, time: Duration) -> Self {
        let last = self.world.scripted.back_mut().expect("an action is scripted before its time");
        last.takes_ms = u64::try_from(time.as_millis()).expect("the time fits into milliseconds");
        self
    }

    /// The next prompt is answered so, by this person, as soon as it is asked.
    pub fn answered(mut self, answer: impl Into<Value>, by: &str) -> Self {
        self.world.answers.push_back(Some((answer.into(), by.to_owned())));
        self
    }

    /// The next prompt is not answered in time: its default stands.
    pub fn unanswered(mut self) -> Self {
        self.world.answers.push_back(None);
        self
    }

    /// The next start of this playbook makes a run of this number, which ends with this message.
    pub fn concludes(mut self, playbook: &str, run: u64, status: Status, message: &str) -> Self {
        let report = WireReport {
            status,
            message: message.to_owned(),
            summary: "{}".to_owned(),
            data: serde_json::json!({ "run": run }).to_string(),
        };
        self.world.children.push_back((playbook.to_owned(), Ok(report)));
        self
    }

    /// The next start of this playbook is refused.
    pub fn refuses(mut self, playbook: &str, failure: Failure) -> Self {
        self.world.children.push_back((playbook.to_owned(), Err(failure)));
        self
    }

    /// Runs the playbook.
    ///
    /// # Panics
    ///
    /// When it starts an action or a playbook that it does not name in its description or that is not scripted, asks more
    /// than is scripted, asks what its default or the scripted answer does not answer, or leaves something of the script out.
    pub fn run(self) -> Played {
        let (result, world) = host::within(self.world, || self.playbook.handle());
        assert!(world.scripted.is_empty(), "actions that were never started: {:#?}", world.scripted);
        assert!(world.answers.is_empty(), "answers to prompts that were never asked: {:#?}", world.answers);
        assert!(world.earlier.is_empty(), "looks into history that were never made: {:?}", world.earlier);
        assert!(world.children.is_empty(), "playbooks that were never started: {:#?}", world.children);
        let World { log, changes, started, asked, .. } = world;
        Played { result, log, changes, started, asked }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        clock,
        playbook::{Action, Earlier, Prompt, Run},
    };

    const HOUR_MS: u64 = 3_600_000;

    fn playbook(handle: fn(&Run) -> Result<String, String>) -> PlaybookTest {
        PlaybookTest::new(
            Playbook::new("test", "1.0.0", handle).needs("example", "ip reputation").starts("block-address"),
        )
    }

    fn approval(run: &Run) -> Result<String, String> {
        let began = clock::now_ms();
        let prompt = run.ask(
            Prompt::choice("Block it?", ["yes", "no"], "no")
                .to("shift lead")
                .within(Duration::from_secs(3_600)),
        );
        let lookup = run.start(Action::new("example", "ip reputation"));
        // Of those that have ended, the first of the list.
        let first = run.wait_any(&[&prompt, &lookup]);
        let answer = prompt.wait().map_err(|failure| failure.sentence())?;
        let hours = (clock::now_ms() - began) / HOUR_MS;
        Ok(format!("{first} {:?} by {:?} after {hours} h", answer.text(), answer.by))
    }

    #[test]
    fn a_prompt_is_answered_or_its_default_stands_when_its_time_is_up() {
        let test = || playbook(approval).succeeds("example", "ip reputation", "", json!({}));
        let played = test().answered("yes", "alice").run();
        assert_eq!(played.result.unwrap(), r#"0 Some("yes") by Some("alice") after 0 h"#);
        assert_eq!(played.asked[0].to.as_deref(), Some("shift lead"));
        let played = test().unanswered().run();
        assert_eq!(played.result.unwrap(), r#"1 Some("no") by None after 1 h"#);
    }

    #[test]
    #[should_panic(expected = "is no answer to")]
    fn a_default_that_is_no_answer_fails_the_test() {
        let ask = |run: &Run| {
            let answer = run.ask(Prompt::number("How many days?", 1..=30, 0)).wait();
            Ok(answer.map_err(|failure| failure.sentence())?.number().unwrap().to_string())
        };
        playbook(ask).unanswered().run();
    }

    #[test]
    fn another_playbook_tells_its_run_and_how_that_ended() {
        let start = |run: &Run| match run.start_playbook("block-address").wait() {
            Ok(end) => Ok(format!("{:?} {} {}", end.status, end.message, end.run)),
            Err(failure) => Err(failure.sentence()),
        };
        let ended = playbook(start).concludes("block-address", 7, Status::Failed, "No firewall.").run();
        assert_eq!(ended.result.unwrap(), "Status::Failed No firewall. 7");
        let refused = playbook(start).refuses("block-address", Failure::not_found("no such playbook")).run();
        assert_eq!(refused.result.unwrap_err(), "not found: no such playbook");
    }

    #[test]
    fn lists_history_and_configuration_are_what_the_test_says() {
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        #[serde(default)]
        struct Settings {
            most: u32,
        }
        impl Default for Settings {
            fn default() -> Self {
                Self { most: 3 }
            }
        }
        let handle = |run: &Run| {
            let Settings { most } = run.configuration()?;
            let found: Vec<_> = ["10.1.2.3", "192.0.2.1", "a.Acme.example", "acme.example"]
                .into_iter()
                .map(|value| run.find_in("sites", value).map(|found| found.map(|entry| entry.value)))
                .collect::<Result<_, _>>()?;
            let earlier = run.count_earlier(&Earlier {
                label: "mobile",
                field: "sourceUserName",
                value: "kim",
                since_ms: 0,
                severity: Severity::Low,
            })?;
            run.add_to("offenders", "kim", "again")?;
            run.escalate(Some("tier2"), "Look.");
            Ok(format!("{most} {found:?} {earlier} {:?}", run.find_in("gone", "x").is_err()))
        };
        let playbook = Playbook::new("test", "1.0.0", handle)
            .configured_by::<Settings>()
            .looks_into("sites")
            .looks_into("gone")
            .adds_to("offenders");
        let test = PlaybookTest::new(playbook)
            .list("sites", &["10.0.0.0/8", "*.acme.example"])
            .list("offenders", &[])
            .earlier(2);
        let played = test.configured(json!({ "most": 5 })).run();
        let found = r#"[Some("10.0.0.0/8"), None, Some("*.acme.example"), None]"#;
        assert_eq!(played.result.unwrap(), format!("5 {found} 2 true"));
        let (list, value, note) = ("offenders".to_owned(), "kim".to_owned(), "again".to_owned());
        let escalated = Change::Escalated { to: Some("tier2".to_owned()), summary: "Look.".to_owned() };
        assert_eq!(played.changes, [Change::Listed { list, value, note }, escalated]);
    }

    #[test]
    fn an_action_takes_its_time() {
        let handle = |run: &Run| {
            let began = clock::now_ms();
            let lookup = run.start(Action::new("example", "ip reputation"));
            let in_time = run.wait_until(&[&lookup], began + HOUR_MS / 2);
            let end = lookup.wait().map_err(|failure| failure.sentence())?;
            Ok(format!("{in_time:?} {} after {} h", end.message, (clock::now_ms() - began) / HOUR_MS))
        };
        let test = playbook(handle).succeeds("example", "ip reputation", "Found", json!({}));
        assert_eq!(test.takes(Duration::from_secs(3_600)).run().result.unwrap(), "None Found after 1 h");
    }

    #[test]
    fn only_waits_let_time_pass() {
        let sleep = |run: &Run| {
            let began = clock::now_ms();
            let prompt = run.ask(Prompt::text("Why?", "").within(Duration::from_secs(3_600)));
            let too_early = run.wait_until(&[&prompt], began + HOUR_MS / 2);
            run.sleep(Duration::from_secs(1_800));
            let in_time = run.wait_until(&[&prompt], began);
            run.sleep_until(began);
            Ok(format!("{too_early:?} {in_time:?} {}", clock::now_ms() - began))
        };
        assert_eq!(playbook(sleep).unanswered().run().result.unwrap(), format!("None None {HOUR_MS}"));
    }
}
