//! Work that a host which stops waits for.

use tokio::sync::watch;

/// A round of the dispatcher, or a run. It counts from when this is made, which is before its task first runs, until
/// this is dropped; so a stop cannot slip in between.
pub(crate) struct Work(watch::Sender<usize>);

impl Work {
    pub(crate) fn begin(at_work: &watch::Sender<usize>) -> Self {
        at_work.send_modify(|count| *count += 1);
        Self(at_work.clone())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
