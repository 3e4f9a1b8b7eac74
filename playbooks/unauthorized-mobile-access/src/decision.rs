//! Whether the device is wiped.

use std::time::Duration;

use casework::text::line;
use palisade_sdk::playbook::{Prompt, Run};

use crate::{mdm::Wiped, measure::Measure, story::Story, user};

const YES: &str = "yes";
const NO: &str = "no";

/// Whether the device is wiped, and who says so.
#[derive(Debug, PartialEq)]
pub(crate) enum Decision {
    /// It is the device of a repeat offender, and nothing is in doubt.
    Repeated,
    /// This person approved.
    Approved(String),
    /// This person denied.
    Denied(String),
    /// Nobody approved in time, for this reason, and that means no.
    NotApproved(String),
    /// Its wipe has been asked for before.
    Needless(String),
    /// There is no device that could be wiped.
    Impossible(String),
}

impl Decision {
    /// Decides, and asks a person where it is not for a playbook to decide.
    pub(crate) fn on(run: &Run, story: &Story, block: &Measure) -> Self {
        match &story.profile.device {
            Err(gap) if gap.is_unknown => return Self::Impossible(gap.line.clone()),
            Ok(device) if device.wiped == Wiped::Asked => {
                return Self::Needless("it waits for the device already".to_owned());
            }
            Ok(device) if device.wiped == Wiped::Yes => {
                return Self::Needless("the device is wiped already".to_owned());
            }
            _ => {}
        }
        let doubts = doubts(story);
        if doubts.is_empty() { Self::Repeated } else { ask(run, story, block, &doubts) }
    }

    pub(crate) fn is_to_wipe(&self) -> bool {
        matches!(self, Self::Repeated | Self::Approved(_))
    }

    /// Whether it leaves something to a person.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::NotApproved(_) | Self::Impossible(_))
    }

    /// What was decided, in a few words.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Repeated => "wiped without asking, as the device of a repeat offender".to_owned(),
            Self::Approved(by) => format!("{by} approved the wipe"),
            Self::Denied(by) => format!("not wiped: {by} denied it"),
            Self::NotApproved(why) => format!("not wiped: {why}"),
            Self::Needless(why) => format!("not wiped again: {why}"),
            Self::Impossible(why) => format!("not wiped: {why}"),
        }
    }
}

/// Why a person must decide. Nothing if nobody need.
pub(crate) fn doubts(story: &Story) -> Vec<String> {
    let mut doubts = Vec::new();
    if !story.record.is_repeat_offender() {
        doubts.push("The user is no repeat offender.".to_owned());
    }
    match &story.record.executive {
        Ok(None) => {}
        Ok(Some(entry)) => {
            doubts.push(format!(
                "{} is among the executives, whose devices need approval.",
                line(&entry.value)
            ));
        }
        Err(why) => doubts.push(format!("Nobody can say whether the user is an executive: {why}")),
    }
    doubts.extend(story.profile.device.as_ref().err().map(|gap| gap.line.clone()));
    doubts.extend(story.profile.person.as_ref().err().map(|gap| gap.line.clone()));
    match (story.profile.owner(), &story.violation.user) {
        (Some(owner), Some(alerted)) if !user::is_same(owner, &alerted.name) => {
            let (mdm, owner, alerted) = (story.settings.mdm.title(), line(owner), line(&alerted.name));
            doubts.push(format!("The alert says that the device is {alerted}'s, {mdm} says {owner}'s."));
        }
        (Some(_), None) => doubts.push("The alert names no user.".to_owned()),
        (None, _) if story.profile.device.is_ok() => {
            doubts.push(format!("{} does not say whose device it is.", story.settings.mdm.title()));
        }
        _ => {}
    }
    doubts.extend(story.violation.doubts.iter().cloned());
    doubts
}

fn ask(run: &Run, story: &Story, block: &Measure, doubts: &[String]) -> Decision {
    let settings = &story.settings;
    let question = format!(
        "Wipe the {}? It reached {}, which is not on the access list and is {} blocked. {}. {}",
        story.device(),
        story.violation.destination,
        if block.is_started() { "being" } else { "NOT" },
        story.record.sentence(),
        doubts.join(" "),
    );
    let answer = run
        .ask(
            Prompt::choice(question, [YES, NO], NO)
                .to(&settings.approver)
                .within(Duration::from_secs(settings.approval_seconds)),
        )
        .wait();
    match answer {
        Ok(answer) => match (answer.is(YES), answer.by) {
            (true, Some(by)) => Decision::Approved(by),
            (false, Some(by)) => Decision::Denied(by),
            (_, None) => Decision::NotApproved(format!("{} did not answer in time", settings.approver)),
        },
        Err(failure) => Decision::NotApproved(format!("nobody could be asked: {}", failure.sentence())),
    }
}
