//! The pool of slots for tasks.

use crate::limits::Limits;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Number of memories for which address space is always available: 64 TiB.
const MEMORIES: u32 = 16_384;

/// Slots for tasks that a runner reserves when it is built. With a pool, the start of a task takes
/// no memory from the system, and its end returns none.
///
/// A slot is address space, and no memory until it is used: about 4 GiB for each task. A component
/// whose initial size exceeds a slot takes its memory from the system instead. A task that finds
/// all slots in use fails to start: [`SpawnError::NoSlot`](super::SpawnError::NoSlot).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// Maximum number of concurrent tasks.
    pub tasks: u32,
    /// Maximum bytes of one linear memory, even if a task's limits are higher.
    pub memory: usize,
    /// Maximum elements of one table, even if a task's limits are higher.
    pub table_elements: usize,
}

impl Pool {
    /// Slots for this number of tasks with the default limits.
    #[must_use]
    pub const fn new(tasks: u32) -> Self {
        Self {
            tasks,
            memory: 256 << 20,
            table_elements: 20_000,
        }
    }

    /// Sets the maximum bytes of one linear memory. Default: 256 MiB.
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the maximum elements of one table. Default: 20,000.
    #[must_use]
    pub const fn table_elements(mut self, elements: usize) -> Self {
        self.table_elements = elements;
        self
    }

    /// Lowers the limits of a task to those of its slot.
    pub(super) fn bound(&self, limits: &mut Limits) {
        limits.memory = limits.memory.min(self.memory);
        limits.table_elements = limits.table_elements.min(self.table_elements);
    }

    pub(super) fn configure(&self, config: &mut Config) {
        let tasks = self.tasks.max(1);
        let each = |most: u32| tasks.saturating_mul(most);
        let mut pool = PoolingAllocationConfig::new();
        // The default limits of all tasks, added up. Memories take most of the address space, which
        // ends at 32,768 of them. With more tasks than that allows, tasks with several memories
        // share the memories that other tasks do not use.
        pool.total_component_instances(tasks)
            .total_core_instances(each(1_000))
            .total_memories(each(16).min(MEMORIES.max(tasks.saturating_add(15))))
            .total_tables(each(64).min(each(4).saturating_add(1_000)))
            .total_stacks(tasks)
            .max_core_instances_per_component(1_000)
            .max_memories_per_component(16)
            .max_tables_per_component(64)
            .max_memories_per_module(16)
            .max_tables_per_module(64)
            .max_memory_size(self.memory)
            .table_elements(self.table_elements);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
}
