//! What every instance has: its limits, the clock that interrupts it, and Wasi if it imports that.

use std::time::Duration;

use palisade_model::limits::{
    PLUGIN_COMPUTE_TIME, PLUGIN_MEMORY_BYTES, PLUGIN_TABLE_ELEMENTS, PLUGIN_VALUE_BYTES,
};
use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline, component::Component};
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::{sandbox::ticks, wasi::Wasi};

/// The data of a store: what bounds the guest, and the host's side of its imports.
pub(crate) struct Guest<H> {
    limits: Limits,
    wasi: Option<Box<Wasi>>,
    pub(crate) host: H,
}

/// Which limit a guest ran into. Carried through wasmtime as the error of the trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Excess {
    #[error("it asked for {} MiB of memory; at most {} MiB are allowed", .0.div_ceil(1 << 20), PLUGIN_MEMORY_BYTES >> 20)]
    Memory(usize),
    #[error("it asked for a table of {0} elements; at most {PLUGIN_TABLE_ELEMENTS} are allowed")]
    Table(usize),
    #[error("it computed for more than {} s without an end", PLUGIN_COMPUTE_TIME.as_secs())]
    Compute,
}

impl<H: Send + 'static> Guest<H> {
    /// A store for one call, with Wasi if the component imports it.
    pub(crate) fn store(engine: &Engine, wasi: Option<Wasi>, host: H) -> Store<Self> {
        Self::store_with_budget(engine, wasi, host, PLUGIN_COMPUTE_TIME)
    }

    /// A store whose guest may compute this long, host waits not counted.
    pub(crate) fn store_with_budget(
        engine: &Engine,
        wasi: Option<Wasi>,
        host: H,
        compute: Duration,
    ) -> Store<Self> {
        let wasi = wasi.map(Box::new);
        let limits = Limits { memory_bytes: 0 };
        let mut store = Store::new(engine, Self { limits, wasi, host });
        store.limiter(|guest| &mut guest.limits);
        store.set_hostcall_fuel(PLUGIN_VALUE_BYTES);
        // A deadline counts wall clock, waiting in the host included. So the deadline is one tick, ticks are counted
        // here, and a wait costs one of them however long it lasts.
        let mut ticks_left = ticks(compute);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| match ticks_left.checked_sub(1) {
            Some(left) => {
                ticks_left = left;
                Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
            }
            None => Err(Excess::Compute.into()),
        });
        store
    }
}

impl<H> Guest<H> {
    /// Bytes of linear memory that the instance has, over all its memories. They only grow.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.limits.memory_bytes
    }
}

/// Whether a component imports anything of Wasi.
pub(crate) fn imports_wasi(component: &Component, engine: &Engine) -> bool {
    component.component_type().imports(engine).any(|(name, _)| name.starts_with("wasi:"))
}

impl<H: Send + 'static> WasiView for Guest<H> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.as_mut();
        wasi.expect("Wasi is linked only for components that import it, and they get it").view()
    }
}

/// Bounds on what an instance allocates, over all its memories together. A refusal is a trap that names the size: a
/// guest that got -1 from `memory.grow` would only die of `unreachable`.
struct Limits {
    memory_bytes: usize,
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory_bytes - current.min(self.memory_bytes) + desired;
        if total > PLUGIN_MEMORY_BYTES {
            return Err(Excess::Memory(total).into());
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > PLUGIN_TABLE_ELEMENTS { Err(Excess::Table(desired).into()) } else { Ok(true) }
    }
}
