//! The engine of wasmtime with everything that is set up once.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use palisade_contract::connector::ConnectorPre;
use palisade_model::{
    limits::{
        ACTIONS_AT_ONCE, EPOCH_TICK, INSPECTIONS_AT_ONCE, PLUGIN_MEMORY_BYTES, PLUGIN_STACK_BYTES,
        PLUGIN_TABLE_ELEMENTS, RUNS_AT_ONCE,
    },
    plugin::{ConnectorManifest, Digest, Manifest, PlaybookManifest},
};
use semver::Version;
use tokio::sync::Semaphore;
use wasmtime::{
    Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Component, InstancePre, Linker},
};

use crate::{
    artefacts::{ArtefactError, Artefacts},
    compile::{self, CompileError, Purpose},
    connector::{Connector, ConnectorHost},
    describe,
    fault::Fault,
    guest::{Guest, imports_wasi},
    manifest::ManifestError,
    playbook::{Playbook, PlaybookHost},
    schema::SchemaError,
    shelf::{Cache, Compiled, Shelf},
    versions::{self, PlaybookPre, World},
    wasi,
};

/// Instances alive at once: every run and every action at work, and those that are asked to describe themselves.
const INSTANCES: u32 = (RUNS_AT_ONCE + ACTIONS_AT_ONCE + INSPECTIONS_AT_ONCE) as u32;

/// Core instances, memories and tables of one component. A Rust guest has one to three of each; CPython and QuickJS
/// guests bring adapters and need up to about 20.
const PARTS_PER_COMPONENT: u32 = 32;

/// Bytes of an instance's memory that stay mapped when its slot is given back. First-party plugins touch less than
/// this, so that a call of one causes neither page faults nor `madvise` after the first; see `docs/performance.md`.
const KEEP_RESIDENT_BYTES: usize = 256 * 1024;

/// How to build a [`Sandbox`].
pub struct SandboxOptions {
    /// Where compiled code is found again. Nobody but the user who runs this process may write there.
    pub cache: Cache,
    /// The program that compiles: called with `compile-component [--trial] IN OUT`, it calls [`crate::compile_in_this_process`].
    pub compiler: PathBuf,
    /// Where instances live.
    pub allocation: Allocation,
}

/// Where instances live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// In slots mapped once: the fast way. Falls back to [`Self::OnDemand`] where the address space cannot be had.
    Pooled,
    /// Mapped for each instance.
    OnDemand,
}

/// The engine, its linkers and its cache; one for the process.
pub struct Sandbox {
    engine: Engine,
    allocation: Allocation,
    shelf: Arc<Shelf>,
    compiler: PathBuf,
    linkers: Linkers,
    ticker: Arc<AtomicBool>,
    inspections: Semaphore,
}

/// One linker per world, with and without Wasi. Only a component that imports Wasi pays for its context.
struct Linkers {
    connector: Linker<Guest<ConnectorHost>>,
    connector_with_wasi: Linker<Guest<ConnectorHost>>,
    describing_with_wasi: Linker<Guest<ConnectorHost>>,
    playbook: Linker<Guest<PlaybookHost>>,
    playbook_with_wasi: Linker<Guest<PlaybookHost>>,
}

/// A component that was linked.
pub(crate) struct Linked<P> {
    /// Ready to be instantiated.
    pub(crate) pre: P,
    /// Whether it gets Wasi.
    pub(crate) wasi: bool,
    /// Version of the contract that it was built for.
    pub(crate) contract: Option<String>,
}

/// Why a sandbox could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// wasmtime refuses this machine or configuration.
    #[error("the WebAssembly engine cannot be set up on this machine")]
    Engine(#[source] Fault),
    /// The cache directory cannot be used.
    #[error("the cache of compiled plugins cannot be used")]
    Cache(#[source] ArtefactError),
    /// The clock that interrupts plugins cannot be started.
    #[error("cannot start the thread that interrupts plugins")]
    Ticker(#[source] std::io::Error),
}

/// Why a component could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its artefact is gone although it is in use: something else than the host removes them.
    #[error("the compiled code of plugin {0} was removed by something else than the host: try again")]
    NotCompiled(Digest),
    /// The artefact is damaged.
    #[error("the compiled plugin cannot be loaded")]
    Artefact(#[from] ArtefactError),
    /// It is neither a connector nor a playbook of this host.
    #[error("{0}")]
    World(String),
    /// It broke while it was asked to describe itself.
    #[error("the plugin broke while describing itself")]
    Describe(#[source] Fault),
    /// What it says of itself is not acceptable.
    #[error("what the plugin says of itself is not acceptable")]
    Manifest(#[from] ManifestError),
    /// A schema in its manifest is not acceptable.
    #[error("a schema of the plugin is not acceptable")]
    Schema(#[from] SchemaError),
}

impl Sandbox {
    /// Sets up the engine, tries the pool, and starts the clock that interrupts plugins.
    ///
    /// # Errors
    ///
    /// See [`SetupError`].
    pub fn new(options: SandboxOptions) -> Result<Arc<Self>, SetupError> {
        let setup = |error| SetupError::Engine(Fault::new("engine", &error));
        let (engine, allocation) = match options.allocation {
            Allocation::OnDemand => (Engine::new(&config()).map_err(setup)?, Allocation::OnDemand),
            Allocation::Pooled => match Engine::new(&pooled(config())) {
                Ok(engine) => (engine, Allocation::Pooled),
                Err(error) => {
                    tracing::warn!(%error, "No address space for the instance pool; instances are mapped one by one.");
                    (Engine::new(&config()).map_err(setup)?, Allocation::OnDemand)
                }
            },
        };
        let linkers = Linkers::new(&engine).map_err(setup)?;
        let (directory, is_shared) = match options.cache {
            Cache::Own(directory) => (directory, false),
            Cache::Shared(directory) => (directory, true),
        };
        let artefacts = Artefacts::open(directory, &engine).map_err(SetupError::Cache)?;
        let shelf = Arc::new(Shelf::new(artefacts, is_shared));
        let ticker = start_ticker(engine.weak()).map_err(SetupError::Ticker)?;
        let inspections = Semaphore::new(INSPECTIONS_AT_ONCE);
        let compiler = options.compiler;
        Ok(Arc::new(Self { engine, allocation, shelf, compiler, linkers, ticker, inspections }))
    }

    /// Where instances really live.
    pub fn allocation(&self) -> Allocation {
        self.allocation
    }

    /// Compiles a component in a child process. Does nothing if its code is there already; who asks while it is being compiled
    /// waits for that.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub async fn compile(&self, component: &[u8]) -> Result<Compiled, CompileError> {
        self.compile_for(Purpose::Work, component).await
    }

    /// The same for a component that is only looked at or tried, in less than half the time: its code is slower.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub async fn compile_for_trial(&self, component: &[u8]) -> Result<Compiled, CompileError> {
        self.compile_for(Purpose::Trial, component).await
    }

    async fn compile_for(&self, purpose: Purpose, component: &[u8]) -> Result<Compiled, CompileError> {
        let compiled = self.shelf.take(&compile::check(component)?);
        let turn = compiled.turn();
        let _turn = turn.lock().await;
        let _permit = self.inspections.acquire().await;
        let artefacts = self.shelf.artefacts();
        compile::compile(&self.compiler, artefacts, compiled.digest(), component, purpose).await?;
        Ok(compiled)
    }

    /// The code of a component, if it is there as a whole, for this engine.
    pub fn compiled(&self, component: &Digest) -> Option<Compiled> {
        let compiled = self.shelf.take(component);
        self.shelf.artefacts().holds(component).then_some(compiled)
    }

    /// Asks a compiled component what it is, in an instance that can reach nothing, and checks what it says.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub async fn describe(&self, compiled: &Compiled) -> Result<Manifest, LoadError> {
        let _permit = self.inspections.acquire().await;
        describe::describe(self, &self.component(compiled)?).await
    }

    /// Loads a compiled connector, ready to be called.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn connector(
        &self,
        compiled: &Compiled,
        manifest: &ConnectorManifest,
    ) -> Result<Connector, LoadError> {
        Connector::new(self, &self.component(compiled)?, manifest)
    }

    /// Loads a compiled playbook, ready to be run.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn playbook(&self, compiled: &Compiled, manifest: &PlaybookManifest) -> Result<Playbook, LoadError> {
        Playbook::new(self, &self.component(compiled)?, manifest)
    }

    /// Keeps the code of a removed plugin no more; see [`Compiled::keep`]. What is loaded of it works on.
    pub fn forget(&self, component: &Digest) {
        self.shelf.forget(component);
    }

    /// Keeps the code of these components, and removes whatever else earlier processes have left, unless they may be there
    /// still. Before anything is compiled.
    ///
    /// # Errors
    ///
    /// When something cannot be deleted.
    pub fn keep_only(&self, components: impl IntoIterator<Item = Digest>) -> Result<(), LoadError> {
        Ok(self.shelf.keep_only(components)?)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Links a component as a connector.
    pub(crate) fn link_connector(
        &self,
        component: &Component,
    ) -> Result<Linked<ConnectorPre<Guest<ConnectorHost>>>, LoadError> {
        self.link_as_connector(component, &self.linkers.connector_with_wasi)
    }

    /// Links a component as a connector that only says what it is: with a clock that stands still.
    pub(crate) fn link_describing(
        &self,
        component: &Component,
    ) -> Result<Linked<ConnectorPre<Guest<ConnectorHost>>>, LoadError> {
        self.link_as_connector(component, &self.linkers.describing_with_wasi)
    }

    fn link_as_connector(
        &self,
        component: &Component,
        with_wasi: &Linker<Guest<ConnectorHost>>,
    ) -> Result<Linked<ConnectorPre<Guest<ConnectorHost>>>, LoadError> {
        let linkers = [&self.linkers.connector, with_wasi];
        self.link(component, &versions::CONNECTOR, linkers, |pre, _| ConnectorPre::new(pre))
    }

    /// Links a component as a playbook.
    pub(crate) fn link_playbook(&self, component: &Component) -> Result<Linked<PlaybookPre>, LoadError> {
        let Linkers { playbook, playbook_with_wasi, .. } = &self.linkers;
        self.link(component, &versions::PLAYBOOK, [playbook, playbook_with_wasi], PlaybookPre::new)
    }

    fn link<T: 'static, P>(
        &self,
        component: &Component,
        world: &World,
        [plain, with_wasi]: [&Linker<T>; 2],
        typed: impl FnOnce(InstancePre<T>, Option<&Version>) -> wasmtime::Result<P>,
    ) -> Result<Linked<P>, LoadError> {
        let contract = versions::check(component, &self.engine, world)
            .map_err(|foreign| LoadError::World(foreign.to_string()))?;
        let wasi = imports_wasi(component, &self.engine);
        let linker = if wasi { with_wasi } else { plain };
        let pre = linker.instantiate_pre(component).and_then(|pre| typed(pre, contract.as_ref()));
        let pre = pre
            .map_err(|error| LoadError::World(format!("it is no {} for this host: {error:#}", world.name)))?;
        Ok(Linked { pre, wasi, contract: contract.map(|version| version.to_string()) })
    }

    fn component(&self, compiled: &Compiled) -> Result<Component, LoadError> {
        let digest = compiled.digest();
        let loaded = self.shelf.artefacts().load(&self.engine, digest)?;
        loaded.ok_or_else(|| LoadError::NotCompiled(digest.clone()))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.ticker.store(false, Ordering::Relaxed);
    }
}

impl Linkers {
    fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut connector = Linker::new(engine);
        versions::link_connectors(&mut connector)?;
        let mut connector_with_wasi = connector.clone();
        wasi::link_for_connectors(&mut connector_with_wasi)?;
        let mut describing_with_wasi = connector.clone();
        wasi::link_with_still_clock(&mut describing_with_wasi)?;

        let mut playbook = Linker::new(engine);
        versions::link_playbooks(&mut playbook)?;
        let mut playbook_with_wasi = playbook.clone();
        wasi::link_with_still_clock(&mut playbook_with_wasi)?;
        Ok(Self { connector, connector_with_wasi, describing_with_wasi, playbook, playbook_with_wasi })
    }
}

/// What the compiler and the runtime must agree on: an artefact made under another configuration is not loaded.
///
/// Playbooks need canonical NaNs and deterministic relaxed SIMD to replay exactly. Connectors get them too: one
/// configuration means one engine, one cache and one pool, and connectors do not compute with floats.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .epoch_interruption(true)
        .max_wasm_stack(PLUGIN_STACK_BYTES)
        // The host's own frames run on the same fiber: as much again, and some more for the deepest of them.
        .async_stack_size(2 * PLUGIN_STACK_BYTES + 512 * 1024)
        .memory_init_cow(true);
    config
}

pub(crate) fn pooled(mut config: Config) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES)
        .total_core_instances(4 * INSTANCES)
        .total_memories(2 * INSTANCES)
        .total_tables(4 * INSTANCES)
        .total_stacks(INSTANCES)
        .max_core_instances_per_component(PARTS_PER_COMPONENT)
        .max_memories_per_component(PARTS_PER_COMPONENT)
        .max_tables_per_component(PARTS_PER_COMPONENT)
        .max_component_instance_size(4 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .max_memory_size(PLUGIN_MEMORY_BYTES)
        .table_elements(PLUGIN_TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(64 * 1024)
        .max_unused_warm_slots(64);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Advances the epoch every [`EPOCH_TICK`] until the sandbox is dropped. A thread and not a task: a plugin that spins
/// can hold the very worker that would run the timer.
fn start_ticker(engine: EngineWeak) -> std::io::Result<Arc<AtomicBool>> {
    let running = Arc::new(AtomicBool::new(true));
    let go_on = Arc::clone(&running);
    std::thread::Builder::new().name("plugin-ticker".into()).spawn(move || {
        while go_on.load(Ordering::Relaxed) {
            std::thread::sleep(EPOCH_TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(running)
}

/// Ticks of the epoch in this time.
pub(crate) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis() / EPOCH_TICK.as_millis()).unwrap_or(u64::MAX)
}
