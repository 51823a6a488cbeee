use crate::limits::Limits;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Memories for which there is always address space: 64 TiB.
const MEMORIES: u32 = 16_384;

/// Room for tasks that is set aside when a runner is built, so that starting one
/// takes no memory from the system, and ending one gives none back.
///
/// It is address space, and no memory, until it is used: some 4 GiB for each task.
/// A component that asks for more than this from its beginning takes what it needs
/// from the system instead. A task beyond as many as there is room for is not
/// started: [`SpawnError::NoRoom`](super::SpawnError::NoRoom).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// How many tasks there may be at a time.
    pub tasks: u32,
    /// Bytes that one linear memory may have, whatever a task's limits say.
    pub memory: usize,
    /// Elements that one table may have, whatever a task's limits say.
    pub table_elements: usize,
}

impl Pool {
    /// Room for so many tasks with the default limits.
    #[must_use]
    pub const fn new(tasks: u32) -> Self {
        Self {
            tasks,
            memory: 256 << 20,
            table_elements: 20_000,
        }
    }

    /// Bytes that one linear memory may have. Default: 256 MiB.
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Elements that one table may have. Default: 20,000.
    #[must_use]
    pub const fn table_elements(mut self, elements: usize) -> Self {
        self.table_elements = elements;
        self
    }

    /// Lowers what a task may use to what its place has.
    pub(super) fn bound(&self, limits: &mut Limits) {
        limits.memory = limits.memory.min(self.memory);
        limits.table_elements = limits.table_elements.min(self.table_elements);
    }

    pub(super) fn configure(&self, config: &mut Config) {
        let tasks = self.tasks.max(1);
        let each = |most: u32| tasks.saturating_mul(most);
        let mut pool = PoolingAllocationConfig::new();
        // As many of each as the default limits let every task have. Memories take
        // most of the address space, which ends at 32,768 of them: with so many tasks
        // that there is not so much, those that have several share what others leave.
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
