/// System calls by which anything leaves a host: into the store, or to another process.
pub(crate) const CALLS: &str = "pwrite64,fdatasync,sendto,sendmsg,writev";

/// Reads what strace writes, as it comes, and finds the calls that matter where they begin: before the kernel executes
/// them.
#[derive(Debug)]
pub(crate) struct Trace {
    text: String,
    /// Up to where it has been searched.
    searched: usize,
    /// Port of the system acted on.
    port: u16,
    receipt_sent: bool,
}

/// A call that is about to be executed.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// The call and its file, as strace shows them.
    pub(crate) what: String,
    /// The thread, as strace shows it.
    thread: String,
    /// The place behind it.
    end: usize,
}

impl Trace {
    pub(crate) fn new(port: u16) -> Self {
        Self { text: String::new(), searched: 0, port, receipt_sent: false }
    }

    /// Adds what came.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.text.push_str(&String::from_utf8_lossy(bytes));
    }

    /// The next call that matters; nothing until more has come.
    pub(crate) fn next(&mut self) -> Option<Begun> {
        loop {
            let rest = &self.text[self.searched..];
            let calls =
                CALLS.split(',').filter_map(|call| rest.find(&format!("{call}(")).map(|at| (at, call)));
            let (at, call) = calls.min()?;
            let begin = self.searched + at;
            let file = &self.text[begin + call.len()..];
            // A connection is shown as `<TCP:[here->there]>`.
            let (close, _) = file.match_indices('>').find(|(at, _)| !file[..*at].ends_with('-'))?;
            let end = begin + call.len() + close + 1;
            self.searched = end;
            if self.matters(begin, end) {
                let line = self.text[..begin].rfind('\n').map_or(0, |newline| newline + 1);
                let thread = self.text[line..begin].trim().to_owned();
                return Some(Begun { what: self.text[begin..end].to_owned(), thread, end });
            }
        }
    }

    /// Whether a call is one that the work of a run consists of, and not one with which the host answers a look at it.
    fn matters(&mut self, begin: usize, end: usize) -> bool {
        let call = &self.text[begin..end];
        if !call.contains("<TCP") {
            return call.contains("/data/store/");
        }
        if call.contains(&format!("->127.0.0.1:{}]", self.port)) {
            return true;
        }
        // The first answer that the host gives is the alert's receipt.
        !std::mem::replace(&mut self.receipt_sent, true)
    }

    /// All that came so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the kernel has executed a call after all.
    pub(crate) fn was_executed(&self, call: &Begun) -> bool {
        let mut lines = self.text[call.end..].lines();
        let own = lines.next().unwrap_or_default();
        let returned = |line: &str| line.rsplit_once(" = ").is_some_and(|(_, value)| !value.starts_with('?'));
        returned(own)
            || lines.any(|line| line.starts_with(&call.thread) && line.contains("resumed>") && returned(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_calls_before_they_are_executed() {
        let mut trace = Trace::new(99);
        trace.add(b"strace: Process 8 attached\n[pid 7] fdatasync(10</tmp/x/data/store/db>");
        let sync = trace.next().unwrap();
        assert_eq!(sync.what, "fdatasync(10</tmp/x/data/store/db>");
        assert!(!trace.was_executed(&sync));
        trace.add(b" <unfinished ...>\n[pid 8] pwrite64(9</tmp/x/data/key>, \"\"..., 5, 0) = 5 (DELAYED)\n");
        trace.add(b"[pid 8] writev(4<TCP:[127.0.0.1:5->127.0.0.1:");
        assert!(trace.next().is_none());
        trace.add(b"99]>, [...], 2 <unfinished ...>\n[pid 7] <... fdatasync resumed>) = 0 (DELAYED)\n");
        let send = trace.next().unwrap();
        assert_eq!(send.what, "writev(4<TCP:[127.0.0.1:5->127.0.0.1:99]>");
        assert!(trace.was_executed(&sync));
        trace.add(b"[pid 8] <... writev resumed>) = ?\n[pid 8] +++ killed by SIGKILL +++\n");
        assert!(!trace.was_executed(&send));
    }

    #[test]
    fn of_the_hosts_own_answers_only_the_receipt_counts() {
        let mut trace = Trace::new(99);
        let answer = b"[pid 8] writev(4<TCP:[127.0.0.1:7300->127.0.0.1:5000]>, [...], 2) = 30 (DELAYED)\n";
        trace.add(answer);
        trace.add(answer);
        assert!(trace.next().is_some());
        assert!(trace.next().is_none());
    }
}
