//! The `palisade` command: the host, and everything a person does with it.
//!
//! `command_line.rs` says what can be asked, `commands/` does it, one file per noun; what a command shows goes through
//! `screen.rs`, what strangers wrote through `printable.rs`, and how it ended through `exit.rs`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answers;
mod audit_screen;
mod capabilities;
mod client;
mod command_line;
mod commands;
mod componentize;
mod context;
mod data;
mod difference_screen;
mod error;
mod exit;
mod file;
mod grants;
mod limits;
mod lock_file;
mod package_screen;
mod page;
mod printable;
mod progress;
mod prompt;
mod run_screen;
mod screen;
mod span;
mod style;
mod time;
mod to_do;

use std::process::ExitCode;

use clap::Parser;
use palisade_engine::Purpose;

use crate::{
    command_line::{Command, CommandLine},
    context::Context,
    error::Error,
    exit::Exit,
};

/// Runs allocate and free much JSON on few threads, which glibc does slowly; the workspace's manifest has the number.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let CommandLine { global, command } = CommandLine::parse();
    anstream::ColorChoice::from(global.color).write_global();
    if let Command::CompileComponent { trial, input, output } = &command {
        return compile_component(input, output, *trial).into();
    }
    let exit = Context::new(global.data, global.url, global.json)
        .and_then(|context| runtime()?.block_on(dispatch(command, &context)));
    exit.unwrap_or_else(|error| {
        screen::tell(&error.screen());
        error.exit()
    })
    .into()
}

async fn dispatch(command: Command, context: &Context) -> Result<Exit, Error> {
    match command {
        Command::Serve(command) => commands::serve::run(command, context).await,
        Command::Plugin(command) => commands::plugin::run(command, context).await,
        Command::Asset(command) => commands::asset::run(command, context).await,
        Command::Playbook(command) => commands::playbook::run(command, context).await,
        Command::Alert(command) => commands::alert::run(command, context).await,
        Command::Run(command) => commands::run::run(command, context).await,
        Command::Inbox(command) => commands::inbox::run(command, context).await,
        Command::Answer(command) => commands::inbox::answer::run(command, context).await,
        Command::Approve(command) => commands::inbox::consent::run(command, true, context).await,
        Command::Deny(command) => commands::inbox::consent::run(command, false, context).await,
        Command::List(command) => commands::list::run(command, context).await,
        Command::Policy(command) => commands::policy::run(command, context).await,
        Command::SafeMode(command) => commands::safe_mode::run(command, context).await,
        Command::Audit(command) => commands::audit::run(command, context).await,
        Command::Trust(command) => commands::trust::run(command, context).await,
        Command::User(command) => commands::user::run(command, context).await,
        Command::Doctor(command) => commands::doctor::run(command, context).await,
        // Done in `main`, before there are threads: it bounds the whole process.
        Command::CompileComponent { trial, input, output } => Ok(compile_component(&input, &output, trial)),
    }
}

fn compile_component(input: &std::path::Path, output: &std::path::Path, trial: bool) -> Exit {
    let purpose = if trial { Purpose::Trial } else { Purpose::Work };
    match palisade_engine::compile_in_this_process(input, output, purpose) {
        Ok(()) => Exit::Done,
        Err(error) => {
            screen::tell(&format!("{error}\n"));
            Exit::Failed
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Runtime::new()
        .map_err(|source| Error::Stream { what: "start the threads of palisade", source })
}
