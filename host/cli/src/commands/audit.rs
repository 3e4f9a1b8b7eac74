//! `palisade audit`

use std::{
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use palisade_model::audit::{Head, Seq};
use palisade_store::audit::{Broken, Chain};

use crate::{
    answers::{AuditEntries, Verified},
    audit_screen,
    context::Context,
    error::Error,
    exit::Exit,
    file,
    limits::{AUDIT_LINE_BYTES, AUDIT_TIME},
    screen,
    style::{BAD, BOLD, DIM, GOOD},
};

/// What to do with the audit log.
#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// List who did what, oldest first
    List(List),
    /// Check that nothing was changed, left out or cut off
    Verify(Verify),
    /// Write the whole log as lines of JSON, to be kept elsewhere
    Export {
        /// Where to [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// What to list.
#[derive(Args)]
pub(crate) struct List {
    /// From this entry on [default: the latest]
    #[arg(long, value_name = "N")]
    from: Option<Seq>,
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

/// What to check.
#[derive(Args)]
pub(crate) struct Verify {
    /// A file that `palisade audit export` wrote, or - for standard input [default: the log of the host]
    file: Option<PathBuf>,
    /// A head that was noted before, as SEQ:HASH; the log in the file must pass through it
    #[arg(long, value_name = "SEQ:HASH", value_parser = head, requires = "file")]
    head: Option<Head>,
}

pub(crate) async fn run(command: AuditCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        AuditCommand::List(List { from, limit }) => {
            let from = from.map_or_else(String::new, |from| format!("&from={from}"));
            let answer = context.host()?.get(&format!("/api/v1/audit?limit={limit}{from}")).await?;
            context.show(answer, |AuditEntries { entries, head }| list(&entries, &head))?;
        }
        AuditCommand::Verify(Verify { file: None, .. }) => {
            let answer = context.host()?.post_nothing("/api/v1/audit/verify", AUDIT_TIME).await?;
            return show(&answer.read()?, context);
        }
        AuditCommand::Verify(Verify { file: Some(file), head }) => {
            return show(&check(&file, head.unwrap_or_default())?, context);
        }
        AuditCommand::Export { output: Some(output) } => {
            file::download(&context.host()?, "/api/v1/audit/export", &output).await?;
            screen::tell(&format!("The audit log is in {}.\n", output.display()));
        }
        AuditCommand::Export { output: None } => {
            if io::stdout().is_terminal() {
                return Err(Error::Usage {
                    what: "the whole log is not for a terminal".into(),
                    next: "name a file with --output, or see `palisade audit list`".into(),
                });
            }
            file::print(&context.host()?, "/api/v1/audit/export").await?;
        }
    }
    Ok(Exit::Done)
}

fn list(entries: &[palisade_model::audit::Entry], head: &Head) -> String {
    match entries.last() {
        None => format!("Nothing there: the log has {} entries.\n", head.seq),
        Some(last) if last.seq < head.seq => {
            let next = last.seq + 1;
            format!("{}{DIM}More with --from {next}{DIM:#}\n", audit_screen::table(entries))
        }
        Some(_) => audit_screen::table(entries),
    }
}

/// Checks an exported log, line by line, without a host.
fn check(file: &Path, passes: Head) -> Result<Verified, Error> {
    let mut chain = Chain::new(Some(passes.clone()));
    let result = match take(&mut BufReader::new(file::open(file)?), &mut chain) {
        Ok(Ok(())) => chain.end(),
        Ok(Err(broken)) => Err(broken),
        Err(source) => return Err(Error::File { what: "read", path: file.to_owned(), source }),
    };
    Ok(match result {
        Ok(head) => Verified { head: Some(head), broken: None, passes },
        Err(broken) => Verified { head: None, broken: Some(broken), passes },
    })
}

/// Takes the lines of a log. None is longer than an entry may be, so that what is no log is not read into memory.
fn take(log: &mut impl BufRead, chain: &mut Chain) -> io::Result<Result<(), Broken>> {
    loop {
        let mut line = Vec::new();
        log.by_ref().take(AUDIT_LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(Ok(()));
        }
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
        if let Err(broken) = chain.take(&text) {
            return Ok(Err(broken));
        }
    }
}

fn show(verified: &Verified, context: &Context) -> Result<Exit, Error> {
    if context.json {
        screen::show_json(verified)?;
    } else {
        screen::show(&verdict(verified))?;
    }
    Ok(if verified.broken.is_none() { Exit::Done } else { Exit::Failed })
}

fn verdict(Verified { head, broken, passes }: &Verified) -> String {
    if let Some(Broken { seq, why }) = broken {
        return format!("{BAD}✘ the audit log was changed at entry {seq}{BAD:#}: {why}\n");
    }
    let head = head.clone().unwrap_or_default();
    let passes = match passes.seq {
        0 => format!("{DIM}No head was kept, so whether its end was cut off is not known.{DIM:#}\n"),
        seq => format!("{DIM}It passes through entry {seq} as it was kept before.{DIM:#}\n"),
    };
    format!(
        "{GOOD}✔{GOOD:#} The audit log is whole: {BOLD}{}{BOLD:#} entries.\n{passes}Head {}:{}\n",
        head.seq, head.seq, head.hash
    )
}

/// A head as `audit verify` prints it.
fn head(text: &str) -> Result<Head, String> {
    let parts = || {
        let (seq, hash) = text.split_once(':')?;
        Some(Head { seq: seq.parse().ok()?, hash: hash.to_owned().try_into().ok()? })
    };
    parts().ok_or_else(|| "write it as `palisade audit verify` prints it: SEQ:HASH".to_owned())
}

#[cfg(test)]
mod tests {
    use palisade_model::{
        Timestamp,
        audit::{Record, What},
    };
    use palisade_store::audit::seal;

    use super::*;

    fn log() -> (String, Head) {
        let record = |who| Record::new(Timestamp::UNIX_EPOCH, who, What::LoggedIn);
        let (first, head) = seal(&Head::default(), &record("anna"));
        let (second, head) = seal(&head, &record("kim"));
        (format!("{first}\n{second}\n"), head)
    }

    fn taken(text: &str) -> Result<Head, Broken> {
        let mut chain = Chain::default();
        take(&mut BufReader::new(text.as_bytes()), &mut chain).unwrap()?;
        chain.end()
    }

    #[test]
    fn a_file_is_checked_line_by_line() {
        let (text, head) = log();
        assert_eq!(taken(&text).unwrap(), head);
        assert_eq!(taken(text.trim_end()).unwrap(), head, "the last line break may be missing");
        assert_eq!(taken(&text.replace("kim", "eve")).unwrap_err().seq, 2);
        assert_eq!(taken(&text.replace('\n', "\r\n")).unwrap_err().seq, 1);
        assert_eq!(taken(&"x".repeat(1 << 20)).unwrap_err().seq, 1);
    }

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let (text, expected) = log();
        let verified = Verified { head: Some(expected.clone()), broken: None, passes: Head::default() };
        let screen = anstream::adapter::strip_str(&verdict(&verified)).to_string();
        let printed = screen.lines().find_map(|line| line.strip_prefix("Head ")).unwrap();
        assert_eq!(head(printed).unwrap(), expected, "{text}");
        for bad in ["2", "2:", "2:ab", "x:0"] {
            assert!(head(bad).is_err(), "{bad} was taken");
        }
    }
}
