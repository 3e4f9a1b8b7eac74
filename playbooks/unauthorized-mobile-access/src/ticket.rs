//! The ticket for forensics: what happened, whose device, what was done, what is pending, what failed.

use casework::{
    Gap, SHORT_DESCRIPTION_CHARS_MAX,
    text::{fact, line, origin, section, shortened},
};

use crate::{
    decision::{Decision, doubts},
    mdm::Device,
    measure::{Measure, Standing},
    profile::Person,
    story::Story,
};

/// What was done, and how it stands.
pub(crate) struct Done<'a> {
    pub(crate) decision: &'a Decision,
    pub(crate) block: (&'a Measure, Standing),
    pub(crate) wipe: Option<(&'a Measure, Standing)>,
}

impl<'a> Done<'a> {
    pub(crate) fn measures(&self) -> impl Iterator<Item = &(&'a Measure, Standing)> {
        std::iter::once(&self.block).chain(&self.wipe)
    }

    /// What has not ended.
    pub(crate) fn pending(&mut self) -> impl Iterator<Item = &mut (&'a Measure, Standing)> {
        let measures = std::iter::once(&mut self.block).chain(&mut self.wipe);
        measures.filter(|(_, stands)| *stands == Standing::Pending)
    }
}

/// Who reached what, and what was done about it.
pub(crate) fn short_description(story: &Story, done: &Done<'_>) -> String {
    let block = match &done.block.1 {
        Standing::Done(_) => "blocked",
        Standing::Pending => "block pending",
        Standing::Planned(_) => "block planned",
        Standing::Failed(_) => "NOT blocked",
    };
    let wipe = match &done.wipe {
        Some((_, Standing::Done(_))) => "wipe sent".to_owned(),
        Some((_, Standing::Pending)) => "wipe pending".to_owned(),
        Some((_, Standing::Planned(_))) => "wipe planned".to_owned(),
        Some((_, Standing::Failed(_))) => "wipe FAILED".to_owned(),
        None => done.decision.sentence(),
    };
    let text = format!("{} reached {}: {block}, {wipe}", story.device(), story.violation.destination);
    shortened(&text, SHORT_DESCRIPTION_CHARS_MAX)
}

/// The whole story, in sections.
pub(crate) fn description(story: &Story, done: &Done<'_>) -> String {
    let mut text = String::new();
    let alert = &story.alert;
    let happened = [
        format!(
            "The {} reached {}, which is not on the access list.",
            story.device(),
            story.violation.destination
        ),
        origin(alert),
    ];
    section(&mut text, "What happened", &happened);
    section(&mut text, "Device", &known(&story.profile.device, device));
    section(&mut text, "User", &known(&story.profile.person, person));
    let mut decided = vec![format!("{}.", story.record.sentence())];
    decided.extend(doubts(story));
    decided.push(format!("{}.", done.decision.sentence()));
    section(&mut text, "What was decided", &decided);

    let lines = |of: &dyn Fn(&Measure, &Standing) -> Option<String>| {
        let mut lines: Vec<_> =
            done.measures().filter_map(|(measure, standing)| of(measure, standing)).collect();
        if lines.is_empty() {
            lines.push("Nothing.".to_owned());
        }
        lines
    };
    section(
        &mut text,
        "Done",
        &lines(&|measure, standing| match standing {
            Standing::Done(words) => Some(format!("{}: {words}", measure.title)),
            _ => None,
        }),
    );
    section(
        &mut text,
        "Pending",
        &lines(&|measure, standing| match standing {
            Standing::Pending => Some(format!("{}: it has not ended yet.", measure.title)),
            Standing::Planned(words) => Some(format!("{}: {words}", measure.title)),
            _ => None,
        }),
    );
    section(
        &mut text,
        "Failed",
        &lines(&|measure, standing| match standing {
            Standing::Failed(why) => Some(format!("{}: {why}", measure.title)),
            _ => None,
        }),
    );
    let link = alert.link.as_deref().map_or_else(|| "The alert came without a link.".to_owned(), line);
    section(&mut text, "Source of the alert", &[link]);
    text
}

fn known<T>(found: &Result<T, Gap>, lines: fn(&T) -> Vec<String>) -> Vec<String> {
    found.as_ref().map_or_else(|gap| vec![format!("Not known: {}", gap.line)], lines)
}

fn device(device: &Device) -> Vec<String> {
    let mut lines = vec![device.title()];
    fact(&mut lines, "Id", Some(&device.id));
    fact(&mut lines, "System", device.system.as_deref());
    fact(&mut lines, "Last seen", device.seen.as_deref());
    lines
}

fn person(person: &Person) -> Vec<String> {
    let mut lines = vec![line(person.name.as_deref().unwrap_or(&person.dn))];
    fact(&mut lines, "Title", person.title.as_deref());
    fact(&mut lines, "Mail", person.mail.as_deref());
    fact(&mut lines, "Manager", person.manager.as_deref());
    fact(
        &mut lines,
        "Account",
        person.disabled.map(|disabled| if disabled { "disabled" } else { "enabled" }),
    );
    lines
}
