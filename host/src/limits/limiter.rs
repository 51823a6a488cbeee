//! The limiter of a store: memory, tables and instances.

#[cfg(feature = "runner")]
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use wasmtime::{ResourceLimiter, Store};

use super::{GuestTrap, Limit, Limits};

/// Bytes of a table element: a pointer.
const ELEMENT: usize = size_of::<usize>();

/// Counts memory and tables over the whole store. wasmtime's own `StoreLimits` checks each memory
/// alone, so that it accepts forty memories of the maximum size; and wasmtime has no limit on the
/// data of instances.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory: LimitedSum,
    table_elements: LimitedSum,
    memories: usize,
    tables: usize,
    instances: usize,
    denied: Option<Limit>,
    /// Shared peak of memory, which other threads read.
    #[cfg(feature = "runner")]
    peak: Option<Arc<AtomicU64>>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory: LimitedSum::new(limits.memory),
            table_elements: LimitedSum::new(limits.table_elements),
            memories: limits.memories,
            tables: limits.tables,
            instances: limits.instances,
            denied: None,
            #[cfg(feature = "runner")]
            peak: None,
        }
    }

    /// Counts the data of all instances, before any instance is made.
    ///
    /// # Errors
    ///
    /// When the data exceeds the limit on memory; the error contains the size.
    pub(crate) fn reserve_instances(&mut self, bytes: u64) -> Result<(), GuestTrap> {
        let granted = usize::try_from(bytes).is_ok_and(|bytes| self.memory.grow(0, bytes));
        self.note_peak();
        if granted {
            return Ok(());
        }
        self.denied = Some(Limit::Memory);
        Err(GuestTrap {
            message: format!(
                "the data of its instances takes {bytes} bytes, and the limit is {}",
                self.memory.limit
            ),
            backtrace: String::new(),
        })
    }

    /// The limit that refused the guest's last request. A guest that continued and was granted a
    /// later request did not fail because of the limit.
    pub(crate) fn denied(&self) -> Option<Limit> {
        self.denied
    }

    /// Notes that another limit refused the guest's request, or granted it.
    pub(crate) fn note(&mut self, denied: Option<Limit>) {
        self.denied = denied;
    }

    /// Memory in use, in bytes.
    #[cfg(feature = "provider")]
    pub(crate) fn memory(&self) -> usize {
        self.memory.used
    }

    /// Peak of the memory in use, in bytes.
    #[cfg(feature = "runner")]
    pub(crate) fn peak_memory(&self) -> usize {
        self.memory.peak
    }

    fn note_peak(&self) {
        #[cfg(feature = "runner")]
        if let Some(peak) = &self.peak {
            // No other value depends on the peak. The end of the run orders it for readers.
            peak.fetch_max(self.memory.peak as u64, Ordering::Relaxed);
        }
    }

    /// Also writes the peak of the memory in use, in bytes, to a shared value, which can be higher.
    #[cfg(feature = "runner")]
    pub(crate) fn note_peak_memory(&mut self, peak: &Arc<AtomicU64>) {
        self.peak = Some(Arc::clone(peak));
    }
}

/// Applies a store's limits: those of its limiter, the data of a call, and handles of any kind. It
/// also makes guests yield the thread at every tick.
pub(crate) fn bound<T: 'static>(
    store: &mut Store<T>,
    limits: &Limits,
    limiter: fn(&mut T) -> &mut Limiter,
) {
    store.limiter(move |data| limiter(data));
    store.set_hostcall_fuel(limits.host_call_data);
    store.set_max_component_handles(limits.handles);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
}

/// A sum that must not exceed its limit.
#[derive(Debug)]
struct LimitedSum {
    used: usize,
    peak: usize,
    limit: usize,
    /// Last granted amount, which is returned if it could not be used.
    granted: usize,
}

impl LimitedSum {
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
        self.note_peak();
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
        let bytes = |elements: usize| elements.saturating_mul(ELEMENT);
        self.denied = if !self.memory.grow(bytes(current), bytes(desired)) {
            Some(Limit::Memory)
        } else if !self.table_elements.grow(current, desired) {
            self.memory.give_back();
            Some(Limit::TableElements)
        } else {
            None
        };
        self.note_peak();
        Ok(self.denied.is_none())
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.table_elements.give_back();
        self.memory.give_back();
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
        let mut account = LimitedSum::new(100);
        assert!(account.grow(0, 60));
        assert!(!account.grow(0, 60));
        assert!(account.grow(0, 40));
        assert_eq!(account.peak, 100);
    }

    #[test]
    fn elements_and_the_data_of_instances_are_memory() -> wasmtime::Result<()> {
        let mut limiter = Limiter::new(&Limits {
            memory: 100 * ELEMENT,
            table_elements: 80,
            ..Limits::default()
        });
        assert!(limiter.reserve_instances(10 * ELEMENT as u64).is_ok());
        assert!(!limiter.table_growing(0, 81, None)?);
        assert_eq!(limiter.denied(), Some(Limit::TableElements));
        assert!(limiter.table_growing(0, 80, None)?);
        assert_eq!(limiter.memory.used, 90 * ELEMENT);
        assert!(!limiter.memory_growing(0, 11 * ELEMENT, None)?);
        assert_eq!(limiter.denied(), Some(Limit::Memory));
        assert!(limiter.reserve_instances(u64::MAX).is_err());
        Ok(())
    }

    #[test]
    fn elements_that_were_not_made_are_given_back() -> wasmtime::Result<()> {
        let mut limiter = Limiter::new(&Limits::default());
        assert!(limiter.table_growing(0, 80, None)?);
        limiter.table_grow_failed(wasmtime::format_err!("no space is left"))?;
        assert_eq!((limiter.memory.used, limiter.table_elements.used), (0, 0));
        Ok(())
    }

    #[test]
    fn a_growth_that_failed_is_given_back() {
        let mut account = LimitedSum::new(100);
        assert!(account.grow(0, 80));
        account.give_back();
        assert!(account.grow(0, 100));
    }

    #[test]
    fn a_denied_growth_gives_nothing_back() {
        let mut account = LimitedSum::new(100);
        assert!(account.grow(0, 80));
        assert!(!account.grow(80, 200));
        account.give_back();
        assert_eq!(account.used, 80);
    }
}
