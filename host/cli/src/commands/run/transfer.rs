//! `palisade run replay`, `palisade run export`, `palisade run import`

use std::{
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use palisade_model::run::{RunId, RunStatus};
use palisade_server::limits::IMPORT_BYTES;

use crate::{
    answers::{NewRun, Replayed},
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    file,
    limits::COMPILING_TIME,
    run_screen, screen,
    style::{BAD, BOLD},
};

/// Compares the playbook with the journal. The host may have to compile the playbook again.
pub(super) async fn replay(id: RunId, host: &Client, context: &Context) -> Result<Exit, Error> {
    let answer = host.post_nothing(&format!("/api/v1/runs/{id}/replay"), COMPILING_TIME).await?;
    if context.json {
        screen::show_json(&answer)?;
    }
    let replayed: Replayed = answer.read()?;
    if !context.json {
        screen::show(&verdict(id, &replayed))?;
    }
    Ok(if replayed.divergence.is_none() { Exit::Done } else { Exit::Failed })
}

fn verdict(id: RunId, Replayed { status, calls, divergence }: &Replayed) -> String {
    let Some(divergence) = divergence else {
        let calls = if *calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
        let end = match status {
            RunStatus::Succeeded | RunStatus::Failed => ", and the same conclusion",
            // It goes on, or somebody ended it: the playbook came to no end of its own.
            _ => ", as far as its journal goes",
        };
        return format!("Run {BOLD}{id}{BOLD:#} replayed: {calls}, each as recorded{end}.\n");
    };
    let [expected, actual] = run_screen::divergence(divergence);
    format!(
        "Run {BOLD}{id}{BOLD:#} {BAD}diverges{BAD:#} at entry {} of its journal:\n  {expected}\n  {actual}\n",
        divergence.at_entry
    )
}

/// Writes a run to a file: it has all that the playbook found.
pub(super) async fn export(id: RunId, file: Option<PathBuf>, host: &Client) -> Result<(), Error> {
    let path = format!("/api/v1/runs/{id}/export");
    let Some(file) = file else {
        if io::stdout().is_terminal() {
            return Err(Error::Usage {
                what: "a journal is not for a terminal".into(),
                next: format!("name a file: `palisade run export {id} run-{id}.jsonl`"),
            });
        }
        return file::print(host, &path).await;
    };
    file::download(host, &path, &file).await?;
    screen::tell(&format!("Run {BOLD}{id}{BOLD:#} is in {}.\n", file.display()));
    Ok(())
}

pub(super) async fn import(file: &Path, host: &Client, context: &Context) -> Result<(), Error> {
    let answer = host.post_journal("/api/v1/runs/import", read(file)?).await?;
    context.show(answer, |NewRun { run }| {
        format!("The run is here as run {BOLD}{run}{BOLD:#}: see `palisade run show {run}`.\n")
    })
}

/// Reads a journal. One byte more than the host takes is enough for the host to say that it is too large.
fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let most = IMPORT_BYTES as u64 + 1;
    let mut journal = Vec::new();
    let read = file::open(file)?.take(most).read_to_end(&mut journal);
    read.map_err(|source| Error::File { what: "read", path: file.to_owned(), source })?;
    Ok(journal)
}

#[cfg(test)]
mod tests {
    use palisade_model::journal::Divergence;

    use super::*;

    fn shown(status: RunStatus, calls: u64, divergence: Option<Divergence>) -> String {
        anstream::adapter::strip_str(&verdict(17, &Replayed { status, calls, divergence })).to_string()
    }

    #[test]
    fn a_replay_says_whether_it_was_the_same() {
        assert_eq!(
            shown(RunStatus::Failed, 23, None),
            "Run 17 replayed: 23 calls, each as recorded, and the same conclusion.\n"
        );
        assert_eq!(
            shown(RunStatus::Cancelled, 1, None),
            "Run 17 replayed: 1 call, each as recorded, as far as its journal goes.\n"
        );
        let (expected, actual) = ("wait for step 1".to_owned(), "ask for the time".to_owned());
        assert_eq!(
            shown(RunStatus::Succeeded, 4, Some(Divergence { at_entry: 9, expected, actual })),
            "Run 17 diverges at entry 9 of its journal:\n  journal   wait for step 1\n  playbook  ask for the time\n"
        );
    }
}
