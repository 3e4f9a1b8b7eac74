//! Wasi 0.2, for components whose language brings it along. It grants nothing, and it tells a playbook nothing that
//! another run on the same alert would not be told.

use std::time::Duration;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use palisade_model::alert::Alert;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::{
    HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
    clocks::{WasiClocksCtxView, WasiClocksView},
    p2::{self, DynPollable, bindings::clocks::monotonic_clock},
};

/// Streams, timers and other things of Wasi that one instance may hold: the host keeps each of them in its own memory.
const HANDLES: usize = 4_096;

/// Bytes that one call for random bytes may ask for: the host allocates them before the guest's own limit can speak.
const RANDOM_BYTES: u64 = 1024 * 1024;

/// Wasi as one instance has it.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl Wasi {
    /// For a connector: its clocks and its randomness are the machine's. A sleep is over when the time has passed, or
    /// when the time limit of its action has.
    pub(crate) fn of_connector() -> Self {
        Self::of(&mut WasiCtx::builder())
    }

    /// For a plugin that describes itself: everything stands still, so that what it says to the operator is what it says
    /// when it is installed.
    pub(crate) fn of_describing() -> Self {
        Self::of_playbook(None)
    }

    /// For a playbook: everything follows from the alert, or from nothing while the playbook describes itself.
    ///
    /// - The wall clock stands still at the time when the host received the alert, or at 1970.
    /// - The monotonic clock stands still too, and every sleep is over at once, see [`StillClock`].
    /// - Randomness is a function of the alert. Whoever knows when the alert came can compute it: it seeds hash maps
    ///   and numbers things, and it is no source of secrets. Playbooks make none.
    ///
    /// A playbook that needs the time, a wait or unpredictable bytes has the contract's own imports for them.
    pub(crate) fn of_playbook(alert: Option<&Alert>) -> Self {
        let (id, received) = alert.map_or((0, 0), |alert| (alert.id, alert.received.as_millisecond()));
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&id.to_le_bytes());
        seed[8..16].copy_from_slice(&received.to_le_bytes());
        let mut random = ChaCha20Rng::from_seed(seed);
        let mut insecure_seed = [0; 16];
        random.fill_bytes(&mut insecure_seed);
        let received = Duration::from_millis(u64::try_from(received).unwrap_or(0));
        Self::of(
            WasiCtx::builder()
                .wall_clock(StoppedAt(received))
                .insecure_random_seed(u128::from_le_bytes(insecure_seed))
                .insecure_random(ChaCha20Rng::from_rng(&mut random))
                .secure_random(random),
        )
    }

    /// Whatever the builder has beside, it has as it begins: no files, no environment, no arguments, no sockets, no
    /// names to look up, an input that is at its end, and outputs that lead nowhere.
    fn of(builder: &mut WasiCtxBuilder) -> Self {
        let ctx = builder.max_random_size(RANDOM_BYTES).build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self { ctx, table }
    }

    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

/// Links Wasi for connectors.
pub(crate) fn link_for_connectors<T: WasiView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)
}

/// Links Wasi for playbooks, and for whoever describes itself: as for connectors, but with a [`StillClock`].
pub(crate) fn link_with_still_clock<T: WasiView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<T, StillClock<'static>>(linker, |guest| StillClock(guest.clocks()))?;
    linker.allow_shadowing(false);
    Ok(())
}

/// A wall clock that always shows this time since 1970.
struct StoppedAt(Duration);

impl HostWallClock for StoppedAt {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// A monotonic clock that stands still. Its timers go off at once: a playbook that could sleep could count how far it
/// gets while a timer runs, and the count is different in every run. One that waits for this clock to move spins until
/// its time to compute is used up.
struct StillClock<'a>(WasiClocksCtxView<'a>);

impl HasData for StillClock<'static> {
    type Data<'a> = StillClock<'a>;
}

impl monotonic_clock::Host for StillClock<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Instant> {
        Ok(0)
    }

    fn resolution(&mut self) -> wasmtime::Result<monotonic_clock::Duration> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _: monotonic_clock::Instant) -> wasmtime::Result<Resource<DynPollable>> {
        self.0.subscribe_duration(0)
    }

    fn subscribe_duration(
        &mut self,
        _: monotonic_clock::Duration,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.0.subscribe_duration(0)
    }
}
