//! What was sent of late, from the audit log: the breakers of the policy count over restarts.

use palisade_model::{
    Timestamp,
    action::Effect,
    audit::{Call, Entry, Seq, What},
    journal::Event,
    limits::{ACTIONS_REMEMBERED, PAGE_ITEMS},
};
use palisade_policy::Sent;
use palisade_store::{Store, StoreError};

/// Whether as many actions of this effect are among these as are remembered. Each effect has its own room: what is sent in
/// masses is not to push out what is counted.
pub(crate) fn is_full<'a>(sent: impl ExactSizeIterator<Item = &'a Sent>, effect: Effect) -> bool {
    sent.len() >= ACTIONS_REMEMBERED
        && sent.filter(|sent| sent.effect == effect).count() >= ACTIONS_REMEMBERED
}

/// The mutating actions whose first attempt left from `since` on and before `until`, oldest first: the latest of each
/// effect if they are more than the host remembers.
pub(crate) fn sent_between(
    store: &dyn Store,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Sent>, StoreError> {
    let mut sent = Vec::new();
    // From the end backwards: the log goes back for years, a breaker for a week.
    let mut end = store.audit_head().seq + 1;
    while end > 1 {
        let from = end.saturating_sub(PAGE_ITEMS as u64).max(1);
        let lines = page(store, from, end)?;
        let mut is_past = lines.is_empty();
        for line in lines.iter().rev() {
            // A line that cannot be read was changed, which `audit verify` tells.
            let Ok(entry) = serde_json::from_str::<Entry>(line) else { continue };
            let at = entry.record.at;
            is_past |= at < since;
            if (since..until).contains(&at)
                && let What::ActionSent { call, attempt: 1, .. } = entry.record.what
                && !is_full(sent.iter(), call.effect)
            {
                sent.extend(as_begun(store, at, call)?);
            }
        }
        if is_past {
            break;
        }
        end = from;
    }
    sent.reverse();
    Ok(sent)
}

/// The lines of the log from one place to before another.
fn page(store: &dyn Store, mut from: Seq, end: Seq) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    while from < end {
        let limit = usize::try_from(end - from).unwrap_or(PAGE_ITEMS);
        let page = store.audit(from, limit)?;
        let Some((last, _)) = page.last() else { break };
        from = last + 1;
        lines.extend(page.into_iter().map(|(_, line)| line));
    }
    Ok(lines)
}

/// This call, which left at this time.
fn as_begun(store: &dyn Store, at: Timestamp, call: Call) -> Result<Option<Sent>, StoreError> {
    // What the policy went by is what the run began with.
    let began = store.journal(call.at.run, 1, 1)?.into_iter().next();
    let Some(Event::Began(began)) = began.map(|entry| entry.event) else { return Ok(None) };
    Ok(Some(Sent {
        at,
        effect: call.effect,
        connector: call.connector.as_str().to_owned(),
        action: call.action.as_str().to_owned(),
        asset: call.asset.map(String::from).unwrap_or_default(),
        playbook: call.at.playbook.into(),
        label: began.alert.content.label,
        severity: began.alert.content.severity,
    }))
}
