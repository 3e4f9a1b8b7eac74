//! The audit log as people read it: one entry, one line.

use palisade_model::{
    audit::{Call, Entry, Excerpt, Items, OfRun, Step, Text, What},
    journal::Decision,
    signer::SignedBy,
};
use serde_json::Value;

use crate::{printable, screen, time};

/// The entries as a table.
pub(crate) fn table(entries: &[Entry]) -> String {
    let mut table = screen::table(["ENTRY", "WHEN", "WHO", "WHAT"]);
    for entry in entries {
        let record = &entry.record;
        let who = printable::line(record.who.as_str());
        table.add_row([
            entry.seq.to_string(),
            time::moment(record.at),
            if record.by_admin { format!("{who} (said by admin)") } else { who },
            printable::line(&sentence(&record.what)),
        ]);
    }
    screen::lines(&table)
}

/// What was done, in a sentence that goes on from who did it.
fn sentence(what: &What) -> String {
    match what {
        What::ActionSent { call, attempt, parameters } => {
            let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            let rule =
                call.rule.as_ref().map_or_else(String::new, |rule| format!(", by rule {}", rule.as_str()));
            format!("sends {}{again}{rule}: {}", named(call), excerpt(parameters))
        }
        What::ActionEnded { call, succeeded, message, .. } => {
            let how = if *succeeded { "did" } else { "could not do" };
            format!("{how} {}: {}", named(call), message.as_str())
        }
        What::ActionInDoubt { call, message } => {
            format!("does not know of {}: {}", named(call), message.as_str())
        }
        What::ActionDenied { call, message } => {
            format!("may not send {}: {}", named(call), message.as_str())
        }
        What::ListMade { list } => format!("made the list {list}"),
        What::ListRemoved { list } => format!("removed the list {list}"),
        What::PromptAnswered { at, answer, note } => {
            format!("answered {}: {}{}", step(at), excerpt(answer), why(note))
        }
        What::ApprovalDecided { at, approved, rule, note } => {
            let word = if *approved { "approved" } else { "denied" };
            let rule =
                rule.as_ref().map_or_else(String::new, |rule| format!(", asked by rule {}", rule.as_str()));
            format!("{word} {}{rule}{}", step(at), why(note))
        }
        What::DoubtDecided { at, decision, note } => {
            let word = match decision {
                Decision::Done => "done",
                Decision::NotDone => "not done",
                Decision::GiveUp => "given up",
            };
            format!("decided that {} is {word}{}", step(at), why(note))
        }
        What::RunStarted { playbook, alert } => format!("started {playbook} on alert {alert}"),
        What::RunPaused(of) => whole("paused", of),
        What::RunResumed(of) => whole("let go on", of),
        What::RunCancelled(of) => whole("cancelled", of),
        What::RunRetried { at, note } => format!("had {} tried again{}", step(at), why(note)),
        What::RunUndone(of) => whole("had undone", of),
        What::RunImported { playbook, digest } => format!("imported a run of {playbook} {}", digest.short()),
        What::AlertTaken { alert, note } => format!("took alert {alert}{}", why(note)),
        What::AlertClosed { alert, note, false_alarm } => {
            let how = if *false_alarm { " as a false alarm" } else { "" };
            format!("closed alert {alert}{how}{}", why(note))
        }
        What::PluginInstalled {
            plugin,
            kind,
            version,
            digest,
            replaces,
            source,
            by_lock_file,
            wider,
            signed_by,
            older_than,
        } => {
            let before =
                replaces.as_ref().map_or_else(String::new, |old| format!(" in place of {}", old.short()));
            let from =
                source.as_ref().map_or_else(String::new, |source| format!(" from {}", source.as_str()));
            let word = if *by_lock_file { ", by lock file" } else { "" };
            let signed = signed_by.as_ref().map_or_else(String::new, |by| format!(", {}", signed(by)));
            let older = older_than.as_ref().map_or_else(String::new, |newest| {
                format!(", which is older than {}, as they allowed", newest.as_str())
            });
            let (kind, version, digest) = (kind.as_str(), version.as_str(), digest.short());
            let installed =
                format!("installed {kind} {plugin} {version} {digest}{before}{from}{word}{signed}{older}");
            with_list(installed, "wider by", wider)
        }
        What::PluginRolledBack { plugin, version, digest, replaces } => {
            let (back, gone) = (digest.short(), replaces.short());
            format!("rolled {plugin} back to {} {back} from {gone}", version.as_str())
        }
        What::PluginEnabled { plugin, lacks } => with_list(format!("enabled {plugin}"), "without", lacks),
        What::PluginDisabled { plugin, why: reason } => format!("disabled {plugin}{}", why(reason)),
        What::PluginRemoved { plugin, version, digest } => {
            format!("removed {plugin} {} {}", version.as_str(), digest.short())
        }
        What::KeyTrusted { name, key, namespaces } => {
            format!("trusts key {name} ({key}) to sign plugins called {}", namespaces.as_slice().join(", "))
        }
        What::KeyDistrusted { name, key } => format!("trusts key {name} ({key}) no more"),
        What::LoggedIn => "came with a token, for the first time since the start".to_owned(),
        What::TokensRefused { count: 1 } => "refused a request without a valid token".to_owned(),
        What::TokensRefused { count } => format!("refused {count} requests without a valid token"),
        What::AssetPut { asset, connector, fields, secrets, reaches, private_ca } => {
            let mut parts = vec![format!("configured asset {asset} of {connector}")];
            let lists = [("fields", fields), ("new secrets", secrets), ("reaches", reaches)];
            parts.extend(lists.iter().filter_map(|(word, items)| listed(word, items)));
            parts.extend(private_ca.then(|| "a CA of its own".to_owned()));
            parts.join("; ")
        }
        What::AssetRemoved { asset } => format!("removed asset {asset}"),
        What::PlaybookConfigured { playbook, fields } => {
            with_list(format!("configured {playbook}"), "fields", fields)
        }
        What::ListEntryAdded { list, value, note } => {
            format!("put {} on list {list}{}", value.as_str(), why(note))
        }
        What::ListEntryRemoved { list, value } => format!("took {} off list {list}", value.as_str()),
        What::SafeModeSwitched { on, playbook } => {
            let scope = playbook.as_ref().map_or_else(String::new, |playbook| format!(" for {playbook}"));
            format!("switched safe mode {}{scope}", if *on { "on" } else { "off" })
        }
        What::PolicyLoaded { digest: Some(digest) } => {
            format!("goes by policy {} from now on", digest.short())
        }
        What::PolicyLoaded { digest: None } => {
            "goes by its own policy from now on: there is no file".to_owned()
        }
        What::UserAdded { user, roles } => with_list(format!("added user {user}"), "roles", roles),
        What::UserRemoved { user } => format!("removed user {user}"),
        What::HostStarted { version } => format!("started, version {}", version.as_str()),
        What::HostStopped => "stopped".to_owned(),
    }
}

fn signed(by: &SignedBy) -> String {
    match by {
        SignedBy::Trusted(signer) => format!("signed by {} ({})", signer.name, signer.key),
        SignedBy::Unknown { key } => format!("signed by key {key}, which is not trusted, as they allowed"),
        SignedBy::Nobody => "signed by nobody, as they allowed".to_owned(),
    }
}

fn named(call: &Call) -> String {
    let asset = call.asset.as_ref().map_or_else(String::new, |asset| format!(" @{asset}"));
    format!("{}/{}{asset} as step {}", call.connector.as_str(), call.action.as_str(), call.at.step)
}

fn step(at: &Step) -> String {
    format!("step {} of run {} ({})", at.step, at.run, at.playbook)
}

fn whole(word: &str, of: &OfRun) -> String {
    format!("{word} run {} ({}){}", of.run, of.playbook, why(&of.note))
}

fn why(note: &Text) -> String {
    if note.is_empty() { String::new() } else { format!(": {}", note.as_str()) }
}

fn excerpt(excerpt: &Excerpt) -> String {
    match excerpt.value() {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn with_list(sentence: String, word: &str, items: &Items) -> String {
    [Some(sentence), listed(word, items)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn listed(word: &str, items: &Items) -> Option<String> {
    let items = items.as_slice();
    (!items.is_empty()).then(|| format!("{word} {}", items.join(", ")))
}

#[cfg(test)]
mod tests {
    use palisade_model::{
        Timestamp,
        action::Effect,
        audit::{Head, Record},
        journal::By,
    };
    use palisade_store::audit::{parse, seal};
    use serde_json::json;

    use super::*;

    fn screen(records: &[Record]) -> String {
        let mut head = Head::default();
        let mut entry = |record| {
            let (line, next) = seal(&head, record);
            head = next;
            parse(&line).unwrap()
        };
        let entries: Vec<_> = records.iter().map(&mut entry).collect();
        anstream::adapter::strip_str(&table(&entries)).to_string()
    }

    #[test]
    fn an_entry_is_a_line_that_reads_as_a_sentence() {
        let at: Timestamp = "2026-01-02T03:04:05.6Z".parse().unwrap();
        let place = Step { run: 17, step: 3, playbook: "triage".parse().unwrap() };
        let call = Call {
            at: place.clone(),
            connector: "panos".into(),
            action: "block ip".into(),
            asset: Some("edge".parse().unwrap()),
            effect: Effect::Contain,
            rule: Some("servers".into()),
        };
        let parameters = (&json!({ "ip": "203.0.113.7" })).into();
        let by = By { by: "kim\u{1b}[2J".into(), note: "two\nlines".into(), by_admin: true };
        let answered =
            What::PromptAnswered { at: place, answer: (&json!("yes")).into(), note: by.note.as_str().into() };
        let put = What::AssetPut {
            asset: "edge".parse().unwrap(),
            connector: "panos".parse().unwrap(),
            fields: ["url"].into_iter().collect(),
            secrets: ["api_key", "pin"].into_iter().collect(),
            reaches: Items::default(),
            private_ca: true,
        };
        assert_eq!(
            screen(&[
                Record::new(at, "run 17", What::ActionSent { call, attempt: 2, parameters }),
                Record::said(at, &by, answered),
                Record::new(at, "admin", put),
                Record::new(at, "palisade", What::TokensRefused { count: 40 }),
            ]),
            "ENTRY  WHEN                     WHO                      WHAT\n\
             1      2026-01-02 03:04:05 UTC  run 17                   sends panos/block ip @edge as step 3, attempt 2, \
             by rule servers: {\"ip\":\"203.0.113.7\"}\n\
             2      2026-01-02 03:04:05 UTC  kim␛[2J (said by admin)  answered step 3 of run 17 (triage): yes: two \
             lines\n\
             3      2026-01-02 03:04:05 UTC  admin                    configured asset edge of panos; fields url; new \
             secrets api_key, pin; a CA of its own\n\
             4      2026-01-02 03:04:05 UTC  palisade                 refused 40 requests without a valid token\n"
        );
    }
}
