use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

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

    pub(super) fn configure(&self, config: &mut Config) {
        let tasks = self.tasks.max(1);
        let mut pool = PoolingAllocationConfig::new();
        // Real components have a handful of core instances, one memory and one or
        // two tables; those that have more share what others leave.
        pool.total_component_instances(tasks)
            .total_core_instances(tasks.saturating_mul(8).saturating_add(1_000))
            .total_memories(tasks.saturating_add(15))
            .total_tables(tasks.saturating_mul(3).saturating_add(60))
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
