//! The system calls of a child, as strace writes them down.

use std::{collections::HashMap, ffi::OsString, path::Path};

/// Everything that changes a file or a directory, or makes a change durable.
///
/// `sync_file_range` is not among them: it promises nothing about a loss of power.
const CALLS: &str = "trace=open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,\
    truncate,ftruncate,fallocate,fsync,fdatasync,sync,syncfs,msync,mkdir,mkdirat,rmdir,link,linkat,symlink,\
    symlinkat,rename,renameat,renameat2,unlink,unlinkat";

/// The line on which a call returned that was cut off by the end of the process.
pub(crate) const NEVER: usize = usize::MAX;

/// One system call.
#[derive(Debug)]
pub(crate) struct Call {
    /// Line on which it began.
    pub(crate) begin: usize,
    /// Line on which it had returned: another one if something else happened meanwhile, and [`NEVER`] if the process
    /// ended before.
    pub(crate) end: usize,
    /// Name, arguments and result.
    pub(crate) text: String,
}

impl Call {
    /// Whether it is this system call on this file, and succeeded.
    pub(crate) fn succeeded(&self, name: &str, file: &Path) -> bool {
        let on_file = format!("<{}>", file.display());
        self.text.starts_with(&format!("{name}("))
            && self.text.split([',', ')']).next().is_some_and(|first| first.ends_with(&on_file))
            && self.text.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with('-'))
    }
}

/// The command under which a child leaves its calls in this file.
pub(crate) fn strace(trace: &Path) -> Vec<OsString> {
    // Threads too, descriptors with their paths, and what is written in full.
    let words = ["strace", "-f", "-y", "-s", "1000000", "-e", CALLS, "-o"];
    words.iter().map(OsString::from).chain([trace.into()]).collect()
}

/// All calls, in the order in which they returned, and last those that did not.
pub(crate) fn parse(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    for (line, text) in trace.lines().enumerate() {
        let (thread, text) = text.split_once(' ').unwrap();
        let text = text.trim_start();
        if let Some(first) = text.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, (line, first));
        } else if let Some(resumed) = text.strip_prefix("<... ") {
            let (begin, first) = unfinished.remove(thread).expect("it began before");
            let (_, rest) = resumed.split_once("resumed>").unwrap();
            calls.push(Call { begin, end: line, text: format!("{first}{rest}") });
        } else {
            calls.push(Call { begin: line, end: line, text: text.to_owned() });
        }
    }
    calls.extend(unfinished.into_values().map(|(begin, first)| Call {
        begin,
        end: NEVER,
        text: first.to_owned(),
    }));
    calls
}
