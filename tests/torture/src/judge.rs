use std::{collections::BTreeSet, time::Duration};

use palisade_model::{
    Timestamp,
    journal::Event,
    run::{Run, RunId, RunStatus},
};
use script::{End, Program};

use crate::{Actuator, Api, Case, Ledger, Person, Tally, actuator::Came};

/// Longer than anything that a program waits for, and a start of the host, together.
const STILL: Duration = Duration::from_secs(15);

/// Compares what was acknowledged with what is in the system acted on, and with what the host says of its runs.
///
/// # Panics
///
/// If the host does not answer.
pub fn judge(api: &Api, cases: &[Case], actuator: &Actuator, person: &Person) -> Tally {
    let ledger = actuator.ledger();
    let mut tally = Tally {
        kills: person.kills(),
        in_doubt: person.doubts(),
        unreal: person.unreal.len(),
        findings: person.unreal.clone(),
        ..Tally::default()
    };
    let mut tags = BTreeSet::new();
    for case in cases {
        tags.extend(case.program.actions().into_iter().map(|(_, tag)| tag));
        let Some(alert) = case.alert else { continue };
        tally.alerts += 1;
        // After a loss its number may be another alert's.
        let handled = api.handled(alert).filter(|handled| handled.alert.content.source_id == case.id);
        let runs = handled.map(|handled| handled.runs).unwrap_or_default();
        if judge_runs(&mut tally, api, case, &runs, person.last_kill()) {
            let found = tally.findings.len();
            judge_effects(&mut tally, &ledger, case);
            if tally.findings.len() > found {
                tally.findings.extend(runs.iter().map(|run| journal(api, run.id)));
            }
        }
    }
    for entry in
        ledger.entries().iter().filter(|entry| entry.method != "GET" && !tags.contains(entry.tag.as_str()))
    {
        tally.findings.push(format!("nobody asked for this: {entry:?}"));
    }
    tally
}

/// Returns whether all runs of the alert are there and have ended.
fn judge_runs(tally: &mut Tally, api: &Api, case: &Case, runs: &[Run], last_kill: Option<Timestamp>) -> bool {
    let of_alert: Vec<_> = runs.iter().filter(|run| run.parent.is_none()).collect();
    let [root] = of_alert[..] else {
        tally.lost += usize::from(of_alert.is_empty());
        tally.wrong += of_alert.len().saturating_sub(1);
        tally.findings.push(format!("alert {}: it has {} runs", case.id, of_alert.len()));
        return false;
    };
    let mut all_ended = true;
    for run in runs {
        match run.status {
            RunStatus::Succeeded | RunStatus::Failed | RunStatus::Cancelled => {
                tally.concluded += 1;
                if let Some(finding) = stood_still(api, run.id, last_kill) {
                    tally.late += 1;
                    tally.findings.push(format!("alert {}: {finding}", case.id));
                }
                if api.replays(run.id) != Some(true) {
                    tally.diverged += 1;
                    tally.findings.push(format!(
                        "alert {}: run {} does not replay:\n{}",
                        case.id,
                        run.id,
                        journal(api, run.id)
                    ));
                }
            }
            status => {
                tally.stuck += 1;
                all_ended = false;
                let Run { id, due, epoch, .. } = run;
                tally.findings.push(format!(
                    "alert {}: run {id} is {status:?}, due {due:?}, in epoch {epoch}:\n{}",
                    case.id,
                    journal(api, *id)
                ));
            }
        }
    }
    if all_ended {
        let mut children: Vec<_> = runs.iter().filter(|run| run.parent.is_some()).map(ended).collect();
        let mut expected: Vec<_> = case.program.children().into_iter().map(expected).collect();
        children.sort_unstable();
        expected.sort_unstable();
        if ended(root) != self::expected(&case.program) || children != expected {
            tally.wrong += 1;
            let told: Vec<_> = runs.iter().map(|run| (run.id, run.status, &run.message)).collect();
            let journals: Vec<_> = runs.iter().map(|run| journal(api, run.id)).collect();
            tally.findings.push(format!(
                "alert {}: its runs ended as {told:?}:\n{}",
                case.id,
                journals.join("\n")
            ));
        }
    }
    all_ended
}

/// Whether nothing happened in a run for long although nobody was killing hosts any more, and it had not said until when it
/// waits.
fn stood_still(api: &Api, run: RunId, last_kill: Option<Timestamp>) -> Option<String> {
    let entries = api.story(run)?.entries;
    let mut waits_until = last_kill.unwrap_or(Timestamp::MIN);
    let late = entries.windows(2).find(|pair| {
        waits_until = waits_until.max(pair[0].at);
        if let Event::ActionRetried { next, .. } | Event::ActionPending { next, .. } = pair[0].event {
            waits_until = waits_until.max(next);
        }
        // Who waits for another run is as late as that, which is judged as well.
        !matches!(pair[1].event, Event::ChildEnded { .. })
            && Duration::try_from(pair[1].at.duration_since(waits_until)).is_ok_and(|time| time > STILL)
    })?;
    Some(format!("run {run} stood still before entry {}:\n{}", late[1].seq, journal(api, run)))
}

/// The journal of a run, one line for each entry.
fn journal(api: &Api, run: RunId) -> String {
    let entries = api.story(run).map(|story| story.entries).unwrap_or_default();
    let lines = entries.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a run ended well, or as a failure of its own.
fn ended(run: &Run) -> bool {
    run.status == RunStatus::Succeeded
}

fn expected(program: &Program) -> bool {
    program.end == End::Succeeded
}

/// Each operation of runs that have ended took effect once.
fn judge_effects(tally: &mut Tally, ledger: &Ledger, case: &Case) {
    for (kind, tag) in case.program.actions() {
        let calls: Vec<_> = ledger.of(tag).collect();
        let effects = ledger.effects(tag);
        let happened =
            if kind.mutates() { effects > 0 } else { calls.iter().any(|call| call.came == Came::Look) };
        let keys: BTreeSet<_> = calls.iter().map(|call| (&call.key, &call.seen)).collect();

        tally.mutating += effects.min(1);
        tally.repeated += effects.saturating_sub(1);
        tally.missing += usize::from(!happened);
        tally.wrong += usize::from(keys.len() > 1);
        let what = match (effects, happened) {
            (2.., _) => "it took effect more than once",
            (_, false) => "it never took effect",
            _ if keys.len() > 1 => "its calls were not the same",
            _ => continue,
        };
        tally.findings.push(format!("alert {}, {} {tag}: {what}: {calls:#?}", case.id, kind.action()));
    }
}

#[cfg(test)]
mod tests {
    use palisade_e2e::Request;
    use script::Kind;
    use serde_json::json;

    use super::*;
    use crate::{Mishaps, one_of_each};

    #[test]
    fn what_was_repeated_or_left_out_is_found() {
        let actuator = Actuator::start(Mishaps::none()).unwrap();
        let address = actuator.url().replace("http://", "");
        let send = |method: &str, path: &str, key: &str, tag: &str| {
            let body = json!({ "tag": tag, "key": key }).to_string();
            let answer = Request::new(method, path).body(body).try_send(&address).unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
        };
        let program = one_of_each("one", &[Kind::Switch, Kind::Ticket, Kind::Page, Kind::Note]);
        let case = Case { id: "one".into(), program, alert: Some(1) };
        let tally = || {
            let mut tally = Tally::default();
            judge_effects(&mut tally, &actuator.ledger(), &case);
            (tally.mutating, tally.repeated, tally.missing, tally.wrong)
        };
        assert_eq!(tally(), (0, 0, 4, 0));
        // What may be repeated is one effect.
        for _ in 0..2 {
            send("PUT", "/switches/one.0", "a", "");
            send("POST", "/tickets", "b", "one.1");
        }
        send("POST", "/pages", "c", "one.2");
        send("POST", "/notes", "d", "one.3");
        assert_eq!(tally(), (4, 0, 0, 0));
        send("POST", "/pages", "c", "one.2");
        assert_eq!(tally(), (4, 1, 0, 0));
        // Another key is another ticket.
        send("POST", "/tickets", "e", "one.1");
        assert_eq!(tally(), (4, 2, 0, 1));
    }
}
