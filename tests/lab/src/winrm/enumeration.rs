//! Open enumerations: what has been found and not yet sent.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::Fault;
use crate::identifier;
use crate::limits::ENUMERATIONS;

/// Bytes of an envelope around its items, generously.
const ENVELOPE_OVERHEAD: usize = 2048;

/// All open enumerations of the lab's Windows servers.
#[derive(Default)]
pub(crate) struct Enumerations {
    open: Mutex<HashMap<String, Enumeration>>,
}

/// One enumeration: elements that are still to be sent, on one server.
pub(crate) struct Enumeration {
    pub(crate) host: String,
    pub(crate) items: VecDeque<String>,
}

/// How much may be sent at once.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) elements: usize,
    /// Bytes of the whole envelope.
    pub(crate) envelope: usize,
}

impl Enumerations {
    /// Keeps an enumeration and returns its context.
    pub(crate) fn open(&self, enumeration: Enumeration) -> Result<String, Fault> {
        let mut open = self.lock();
        if open.len() >= ENUMERATIONS {
            return Err(Fault::QUOTA);
        }
        let context = identifier::uuid();
        open.insert(context.clone(), enumeration);
        Ok(context)
    }

    /// The next items of this enumeration, and whether more are left. At its end the enumeration closes.
    pub(crate) fn pull(&self, context: &str, host: &str, batch: Batch) -> Result<(String, bool), Fault> {
        let mut open = self.lock();
        let enumeration =
            open.get_mut(context).filter(|enumeration| enumeration.host == host).ok_or(Fault::CONTEXT)?;
        let items = take(&mut enumeration.items, batch)?;
        let more = !enumeration.items.is_empty();
        if !more {
            open.remove(context);
        }
        Ok((items, more))
    }

    pub(crate) fn release(&self, context: &str, host: &str) -> Result<(), Fault> {
        let mut open = self.lock();
        match open.get(context) {
            Some(enumeration) if enumeration.host == host => {
                open.remove(context);
                Ok(())
            }
            _ => Err(Fault::CONTEXT),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Enumeration>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes as many items as the batch allows; if not even one fits, it never will.
pub(crate) fn take(items: &mut VecDeque<String>, batch: Batch) -> Result<String, Fault> {
    let room = batch.envelope.saturating_sub(ENVELOPE_OVERHEAD);
    let mut taken = String::new();
    for _ in 0..batch.elements {
        let Some(item) = items.pop_front() else { break };
        if taken.len() + item.len() > room {
            if taken.is_empty() {
                return Err(Fault::ENVELOPE_EXCEEDED);
            }
            items.push_front(item);
            break;
        }
        taken.push_str(&item);
    }
    Ok(taken)
}
