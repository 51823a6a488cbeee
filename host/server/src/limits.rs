//! Limits of a component besides memory and time.

use bytesize::ByteSize;
use solti_metrics_host::limits::Limits;

/// What a component may use besides memory and time. A limit that is not given is the
/// default of [`Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ComponentLimits {
    /// Elements of all tables together: at most [`MOST_TABLE_ELEMENTS`].
    pub table_elements: Option<u32>,
    /// Tables.
    pub tables: Option<u32>,
    /// Linear memories, each of which reserves 4 GiB of address space.
    pub memories: Option<u32>,
    /// Instances of core modules.
    pub instances: Option<u32>,
    /// Open handles: files, streams, and the component's own resources.
    pub handles: Option<u32>,
    /// Open file descriptors: of directories, files and sockets.
    pub descriptors: Option<u32>,
    /// Open streams of files and directory listings.
    pub streams: Option<u32>,
    /// Random bytes that one call may ask for.
    pub random: Option<ByteSize>,
    /// Bytes that one call may make the host copy.
    pub host_call_data: Option<ByteSize>,
}

/// The most elements of tables that may be asked for: 80 MB of them.
pub const MOST_TABLE_ELEMENTS: u32 = 10_000_000;

impl ComponentLimits {
    /// Puts the limits that are given into those of a component.
    pub fn put(&self, limits: &mut Limits) {
        let size = |size: ByteSize| usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
        let put = |limit: &mut usize, given: Option<usize>| *limit = given.unwrap_or(*limit);
        let count = |given: Option<u32>| given.map(|count| count as usize);
        put(&mut limits.table_elements, count(self.table_elements));
        put(&mut limits.tables, count(self.tables));
        put(&mut limits.memories, count(self.memories));
        put(&mut limits.instances, count(self.instances));
        put(&mut limits.handles, count(self.handles));
        put(&mut limits.descriptors, count(self.descriptors));
        put(&mut limits.streams, count(self.streams));
        put(&mut limits.host_call_fuel, self.host_call_data.map(size));
        limits.random = self.random.map_or(limits.random, |size| size.as_u64());
    }
}
