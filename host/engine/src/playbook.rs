//! A loaded playbook, and one run of it.

mod alerts;
mod memory;
mod run_host;

use palisade_contract::playbook::palisade::plugin::{
    actions, clock, log, playbook_descriptor, playbooks, prompts, random, steps, types,
};
use palisade_model::{
    alert::AlertChange,
    journal::LogLevel,
    limits::{LOG_LINE_BYTES, NOTE_BYTES, RUN_TIME},
    plugin::PlaybookManifest,
    prompt::Answers,
};
use wasmtime::{Engine, component::Component};

pub use self::run_host::{AskPrompt, BoxFuture, Halt, RunHost, StartAction, Stop};
use crate::{
    fault::Fault,
    guest::Guest,
    sandbox::{Linked, LoadError, Sandbox},
    versions::PlaybookPre,
    wasi::Wasi,
    wit,
};

/// A playbook, compiled and linked: ready to be run from any thread.
pub struct Playbook {
    name: String,
    engine: Engine,
    pre: PlaybookPre,
    wasi: bool,
}

impl Playbook {
    pub(crate) fn new(
        sandbox: &Sandbox,
        component: &Component,
        manifest: &PlaybookManifest,
    ) -> Result<Self, LoadError> {
        let Linked { pre, wasi, .. } = sandbox.link_playbook(component)?;
        Ok(Self { name: manifest.identity.name.to_string(), engine: sandbox.engine().clone(), pre, wasi })
    }

    /// Runs the playbook in an instance of its own. Returns its own word on how it ended.
    ///
    /// # Errors
    ///
    /// [`Halt::Aside`] if its host set it aside; [`Halt::Fault`] if it broke, was stopped by its host, or took longer than
    /// [`RUN_TIME`].
    pub async fn run(&self, host: Box<dyn RunHost>) -> Result<Result<String, String>, Halt> {
        let wasi = self.wasi.then(|| Wasi::of_playbook(Some(host.alert())));
        let mut store = Guest::store(&self.engine, wasi, PlaybookHost::new(Some(host)));
        let result = tokio::time::timeout(RUN_TIME, self.pre.run(&mut store)).await;
        let words = |text: String| wit::line(text, NOTE_BYTES);
        let fault = match result {
            Ok(Ok(answer)) => return Ok(answer.map(words).map_err(words)),
            Ok(Err(error)) => match error.downcast_ref::<Stop>() {
                Some(Stop::Aside) => return Err(Halt::Aside),
                Some(Stop::Broken(why)) => Fault::because(&self.name, why),
                None => Fault::new(&self.name, &error).after(store.data().host.last_error.as_deref()),
            },
            Err(_) => Fault::because(&self.name, format!("it did not end within {} s", RUN_TIME.as_secs())),
        };
        Err(Halt::Fault(fault))
    }
}

/// The host's side of a playbook's imports, for one run.
pub(crate) struct PlaybookHost {
    /// The run; none while the playbook describes itself.
    run: Option<Box<dyn RunHost>>,
    /// The last line that was logged as an error: after a panic, its message.
    last_error: Option<String>,
}

impl PlaybookHost {
    pub(crate) fn new(run: Option<Box<dyn RunHost>>) -> Self {
        Self { run, last_error: None }
    }

    fn run(&mut self) -> wasmtime::Result<&mut dyn RunHost> {
        match &mut self.run {
            Some(run) => Ok(run.as_mut()),
            None => Err(wasmtime::Error::msg("a plugin that describes itself can reach nothing")),
        }
    }

    fn change(&mut self, change: AlertChange) -> wasmtime::Result<()> {
        Ok(self.run()?.change(change)?)
    }
}

impl types::Host for Guest<PlaybookHost> {}

impl playbook_descriptor::Host for Guest<PlaybookHost> {}

impl log::Host for Guest<PlaybookHost> {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let (level, message) = (wit::level(level), wit::line(message, LOG_LINE_BYTES));
        if level == LogLevel::Error {
            self.host.last_error = Some(message.clone());
        }
        Ok(self.host.run()?.log(level, message)?)
    }
}

impl clock::Host for Guest<PlaybookHost> {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.host.run()?.now()?)
    }
}

impl random::Host for Guest<PlaybookHost> {
    async fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(self.host.run()?.random(count)?)
    }
}

impl steps::Host for Guest<PlaybookHost> {
    async fn wait(&mut self, id: u32) -> wasmtime::Result<Result<types::Report, types::Failure>> {
        let run = self.host.run()?;
        run.wait(vec![id], None).await?;
        Ok(wit::action_result(run.result(id)?))
    }

    async fn wait_any(&mut self, ids: Vec<u32>) -> wasmtime::Result<u32> {
        if ids.is_empty() {
            return Err(wasmtime::Error::msg("it waits for any of no steps: that would never end"));
        }
        let first = self.host.run()?.wait(ids, None).await?;
        first.ok_or_else(|| wasmtime::Error::msg("a wait without a deadline ended without a step"))
    }

    async fn wait_until(&mut self, ids: Vec<u32>, deadline: u64) -> wasmtime::Result<Option<u32>> {
        Ok(self.host.run()?.wait(ids, Some(deadline)).await?)
    }
}

impl actions::Host for Guest<PlaybookHost> {
    async fn start(&mut self, request: actions::Request) -> wasmtime::Result<u32> {
        let action = StartAction {
            connector: request.connector,
            action: request.action,
            asset: request.asset,
            parameters: request.parameters,
            undo_after_ms: request.undo_after_ms,
        };
        Ok(self.host.run()?.start(action).await?)
    }
}

impl prompts::Host for Guest<PlaybookHost> {
    async fn ask(&mut self, prompt: prompts::Prompt) -> wasmtime::Result<u32> {
        let prompt = AskPrompt {
            to: prompt.to,
            question: prompt.question,
            answer: match prompt.answer {
                prompts::Answer::Choice(choices) => Answers::Choice { choices },
                prompts::Answer::Text => Answers::Text,
                prompts::Answer::Number((least, most)) => Answers::Number { least, most },
            },
            time_limit_ms: prompt.time_limit_ms,
            default: prompt.default,
        };
        Ok(self.host.run()?.ask(prompt).await?)
    }
}

impl playbooks::Host for Guest<PlaybookHost> {
    async fn start(&mut self, name: String) -> wasmtime::Result<u32> {
        Ok(self.host.run()?.start_playbook(name).await?)
    }
}
