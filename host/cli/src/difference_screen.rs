//! What another version of a plugin changes, and how the needs of a playbook stand: what an operator decides by.

use std::fmt::Write as _;

use palisade_model::plugin::{
    Digest, Manifest,
    difference::{Change, Part, Sign},
    flow::{Standing, Stands},
    replacement::Replacement,
};

use crate::{
    capabilities::bytes,
    printable::line,
    screen::{self, table},
    style::{BAD, BOLD, DIM, GOOD, WARN},
};

/// The screen of a component that takes the place of another.
pub(crate) fn screen(digest: &Digest, size: u64, manifest: &Manifest, replacement: &Replacement) -> String {
    let identity = manifest.identity();
    let Replacement { version, difference, .. } = replacement;
    let mut text = format!(
        "{BOLD}{} {} → {}{BOLD:#}  {} by {}\n  Component  {} {DIM}(SHA-256 {digest}){DIM:#}\n  Replaces   {}\n",
        identity.name,
        line(version),
        line(&identity.version),
        manifest.kind(),
        line(&identity.publisher),
        bytes(size),
        replacement.digest.short(),
    );
    if difference.changes.is_empty() {
        text.push_str("\nWhat it may do, what it can do and what passes in and out stay as they are.\n");
    }
    let mut part: Option<Part> = None;
    for change in &difference.changes {
        if part.replace(change.part) != Some(change.part) {
            let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}", change.part.title());
        }
        text.push_str(&change_line(change));
    }
    if difference.left_out > 0 {
        let _ = writeln!(text, "  … and {} more", difference.left_out);
    }
    text.push_str(&consequences(replacement));
    if difference.is_wider() {
        let _ = writeln!(
            text,
            "\n{WARN}It asks for more than what was granted to {}: see the lines with !{WARN:#}",
            line(version)
        );
    }
    text
}

/// What is wider stands out, and what goes does not.
fn change_line(change: &Change) -> String {
    let sign = match change.sign {
        Sign::Added => '+',
        Sign::Removed => '−',
        Sign::Changed => '~',
    };
    let subject =
        if change.subject.is_empty() { String::new() } else { format!("{}: ", line(&change.subject)) };
    let words = format!("{sign} {subject}{}", line(&change.words));
    if change.wider {
        format!("{WARN}! {words}{WARN:#}\n")
    } else if change.sign == Sign::Removed {
        format!("  {DIM}{words}{DIM:#}\n")
    } else {
        format!("  {words}\n")
    }
}

/// What it does to everything else.
fn consequences(replacement: &Replacement) -> String {
    let mut text = String::new();
    if !replacement.playbooks.is_empty() {
        let _ = writeln!(text, "\n{BOLD}Enabled playbooks that use what changes{BOLD:#}");
    }
    for affected in &replacement.playbooks {
        let _ = writeln!(text, "  {}", affected.playbook);
        for uses in &affected.uses {
            let _ = writeln!(text, "    {DIM}{}{DIM:#}", line(uses));
        }
        for broken in &affected.broken {
            let _ = writeln!(text, "    {BAD}✘ {}{BAD:#}", line(broken));
        }
    }
    if !replacement.assets.is_empty() {
        let _ = writeln!(text, "\n{BOLD}Assets that do not fit, and must be configured again{BOLD:#}");
    }
    for unfit in &replacement.assets {
        let _ = writeln!(text, "  {BAD}✘{BAD:#} {}: {}", unfit.asset, line(&unfit.why));
    }
    if !replacement.lacks.is_empty() {
        let _ = write!(text, "\n{BOLD}What it cannot have{BOLD:#}\n{}", needs(&replacement.lacks));
    }
    text
}

/// Need by need, whether a playbook can have it.
pub(crate) fn needs(needs: &[Standing]) -> String {
    let mut table = table(["NEEDS", "", ""]);
    for need in needs {
        let (state, why) = state(need);
        table.add_row([format!("  {}/{}", line(&need.connector), line(&need.action)), state, why]);
    }
    screen::lines(&table)
}

fn state(need: &Standing) -> (String, String) {
    let connector = line(&need.connector);
    let reasons = || need.reasons.iter().map(|reason| line(reason)).collect::<Vec<_>>().join("; ");
    match need.stands {
        Stands::Ready => (format!("{GOOD}ok{GOOD:#}"), String::new()),
        Stands::NoAsset => (format!("{GOOD}ok{GOOD:#}"), "no asset yet".to_owned()),
        Stands::NoConnector => {
            (format!("{WARN}missing{WARN:#}"), format!("connector `{connector}` is not installed"))
        }
        Stands::Disabled => {
            (format!("{WARN}disabled{WARN:#}"), format!("connector `{connector}` is disabled"))
        }
        Stands::NoAction => (format!("{BAD}missing{BAD:#}"), reasons()),
        Stands::Unfit => (format!("{BAD}incompatible{BAD:#}"), reasons()),
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::plugin::replacement::{Affected, Unfit};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wider_version_says_so_and_what_it_breaks() {
        let change = |part, sign, wider, subject: &str, words: &str| Change {
            part,
            sign,
            wider,
            subject: subject.to_owned(),
            words: words.to_owned(),
        };
        let mut replacement = Replacement {
            version: "1.0.0".to_owned(),
            digest: Digest::from_bytes([7; 32]),
            difference: Default::default(),
            playbooks: vec![Affected {
                playbook: "triage".parse().unwrap(),
                uses: vec!["~ look: `a`: was text, is a list".to_owned()],
                broken: vec!["the playbook reads `data.a` as text, `look` gives a list".to_owned()],
            }],
            assets: vec![Unfit {
                asset: "edge".parse().unwrap(),
                why: "\"pin\" is a required property".to_owned(),
            }],
            lacks: Vec::new(),
        };
        replacement.difference.changes = vec![
            change(Part::Reach, Sign::Added, true, "", "HTTP  evil.example  GET"),
            change(Part::Reach, Sign::Removed, false, "", "TCP   old.example  port 43"),
            change(Part::Output, Sign::Changed, false, "look", "`a`: was text, is \u{1b}[2J a list"),
        ];
        let manifest: Manifest = serde_json::from_value(json!({
            "kind": "connector",
            "identity": { "name": "acme", "version": "2.0.0", "description": "Asks.", "publisher": "Acme" },
            "vendor": "Acme", "product": "Box", "configuration": {}, "secrets": [], "actions": [],
            "capabilities": { "http": [], "tcp": [], "reveal": [] },
        }))
        .unwrap();
        let text = screen(&Digest::from_bytes([8; 32]), 2_048, &manifest, &replacement);
        let text = anstream::adapter::strip_str(&text).to_string();
        let expected = "\
acme 1.0.0 → 2.0.0  connector by Acme
  Component  2 KiB (SHA-256 0808080808080808080808080808080808080808080808080808080808080808)
  Replaces   070707070707

May reach
! + HTTP  evil.example  GET
  − TCP   old.example  port 43

Output
  ~ look: `a`: was text, is ␛[2J a list

Enabled playbooks that use what changes
  triage
    ~ look: `a`: was text, is a list
    ✘ the playbook reads `data.a` as text, `look` gives a list

Assets that do not fit, and must be configured again
  ✘ edge: \"pin\" is a required property

It asks for more than what was granted to 1.0.0: see the lines with !
";
        assert_eq!(text, expected);
    }

    #[test]
    fn needs_are_told_one_by_one() {
        let need = |action: &str, stands, reasons: &[&str]| Standing {
            connector: "acme".to_owned(),
            action: action.to_owned(),
            stands,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        };
        let all = [
            need("look", Stands::Ready, &[]),
            need("see", Stands::NoConnector, &[]),
            need("block ip", Stands::Unfit, &["`block ip` requires `ip`, which the playbook does not send"]),
        ];
        assert_eq!(
            anstream::adapter::strip_str(&needs(&all)).to_string(),
            "NEEDS\n\
             \x20 acme/look      ok\n\
             \x20 acme/see       missing       connector `acme` is not installed\n\
             \x20 acme/block ip  incompatible  `block ip` requires `ip`, which the playbook does not send\n"
        );
    }
}
