//! The one thread that writes: it takes what waits, applies it, syncs once, and only then answers.

use std::{
    iter::once,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use palisade_model::limits::{BUFFERED_FOR, WRITES_PER_COMMIT, WRITES_WAITING};
use tokio::sync::oneshot;

use super::tables::Tables;
use crate::{
    error::StoreError,
    store::{Durability, Write},
};

/// One write that waits. Applying it leaves the answer that is due.
type Op = Box<dyn FnOnce(&mut Tables) -> Answer + Send>;

/// What to tell the caller of a write.
enum Answer {
    /// At once.
    Now(Box<dyn FnOnce()>),
    /// When the write is durable, or when that failed.
    Synced(Box<dyn FnOnce(Result<(), StoreError>)>),
}

/// What the writer did since it was started.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) writes: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) syncs: AtomicU64,
}

/// The writer thread. Dropping it waits until what was handed over is written.
pub(super) struct Writer {
    /// None only while it is dropped.
    queue: Option<SyncSender<Op>>,
    thread: Option<JoinHandle<()>>,
    pub(super) counts: Arc<Counts>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(tables: Tables) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(WRITES_WAITING);
        let counts = Arc::new(Counts::default());
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn({
            let counts = Arc::clone(&counts);
            move || write(tables, &waiting, &counts)
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counts })
    }

    /// Hands a write over. Never blocks.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        durability: Durability,
        apply: impl FnOnce(&mut Tables) -> Result<T, StoreError> + Send + 'static,
    ) -> Write<T> {
        // Nobody may wait for an answer any more, so sending one may fail.
        let (sender, answer) = oneshot::channel();
        let op: Op =
            Box::new(move |tables| match (tables.takes_writes().and_then(|()| apply(tables)), durability) {
                (Ok(done), Durability::Durable) => Answer::Synced(Box::new(move |synced| {
                    let _ = sender.send(synced.map(|()| done));
                })),
                (result, _) => Answer::Now(Box::new(move || {
                    let _ = sender.send(result);
                })),
            });
        let sent = match &self.queue {
            Some(queue) => queue.try_send(op).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            }),
            None => Err(StoreError::Stopped),
        };
        Box::pin(async move {
            sent?;
            // A thread that panics drops the senders of all that wait.
            answer.await.unwrap_or(Err(StoreError::Stopped))
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("The thread that writes to the store had panicked.");
        }
    }
}

fn write(mut tables: Tables, waiting: &Receiver<Op>, counts: &Counts) {
    // When the disk must have what nobody waits for.
    let mut due: Option<Instant> = None;
    loop {
        let first = match due {
            None => waiting.recv().map_err(RecvTimeoutError::from),
            Some(due) => waiting.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        let mut unsynced = Vec::new();
        match first {
            Ok(first) => {
                for op in once(first).chain(waiting.try_iter()).take(WRITES_PER_COMMIT) {
                    counts.writes.fetch_add(1, Relaxed);
                    match op(&mut tables) {
                        Answer::Now(answer) => answer(),
                        Answer::Synced(answer) => unsynced.push(answer),
                    }
                }
                counts.commits.fetch_add(1, Relaxed);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        if unsynced.is_empty() && now < *due.get_or_insert(now + BUFFERED_FOR) {
            continue;
        }
        due = None;
        let synced = tables.sync();
        counts.syncs.fetch_add(1, Relaxed);
        for answer in unsynced {
            answer(synced.clone());
        }
    }
}
