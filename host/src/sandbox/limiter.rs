#[cfg(feature = "runner")]
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use wasmtime::{ResourceLimiter, Store};

use super::{Limit, Limits};

/// Counts memory and tables over the whole store. wasmtime's own
/// `StoreLimits` looks at each memory alone, so that forty memories of the
/// permitted size pass it.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory: Account,
    table_elements: Account,
    memories: usize,
    tables: usize,
    instances: usize,
    denied: Option<Limit>,
    /// Where others see the most memory that there was.
    #[cfg(feature = "runner")]
    peak: Option<Arc<AtomicU64>>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory: Account::new(limits.memory),
            table_elements: Account::new(limits.table_elements),
            memories: limits.memories,
            tables: limits.tables,
            instances: limits.instances,
            denied: None,
            #[cfg(feature = "runner")]
            peak: None,
        }
    }

    /// The limit that has refused the guest what it asked for last. A guest that
    /// went on and was granted something since did not die of it.
    pub(crate) fn denied(&self) -> Option<Limit> {
        self.denied
    }

    /// Another limit has refused the guest something, or granted it.
    pub(crate) fn note(&mut self, denied: Option<Limit>) {
        self.denied = denied;
    }

    /// The memory that is in use, in bytes.
    #[cfg(feature = "provider")]
    pub(crate) fn memory(&self) -> usize {
        self.memory.used
    }

    /// The most memory that was in use at a time, in bytes.
    #[cfg(feature = "runner")]
    pub(crate) fn peak_memory(&self) -> usize {
        self.memory.peak
    }

    /// Keeps the most memory that is in use at a time, in bytes, there as well, where
    /// others may have more.
    #[cfg(feature = "runner")]
    pub(crate) fn note_peak_memory(&mut self, peak: &Arc<AtomicU64>) {
        self.peak = Some(Arc::clone(peak));
    }
}

/// Puts a store's limits in place: those of its limiter, the data of a call, and
/// that whatever runs in it lets go of the thread at every tick.
pub(crate) fn bound<T: 'static>(
    store: &mut Store<T>,
    limits: &Limits,
    limiter: fn(&mut T) -> &mut Limiter,
) {
    store.limiter(move |data| limiter(data));
    store.set_hostcall_fuel(limits.host_call_fuel);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
}

/// A sum that must not exceed its limit.
#[derive(Debug)]
struct Account {
    used: usize,
    peak: usize,
    limit: usize,
    /// What was granted last, to be given back if it could not be used.
    granted: usize,
}

impl Account {
    fn new(limit: usize) -> Self {
        Self {
            used: 0,
            peak: 0,
            limit,
            granted: 0,
        }
    }

    fn grow(&mut self, current: usize, desired: usize) -> bool {
        let more = desired.saturating_sub(current);
        match self.used.checked_add(more) {
            Some(used) if used <= self.limit => {
                self.used = used;
                self.peak = self.peak.max(used);
                self.granted = more;
                true
            }
            _ => {
                self.granted = 0;
                false
            }
        }
    }

    fn give_back(&mut self) {
        self.used = self.used.saturating_sub(self.granted);
        self.granted = 0;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = self.memory.grow(current, desired);
        self.denied = (!granted).then_some(Limit::Memory);
        #[cfg(feature = "runner")]
        if let Some(peak) = &self.peak {
            peak.fetch_max(self.memory.peak as u64, Ordering::Relaxed);
        }
        Ok(granted)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory.give_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = self.table_elements.grow(current, desired);
        self.denied = (!granted).then_some(Limit::TableElements);
        Ok(granted)
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.table_elements.give_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_memories_share_one_limit() {
        let mut account = Account::new(100);
        assert!(account.grow(0, 60));
        assert!(!account.grow(0, 60));
        assert!(account.grow(0, 40));
        assert_eq!(account.peak, 100);
    }

    #[test]
    fn a_growth_that_failed_is_given_back() {
        let mut account = Account::new(100);
        assert!(account.grow(0, 80));
        account.give_back();
        assert!(account.grow(0, 100));
    }

    #[test]
    fn a_denied_growth_gives_nothing_back() {
        let mut account = Account::new(100);
        assert!(account.grow(0, 80));
        assert!(!account.grow(80, 200));
        account.give_back();
        assert_eq!(account.used, 80);
    }
}
