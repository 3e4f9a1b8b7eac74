//! The command line: its doc comments are the help.

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    commands::{
        alert::AlertCommand,
        asset::AssetCommand,
        audit::AuditCommand,
        doctor::Doctor,
        inbox::{Inbox, answer::Answer, consent::Consent},
        list::ListCommand,
        playbook::PlaybookCommand,
        plugin::PluginCommand,
        policy::PolicyCommand,
        run::RunCommand,
        safe_mode::SafeModeCommand,
        serve::Serve,
        trust::TrustCommand,
        user::UserCommand,
    },
    exit,
};

/// Handles security alerts with playbooks that run in a sandbox.
///
/// `palisade serve` is the host. Every other command talks to it.
#[derive(Parser)]
#[command(version, after_long_help = exit::HELP)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// Directory where the host keeps its data [default: palisade in the user's data directory]
    #[arg(long, global = true, env = "PALISADE_DATA", value_name = "DIR", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,
    /// Where the host is [default: the host that uses the data directory, else http://127.0.0.1:7300]
    ///
    /// The token is read from PALISADE_TOKEN, else from `admin.token` in the data directory.
    #[arg(long, global = true, env = "PALISADE_URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the host: receive alerts, run playbooks, answer the other commands
    Serve(Serve),
    /// Build, install and look at plugins: connectors and playbooks
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Configure the systems that connectors act on
    #[command(subcommand)]
    Asset(AssetCommand),
    /// List playbooks, and run one by hand
    #[command(subcommand)]
    Playbook(PlaybookCommand),
    /// Look at alerts, and send one
    #[command(subcommand)]
    Alert(AlertCommand),
    /// See what playbooks did, follow one at work, stop it, let it go on
    #[command(subcommand)]
    Run(RunCommand),
    /// See what waits for a person: questions, actions that need consent, escalated alerts, actions in doubt
    Inbox(Inbox),
    /// Answer a question of a playbook
    Answer(Answer),
    /// Consent to an action that the policy lets happen only with that
    Approve(Consent),
    /// Refuse an action that the policy lets happen only with consent
    Deny(Consent),
    /// Keep custom lists: an access list, people who need care, repeat offenders
    #[command(subcommand)]
    List(ListCommand),
    /// See which policy holds, and what it would say of an action
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Have the host only plan what would change something, or see whether it does
    SafeMode(SafeModeCommand),
    /// See who did what, and check that nothing of it was changed
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Say whose plugins are trusted: the keys that sign them
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Give people tokens of their own, with roles
    #[command(subcommand)]
    User(UserCommand),
    /// Check that everything a host needs is in order
    Doctor(Doctor),
    /// Compile a component to machine code: the host runs this in a process of its own
    #[command(hide = true)]
    CompileComponent {
        /// For a component that is only looked at or tried: slower code, sooner
        #[arg(long)]
        trial: bool,
        /// The component
        input: PathBuf,
        /// The machine code
        output: PathBuf,
    },
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::CommandLine::command().debug_assert();
    }
}
